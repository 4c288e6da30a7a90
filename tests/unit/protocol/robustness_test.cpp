// The robustness table against a session in memory, cut up in many ways: how the bytes arrive must
// change nothing.
#include "common/base/rng.hpp"
#include "tests/support/replies.hpp"
#include "tests/support/robustness_cases.hpp"
#include "tests/support/session_driver.hpp"

#include <gtest/gtest.h>

namespace echotrio::test {
namespace {

protocol::Settings table_settings() {
    protocol::Settings settings;
    settings.model = "test";
    settings.max_request = kTableMaxRequest;
    return settings;
}

class Robustness : public testing::TestWithParam<RobustnessCase> {};

TEST_P(Robustness, AnswersAndConnectionState) {
    const RobustnessCase& c = GetParam();
    const Outcome outcome = converse(c.input, 1 << 30, false, table_settings());
    if (c.statuses.empty()) {
        EXPECT_EQ(outcome.output, c.input);
    } else {
        ASSERT_EQ(statuses_of(outcome.output), c.statuses) << outcome.output;
    }
    EXPECT_EQ(outcome.closed || outcome.shut_down, c.closes);
}

TEST_P(Robustness, ByteByByteIsTheSame) {
    const RobustnessCase& c = GetParam();
    EXPECT_EQ(converse(c.input, 1, true, table_settings()),
              converse(c.input, 1 << 30, true, table_settings()));
}

TEST_P(Robustness, RandomPiecesAreTheSame) {
    const RobustnessCase& c = GetParam();
    const Outcome whole = converse(c.input, 1 << 30, true, table_settings());
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Rng rng(seed);
        SessionDriver driver(table_settings());
        driver.hold_at_every_step = seed % 2 == 0;
        driver.write_at_most = seed % 3 == 0 ? 1 + rng.below(50) : 1 << 30;
        const std::uint64_t longest = seed % 4 == 0 ? 5000 : 20;
        std::string_view rest = c.input;
        while (!rest.empty()) {
            const std::size_t n = std::min<std::size_t>(1 + rng.below(longest), rest.size());
            driver.send(rest.substr(0, n));
            rest.remove_prefix(n);
        }
        driver.end();
        ASSERT_EQ(driver.outcome(), whole) << "seed " << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Table, Robustness, testing::ValuesIn(robustness_cases()),
                         [](const auto& c) { return c.param.name; });

TEST(RobustnessTable, IsLargeEnough) {
    EXPECT_GE(robustness_cases().size(), 150U);
}

}  // namespace
}  // namespace echotrio::test
