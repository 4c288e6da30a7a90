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

// What a client sees; whether the session linger before it closes depends on what has arrived.
void expect_same(const Outcome& a, const Outcome& b, const std::string& how) {
    EXPECT_EQ(a.output, b.output) << how;
    EXPECT_EQ(a.closed, b.closed) << how;
    EXPECT_EQ(a.waits, b.waits) << how;
}

Outcome in_random_pieces(std::string_view input, std::uint64_t seed) {
    Rng rng(seed);
    SessionDriver driver(table_settings());
    driver.hold_at_every_step = seed % 2 == 0;
    driver.write_at_most = seed % 3 == 0 ? 1 + rng.below(50) : 1 << 30;
    const std::uint64_t longest = seed % 4 == 0 ? 5000 : 20;
    while (!input.empty()) {
        const std::size_t n = std::min<std::size_t>(1 + rng.below(longest), input.size());
        driver.send(input.substr(0, n));
        input.remove_prefix(n);
    }
    driver.end();
    return driver.outcome();
}

TEST_P(Robustness, AnswersAndConnectionState) {
    const RobustnessCase& c = GetParam();
    const Outcome open = converse(c.input, 1 << 30, false, table_settings());
    if (c.statuses.empty()) {
        EXPECT_EQ(open.output, c.input);
    } else {
        ASSERT_EQ(statuses_of(open.output), c.statuses) << open.output;
    }
    EXPECT_EQ(open.closed || open.shut_down, c.closes);

    const Outcome whole = converse(c.input, 1 << 30, true, table_settings());
    expect_same(converse(c.input, 1, true, table_settings()), whole, "byte by byte");
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        expect_same(in_random_pieces(c.input, seed), whole, "seed " + std::to_string(seed));
    }
}

INSTANTIATE_TEST_SUITE_P(Table, Robustness, testing::ValuesIn(robustness_cases()),
                         [](const auto& c) { return c.param.name; });

TEST(RobustnessTable, IsLargeEnough) {
    EXPECT_GE(robustness_cases().size(), 150U);
}

}  // namespace
}  // namespace echotrio::test
