// Objectives as people write them, and when measured latencies meet them.
#include "loadgen/analysis/objective.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

using std::chrono::milliseconds;

TEST(Objective, IsParsedAndPrinted) {
    const auto objective = parse_objective("p99.9=250us");
    ASSERT_TRUE(objective.ok());
    EXPECT_DOUBLE_EQ(objective->quantile, 0.999);
    EXPECT_EQ(objective->limit, std::chrono::microseconds(250));
    for (const char* text : {"p50=1s", "p99=5ms", "p99.9=250us", "p99.99=1m"}) {
        EXPECT_EQ(format_objective(*parse_objective(text)), text);
    }
}

TEST(Objective, SaysWhatToWriteInstead) {
    for (const char* text : {"", "p", "p=", "p99", "99=5ms", "p99=", "p99=5", "p99=5ms ", "pp=5ms",
                             "p99x=5ms", "pnan=5ms", "p0=5ms", "p100=5ms", "p-1=5ms", "p99=0",
                             "p99=-5ms", "p99==5ms", "q99=5ms"}) {
        const auto objective = parse_objective(text);
        EXPECT_FALSE(objective.ok()) << text;
        if (!objective.ok()) {
            EXPECT_FALSE(objective.error().message.empty());
        }
    }
    EXPECT_EQ(parse_objective("99=5ms").error().message,
              "write a percentile and a time, like p99=5ms, got '99=5ms'");
}

TEST(Objective, IsMetAtNinetyNinePercentConfidence) {
    const Objective objective{0.99, milliseconds(5)};
    const auto outcome = [&](std::uint64_t below, std::uint64_t above) {
        Histogram latency;
        if (below > 0) latency.record(4'900'000, below);
        if (above > 0) latency.record(5'100'000, above);
        return outcome_of(latency, objective);
    };
    EXPECT_EQ(outcome(459, 0), Outcome::met);
    EXPECT_EQ(outcome(458, 0), Outcome::undecided);
    EXPECT_EQ(outcome(661, 1), Outcome::met);
    EXPECT_EQ(outcome(660, 1), Outcome::undecided);
    EXPECT_EQ(outcome(9'900, 100), Outcome::undecided);
    EXPECT_EQ(outcome(9'899, 101), Outcome::missed);
    EXPECT_EQ(outcome(0, 0), Outcome::undecided);
    EXPECT_EQ(outcome(0, 3), Outcome::missed);
}

}  // namespace
}  // namespace echotrio::loadgen
