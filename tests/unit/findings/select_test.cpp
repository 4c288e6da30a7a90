// What tables, charts and sentences ask of a digest.
#include "loadgen/findings/select.hpp"

#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace echotrio::loadgen {
namespace {

class Select : public testing::Test {
  protected:
    Experiment experiment_ = sample_experiment();
    Digest told_ = digest(experiment_);
};

TEST_F(Select, TheLargestLevelIsTheLastOfItsWorkload) {
    const auto largest = largest_levels(told_);
    const auto workloads = workloads_of(told_);
    ASSERT_EQ(largest.size(), workloads.size());
    for (std::size_t i = 0; i < largest.size(); ++i) {
        EXPECT_EQ(largest[i], levels_of(told_, workloads[i]).back());
    }
    EXPECT_TRUE(levels_of(told_, "none of them").empty());
}

TEST_F(Select, CellsByLevelAndByVariantAreTheSameCells) {
    std::size_t cells = 0;
    for (const Level& level : told_.levels) cells += cells_at(told_, level).size();
    EXPECT_EQ(cells, told_.cells.size());
    for (const std::string& workload : workloads_of(told_)) {
        for (const std::string& variant : told_.variants) {
            cells -= cells_of(told_, variant, workload).size();
        }
    }
    EXPECT_EQ(cells, 0U);
}

TEST_F(Select, TheBestComesFirstWhicheverWayIsBetter) {
    for (const char* key : {"throughput_rps", "cpu_us_per_request"}) {
        const Metric& metric = *find_metric(key);
        const auto ranked = ranking(told_, {"http", 64}, metric);
        ASSERT_EQ(ranked.size(), 3U) << key;
        for (std::size_t i = 1; i < ranked.size(); ++i) {
            const double better = ranked[i - 1]->value(key)->median;
            const double worse = ranked[i]->value(key)->median;
            EXPECT_TRUE(metric.more_is_better ? better >= worse : better <= worse) << key;
        }
    }
    EXPECT_EQ(clear_best(told_, {"http", 64}, *find_metric("throughput_rps")), "coroutine");
}

// Medians are of all trials, the ratio of the rounds that both share.
TEST_F(Select, AFindingAgainstTheRankingMakesNoBest) {
    const Metric& metric = *find_metric("throughput_rps");
    for (Comparison& c : told_.comparisons) {
        EXPECT_EQ(better_of(c, *find_metric(c.metric)).empty(),
                  c.finding == Direction::no_difference);
        if (c.metric == metric.key) std::swap(c.numerator, c.denominator);
    }
    EXPECT_EQ(clear_best(told_, {"http", 64}, metric), "");
}

TEST_F(Select, AStarvedPoolHasNoRankInPercentiles) {
    const Level level{"http", 1000};
    const auto has_prefork = [&](const char* metric) {
        const auto ranked = ranking(told_, level, *find_metric(metric));
        return std::any_of(ranked.begin(), ranked.end(),
                           [](const Cell* cell) { return cell->variant == "prefork"; });
    };
    EXPECT_TRUE(has_prefork("throughput_rps"));
    EXPECT_FALSE(has_prefork("p99_us"));
    EXPECT_TRUE(has_figure(told_, level, "p99_us"));
}

TEST_F(Select, WithoutAPlanNothingIsSilent) {
    EXPECT_FALSE(is_silent(Digest{}, "idle"));
    EXPECT_EQ(headline_of(Digest{}, "idle"), "throughput_rps");
}

TEST(SelectByCpus, TheMostThatCountTellAndTheOthersLieOnNoCurveWithThem) {
    Experiment experiment = sample_on_one_and_two_cpus();
    const Level one{"http", 64, 0, 1}, two{"http", 64, 0, 2};
    const Digest told = digest(experiment);
    EXPECT_EQ(levels_of(told, "http"), (std::vector<Level>{one, two}));
    EXPECT_EQ(curve_of(told, "http"), (std::vector<Level>{two}));
    EXPECT_EQ(largest_levels(told).front(), two);
    ASSERT_EQ(cells_of(told, "prefork", "http").size(), 1U);
    EXPECT_EQ(cells_of(told, "prefork", "http").front()->level, two);
    EXPECT_EQ(cpus_words_of(told, "http"),
              "server 1 CPU, generator 1 CPU, apart; server 2 CPUs, generator 1 CPU, not apart");
    EXPECT_EQ(cpus_words_of_curve(told, "http"), "server 2 CPUs, generator 1 CPU, not apart");
    for (const Comparison& comparison : told.comparisons) {
        EXPECT_GT(comparison.level.server_cpus, 0U);
    }

    for (Trial& trial : experiment.trials) {
        if (trial.point.level == two) trial.result.verdict.valid = false;
    }
    const Digest only_one = digest(experiment);
    EXPECT_EQ(curve_of(only_one, "http"), (std::vector<Level>{one}));
    EXPECT_EQ(largest_levels(only_one).front(), one);
}

}  // namespace
}  // namespace echotrio::loadgen
