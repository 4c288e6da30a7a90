// What the trials are taken to say.
#include "loadgen/findings/digest.hpp"

#include "loadgen/report/overlay.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

namespace echotrio::loadgen {
namespace {

TEST(Digest, MediansOfTheTrialsThatCount) {
    const Experiment experiment = sample_experiment();
    const Digest told = digest(experiment);
    const Cell* cell = told.cell("threads", {"http", 64});
    ASSERT_NE(cell, nullptr);
    EXPECT_EQ(cell->trials.size(), 4U);
    EXPECT_EQ(cell->counted, 3U);
    EXPECT_NEAR(cell->value("throughput_rps")->median, 20'000 * 1.3 * 1.02, 1);
    EXPECT_EQ(cell->reasons.size(), 1U);
}

TEST(Digest, RatiosPointFromTheLargerToTheSmaller) {
    const Experiment experiment = sample_experiment();
    const Digest told = digest(experiment);
    const Comparison* c = told.comparison({"http", 64}, "throughput_rps", "prefork", "coroutine");
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->numerator, "coroutine");
    EXPECT_NEAR(c->ratio.value, 2.6, 1e-9);
    EXPECT_EQ(c->finding, Direction::more);
    EXPECT_NE(c->sentence.find("coroutine handles 2.60 times as many requests/s as prefork"),
              std::string::npos)
        << c->sentence;
}

TEST(Digest, ThePercentilesOfAStarvedPoolAreNotRanked) {
    const Experiment experiment = sample_experiment();
    const Digest told = digest(experiment);
    EXPECT_TRUE(told.cell("prefork", {"http", 1000})->starved());
    EXPECT_EQ(told.comparison({"http", 1000}, "p99_us", "prefork", "threads"), nullptr);
    const Comparison* rate =
        told.comparison({"http", 1000}, "throughput_rps", "prefork", "threads");
    ASSERT_NE(rate, nullptr);
    EXPECT_NE(rate->sentence.find("served 256 of 1,000"), std::string::npos);
}

TEST(Digest, SlopesOfMemoryAddUp) {
    const Experiment experiment = sample_experiment();
    const Digest told = digest(experiment);
    ASSERT_EQ(told.memory.size(), 3U);
    const MemorySlope& threads = told.memory[1];
    EXPECT_EQ(threads.levels, 4U);
    double sum = 0;
    for (const auto& [part, slope] : threads.parts) sum += slope;
    sum += threads.from_slab->value;
    EXPECT_NEAR(sum, threads.total.slope, 1e-6 * sum);
    EXPECT_EQ(threads.parts.count("socket_objects"), 0U);  // not readable: not 0, not there
    EXPECT_NEAR(threads.total.slope, 9e3 * (1.02 + 1.0 / 4 + 1.0 / 3) + 3500 + 7000, 1);
}

TEST(Digest, LateTrialsStillTellMemory) {
    Experiment experiment = sample_experiment();
    for (Trial& trial : experiment.trials) {
        if (trial.point.level.workload != "idle") continue;
        trial.result.verdict.valid = false;
        trial.result.verdict.reasons = {{"lateness", "", ""}};
    }
    EXPECT_EQ(digest(experiment).memory.size(), 3U);
    for (Trial& trial : experiment.trials) trial.result.verdict.reasons = {{"server", "", ""}};
    EXPECT_TRUE(digest(experiment).memory.empty());
}

// Targets that already run keep what many connections left: only a count not exceeded before tells
// what connections cost, and a pool that stands from the start is told per process.
TEST(Digest, MemoryOfServersThatAreNotFresh) {
    Experiment experiment = sample_experiment();
    experiment.settings["fresh_servers"] = false;
    for (Trial& trial : experiment.trials) {
        if (trial.point.variant == "prefork") trial.result.server->processes = 257;
    }
    const auto later = std::stable_partition(
        experiment.trials.begin(), experiment.trials.end(),
        [](const Trial& trial) { return trial.point.level.workload == "idle"; });
    std::stable_sort(experiment.trials.begin(), later, [](const Trial& a, const Trial& b) {
        return std::pair(a.point.repetition, a.point.level.connections) <
               std::pair(b.point.repetition, b.point.level.connections);
    });
    const double slope = digest(experiment).memory.at(0).total.slope;
    for (Trial& trial : experiment.trials) {  // what the 200 of the first round left
        if (trial.point.repetition > 1 && trial.point.level.connections < 200) {
            trial.result.server->memory["pss"] = 5e6;
        }
    }
    const Digest told = digest(experiment);
    ASSERT_EQ(told.memory.size(), 2U);
    EXPECT_EQ(told.memory[0].variant, "threads");
    EXPECT_EQ(told.memory[0].levels, 4U);
    EXPECT_EQ(told.memory[0].total.slope, slope);
    ASSERT_EQ(told.pools.size(), 1U);
    EXPECT_EQ(told.pools[0].variant, "prefork");
    EXPECT_EQ(told.pools[0].processes, 257U);
    EXPECT_GT(told.pools[0].bytes.value, 1e6 / 257);
}

TEST(Digest, OneRepetitionHasNoInterval) {
    Experiment experiment = sample_experiment();
    std::erase_if(experiment.trials, [](const Trial& t) { return t.point.repetition > 1; });
    const Digest told = digest(experiment);
    const Comparison* c = told.comparison({"http", 64}, "throughput_rps", "prefork", "threads");
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->finding, Direction::not_known);
    EXPECT_FALSE(c->p);
    EXPECT_NE(c->sentence.find("no difference shown"), std::string::npos) << c->sentence;
    EXPECT_NE(c->sentence.find("one round: no interval"), std::string::npos) << c->sentence;
    EXPECT_EQ(discoveries_of(told.comparisons).compared, 0U);
}

TEST(Overlay, KeepsBothApart) {
    Experiment after = sample_experiment();
    for (Trial& trial : after.trials) trial.result.throughput_rps *= 2;
    const Experiment both = overlay({sample_experiment(), after}, {"before", "after"});
    const Digest told = digest(both);
    EXPECT_EQ(told.variants.size(), 6U);
    const Comparison* c =
        told.comparison({"http", 64}, "throughput_rps", "threads (before)", "threads (after)");
    ASSERT_NE(c, nullptr);
    EXPECT_NEAR(c->ratio.value, 2, 1e-9);
    EXPECT_EQ(c->numerator, "threads (after)");
}

TEST(Digest, ADifferenceTooSmallForARatioIsToldInPerCent) {
    Experiment experiment = sample_experiment();
    std::map<std::uint64_t, double> of_threads;
    for (const Trial& trial : experiment.trials) {
        if (trial.point.level == Level{"http", 64} && trial.point.variant == "threads") {
            of_threads[trial.point.repetition] = trial.result.throughput_rps;
        }
    }
    for (Trial& trial : experiment.trials) {
        if (trial.point.level == Level{"http", 64} && trial.point.variant == "prefork") {
            const auto round = trial.point.repetition;
            trial.result.throughput_rps =
                of_threads.at(round) * (1.002 + 0.0001 * static_cast<double>(round));
        }
    }
    const Digest told = digest(experiment);
    const Comparison* c = told.comparison({"http", 64}, "throughput_rps", "prefork", "threads");
    ASSERT_NE(c, nullptr);
    ASSERT_NE(c->finding, Direction::no_difference) << c->sentence;
    EXPECT_EQ(c->sentence.find("prefork has a little more than threads in requests/s: 0.2"), 0U)
        << c->sentence;
    EXPECT_EQ(c->sentence.find("1.00"), std::string::npos) << c->sentence;
}

TEST(Overlay, NamesFromPaths) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(short_names({"a/before/results.json", "after/"}), (Names{"before", "after"}));
    EXPECT_EQ(short_names({"x/results.json", "x"}), (Names{"A", "B"}));
}

}  // namespace
}  // namespace echotrio::loadgen
