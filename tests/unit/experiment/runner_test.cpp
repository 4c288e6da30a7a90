// Which INVALID trials are repeated, how often, and what is kept of them.
#include "loadgen/experiment/runner.hpp"

#include "loadgen/experiment/results_in_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {
namespace {

// No program is in that folder, so each trial ends at once as one that could not run.
class Repeats : public testing::Test {
  protected:
    Repeats() {
        plan_.variants = {{"threads", "threads", {}}, {"coroutine", "coroutine", {}}};
        plan_.workloads = {*find_workload(standard_workloads(), "echo")};
        plan_.levels = {{"echo", 4}};
        plan_.repetitions = 1;
        options_.bin_dir = "/no/such/folder";
        options_.usable_cpus = {0};
        hooks_.begins = [](const TrialPoint&, std::uint64_t) {};
        hooks_.second = [](const Interval&) {};
        hooks_.finished = [this](const Trial& trial) -> Status {
            kept_.push_back(trial);
            return Done{};
        };
        hooks_.stop = [] { return false; };
    }
    Status run(const std::vector<Trial>& done = {}) {
        return run_plan(plan_, done, options_, hooks_);
    }
    // Attempt and whether a later one stands for it, in order.
    std::vector<std::pair<std::uint64_t, bool>> attempts() const {
        std::vector<std::pair<std::uint64_t, bool>> all;
        for (const Trial& trial : kept_) all.emplace_back(trial.attempt, trial.superseded);
        return all;
    }
    using Attempts = std::vector<std::pair<std::uint64_t, bool>>;

    Plan plan_;
    RunnerOptions options_;
    RunnerHooks hooks_;
    std::vector<Trial> kept_;
};

TEST_F(Repeats, EndWithThePlansBudget) {
    plan_.retries = 3;
    ASSERT_TRUE(run());
    EXPECT_EQ(attempts(), (Attempts{{1, true}, {2, true}, {3, false}, {1, true}, {2, false}}));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(kept_[i].point, kept_[0].point);
    EXPECT_NE(kept_[3].point.variant, kept_[0].point.variant);
    for (const Trial& trial : kept_) {
        EXPECT_FALSE(trial.counts());
        ASSERT_EQ(trial.result.verdict.reasons.size(), 1U);
        EXPECT_EQ(trial.result.verdict.reasons[0].check, "did not run");
        EXPECT_NE(trial.result.verdict.reasons[0].what.find("/no/such/folder"), std::string::npos);
    }
}

TEST_F(Repeats, AreAtMostTwoInARow) {
    plan_.retries = 100;
    ASSERT_TRUE(run());
    EXPECT_EQ(attempts(),
              (Attempts{{1, true}, {2, true}, {3, false}, {1, true}, {2, true}, {3, false}}));
}

// Trials here take no time, so none of the estimate is used up.
TEST_F(Repeats, AreNotMadeAtTheCostOfTheFirstTwoRounds) {
    plan_.retries = 100;
    plan_.repetitions = 3;
    const Nanos two_rounds = estimated_duration(plan_, round_trials(plan_, 1, plan_.levels)) +
                             estimated_duration(plan_, round_trials(plan_, 2, plan_.levels));
    plan_.budget = two_rounds - std::chrono::milliseconds(1);
    ASSERT_TRUE(run());
    ASSERT_FALSE(kept_.empty());
    EXPECT_FALSE(kept_[0].superseded) << "all that is left is owed";
}

TEST_F(Repeats, AreNoneWithoutABudget) {
    plan_.retries = 0;
    ASSERT_TRUE(run());
    EXPECT_EQ(attempts(), (Attempts{{1, false}, {1, false}}));
}

TEST_F(Repeats, OfAnExperimentThatGoesOnCountAllTheSame) {
    plan_.retries = 3;
    const auto order = order_trials(plan_);
    std::vector<Trial> done(3);
    for (Trial& trial : done) {
        trial.point = order[0];
        trial.result.verdict.valid = false;
    }
    done[0].superseded = done[1].superseded = true;
    ASSERT_TRUE(run(done));
    EXPECT_EQ(attempts(), (Attempts{{1, true}, {2, false}})) << "one was left";
    for (const Trial& trial : kept_) EXPECT_EQ(trial.point, order[1]);
}

TEST_F(Repeats, EndWhenTheOperatorSaysSo) {
    plan_.retries = 100;
    hooks_.stop = [this] { return kept_.size() == 5; };
    ASSERT_TRUE(run());
    EXPECT_EQ(kept_.size(), 5U);
}

// Trials here take no time: of thirty seconds' worth by the estimate all fit, of none the first
// does not.
TEST_F(Repeats, EndWithTheTime) {
    plan_.retries = 0;
    plan_.repetitions = 3;
    plan_.budget = std::chrono::seconds(30);
    ASSERT_TRUE(run());
    EXPECT_EQ(kept_.size(), 6U);
    kept_.clear();
    plan_.budget = std::chrono::milliseconds(1);
    ASSERT_TRUE(run());
    EXPECT_TRUE(kept_.empty()) << "no variant is begun without the others";
}

TEST_F(Repeats, TheTimeOfWhatIsDoneCounts) {
    plan_.retries = 0;
    plan_.repetitions = 3;
    plan_.budget = spent_on(plan_, {}) + estimated_duration(plan_, order_trials(plan_)) +
                   std::chrono::seconds(20);
    std::vector<Trial> done(2);
    const auto order = order_trials(plan_);
    for (std::size_t i = 0; i < done.size(); ++i) done[i].point = order[i];
    ASSERT_TRUE(run(done));
    EXPECT_EQ(kept_.size(), 4U);
    kept_.clear();
    plan_.budget = estimated_duration(plan_, {order[0], order[1]});
    ASSERT_TRUE(run(done));
    EXPECT_TRUE(kept_.empty());
}

TEST_F(Repeats, GoOnOnlyWhereAnIntervalIsWide) {
    plan_.retries = 0;
    plan_.levels = {{"echo", 4}, {"echo", 8}, {"echo", 16}};
    plan_.repetitions = 100;
    plan_.precision = 0.05;
    hooks_.wide = [this]() -> std::vector<Level> {
        const std::size_t asked = kept_.size();
        const std::size_t first = 2 * 3 * kLeastRounds;
        if (asked == first) return {plan_.levels[1], plan_.levels[2]};
        if (asked == first + 4) return {plan_.levels[2]};
        return {};
    };
    ASSERT_TRUE(run());
    std::map<std::uint64_t, std::size_t> rounds;
    for (const Trial& trial : kept_) {
        std::size_t& most = rounds[trial.point.level.connections];
        most = std::max<std::size_t>(most, trial.point.repetition);
    }
    EXPECT_EQ(rounds[4], kLeastRounds);
    EXPECT_EQ(rounds[8], kLeastRounds + 1);
    EXPECT_EQ(rounds[16], kLeastRounds + 2);
}

TEST_F(Repeats, EndWhenAllThatIsWideHasHadItsRounds) {
    plan_.retries = 0;
    plan_.workloads[0].most_rounds = kLeastRounds + 1;
    plan_.repetitions = 100;
    plan_.precision = 0.05;
    int asked = 0;
    hooks_.wide = [&] {
        ++asked;
        return plan_.levels;
    };
    ASSERT_TRUE(run());
    EXPECT_EQ(kept_.size(), 2 * (kLeastRounds + 1));
    EXPECT_EQ(asked, 2);
}

TEST_F(Repeats, EndAfterALevelWhenNoMoreCanBeHeld) {
    plan_.retries = 0;
    plan_.repetitions = 10;
    hooks_.full = [this] { return kept_.size() >= 3; };
    ASSERT_TRUE(run());
    EXPECT_EQ(kept_.size(), 4U) << "no variant is left without the others";
}

TEST(ResultsInMemory, AreTheHistogramsOfTheTrials) {
    Trial trial;
    const std::size_t least = bytes_held(trial);
    EXPECT_EQ(least, 3 * 2048 * sizeof(std::uint64_t));
    trial.result.latency.record(60'000'000);
    trial.result.classes.resize(1);
    EXPECT_GT(bytes_held(trial), 2 * least);
    ResultsInMemory held({trial});
    held.add(trial);
    EXPECT_EQ(held.bytes(), 2 * bytes_held(trial));
    EXPECT_FALSE(held.full());
}

TEST_F(Repeats, EndWhenATrialCannotBeKept) {
    hooks_.finished = [](const Trial&) -> Status { return Error{"the disk is full"}; };
    const Status ended = run();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().message, "the disk is full");
}

}  // namespace
}  // namespace echotrio::loadgen
