// Ratios within rounds, of what the trials of an experiment gave.
#include "loadgen/findings/comparisons.hpp"

#include "loadgen/findings/digest.hpp"
#include "loadgen/findings/results_json.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

const Level kHttp{"http", 64};

const Comparison& rate_of(const Digest& told, const char* a, const char* b) {
    const Comparison* found = told.comparison(kHttp, "throughput_rps", a, b);
    EXPECT_NE(found, nullptr);
    return *found;
}

// Makes each round as fast or slow as it happens to be, and each trial a little different.
Experiment with_weather() {
    Experiment experiment = sample_experiment();
    for (Trial& trial : experiment.trials) {
        const auto round = static_cast<double>(trial.point.repetition);
        const double own = 1 + 0.002 * round * static_cast<double>(trial.point.variant.size());
        trial.result.throughput_rps *= std::exp(round) * own;
    }
    return experiment;
}

TEST(Comparisons, AreTakenWithinTheRounds) {
    const Experiment experiment = with_weather();
    const Digest together = digest(experiment);
    const Digest apart = digest(experiment, Rounds::separate);
    EXPECT_EQ(rate_of(together, "threads", "prefork").finding, Direction::more);
    EXPECT_EQ(rate_of(together, "threads", "prefork").rounds, 3U);
    EXPECT_EQ(rate_of(apart, "threads", "prefork").finding, Direction::no_difference);
}

TEST(Comparisons, AnInvalidTrialTakesOnlyItsPairWithIt) {
    Experiment experiment = with_weather();
    for (Trial& trial : experiment.trials) {
        if (trial.point.level != kHttp || trial.point.repetition != 2) continue;
        if (trial.point.variant == "coroutine") trial.result.verdict.valid = false;
    }
    const Digest told = digest(experiment);
    const Comparison& spoilt = rate_of(told, "coroutine", "prefork");
    EXPECT_EQ(spoilt.rounds, 2U);
    EXPECT_EQ(spoilt.left_out, 1U);
    EXPECT_EQ(spoilt.numerator_count, 2U);
    EXPECT_EQ(spoilt.denominator_count, 3U);
    EXPECT_NE(spoilt.sentence.find("2 of 3 rounds count"), std::string::npos) << spoilt.sentence;
    EXPECT_EQ(rate_of(told, "threads", "prefork").left_out, 0U);
}

TEST(Comparisons, IntervalAndFindingNeverContradictEachOther) {
    const Experiment experiment = maximal_experiment();
    const Digest told = digest(experiment);
    const Discoveries found = discoveries_of(told.comparisons);
    EXPECT_GT(found.compared, 100U);
    std::size_t differences = 0;
    for (const Comparison& c : told.comparisons) {
        if (!c.p) continue;
        const bool differs = c.finding == Direction::more;
        EXPECT_EQ(differs, !c.ratio.interval->contains(1)) << c.sentence;
        EXPECT_EQ(differs, *c.p_adjusted <= kFalseDiscoveryRate * (1 + 1e-9)) << c.sentence;
        differences += differs ? 1 : 0;
    }
    EXPECT_EQ(differences, found.differences);
    const auto json = results_to_json(experiment, told.comparisons);
    EXPECT_EQ(json["multiplicity"]["comparisons"], found.compared);
    EXPECT_EQ(json["multiplicity"]["differences"], found.differences);
    EXPECT_TRUE(json["comparisons"][0].contains("p_adjusted"));
}

TEST(Comparisons, TellWhereMoreRoundsAreNeeded) {
    Experiment experiment = maximal_experiment();
    Digest told = digest(experiment);
    told.plan.precision = 10;  // 1,000 %
    EXPECT_TRUE(wide_levels(told).empty());
    told.plan.precision = 1e-6;
    // The sample's requests have no classes, so that `mixed` has no ratio of its headline.
    const auto compared =
        std::count_if(told.levels.begin(), told.levels.end(),
                      [](const Level& level) { return level.workload != "mixed"; });
    EXPECT_EQ(wide_levels(told).size(), static_cast<std::size_t>(compared));
}

// Two rounds under many comparisons: better no numbers than 0.01 to 1,410.
TEST(Comparisons, ABoundIsPrintedOnItsSideOfOne) {
    EXPECT_EQ(format_bounds({1.0041, 1.03}), "1.004 to 1.03");
    EXPECT_EQ(format_bounds({0.99996, 1}), "0.99996 to 1.00");
    EXPECT_EQ(format_bounds({1 - 1e-12, 1 + 1e-12}), "1.000000 to 1.000000");
    EXPECT_EQ(format_bounds({0, 1240}), "0 to " + format_ratio(1240));
}

TEST(Comparisons, AnIntervalThatSaysNothingIsNotPrinted) {
    Comparison c{.rounds = 2};
    c.ratio = {5.02, Bounds{0.01, 1410}};
    EXPECT_EQ(format_interval(c), "2 rounds are too few for an interval");
    c.ratio = {5.02, Bounds{4.9, 5.2}};
    EXPECT_EQ(format_interval(c), "95 % interval 4.90 to 5.20");
    c.rounds = 20;
    c.ratio.interval = Bounds{0, HUGE_VAL};
    EXPECT_EQ(format_interval(c), "no interval: the rounds hardly differ");
}

}  // namespace
}  // namespace echotrio::loadgen
