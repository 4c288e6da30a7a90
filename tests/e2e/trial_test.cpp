// What a trial leaves behind, and what stands beside its load.
#include "loadgen/experiment/trial.hpp"

#include "loadgen/experiment/runner.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/server_process.hpp"
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace echotrio::loadgen {
namespace {

bool never() {
    return false;
}

TEST(Trial, LeavesThisThreadTheCpusThatItHad) {
    test::Server server("coroutine");
    const auto before = allowed_cpus(0);
    ASSERT_FALSE(before.empty());
    TrialOptions options;
    options.run = run_options({.name = "short"}, {"short", 1}, server.where());
    options.run.duration = std::chrono::milliseconds(50);
    options.run.warmup = Nanos(0);
    options.run.cpus = {before.back()};
    const auto result = run_trial(options, {}, never);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(allowed_cpus(0), before);
}

// Connections that took long to stand are watched for half as long, however short the run.
TEST(Trial, SilentConnectionsAreWatchedLongEnoughForSlab) {
    test::Server server("coroutine");
    TrialOptions options;
    options.run = run_options({.name = "silent"}, {"silent", 1}, server.where());
    options.run.duration = std::chrono::milliseconds(20);
    options.run.warmup = Nanos(0);
    options.run.idle = 4;
    options.pid = server.pid();
    options.kernel_before = read_kernel_memory();
    if (!options.kernel_before->unreclaimable_slab)
        GTEST_SKIP() << "this machine does not tell Slab";
    options.kernel_before->at -= std::chrono::milliseconds(800);
    const auto result = run_trial(options, {}, never);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_TRUE(result->server);
    EXPECT_TRUE(result->server->memory.at("slab_still"));
}

TEST(RunPlan, PutsABackgroundBesideTheLoadAndDoesNotWaitForIt) {
    Workload workload{.name = "beside"};
    workload.load.duration = std::chrono::milliseconds(300);
    workload.load.warmup = std::chrono::milliseconds(50);
    workload.server_cpus = 1;
    workload.background = {3, "/echo/x?wait=30s"};
    Plan plan;
    plan.variants = {{"few", "prefork", {}}};
    plan.workloads = {workload};
    plan.levels = {{"beside", 2}};
    plan.repetitions = 1;
    plan.retries = 0;
    plan.cross_check = false;
    std::vector<Trial> trials;
    RunnerOptions options;
    options.bin_dir = own_bin_dir();
    options.usable_cpus = usable_cpus();
    RunnerHooks hooks;
    hooks.begins = [](const TrialPoint&, std::uint64_t) {};
    hooks.finished = [&](const Trial& trial) -> Status {
        trials.push_back(trial);
        return Done{};
    };
    hooks.stop = never;
    const TimePoint begin = now();
    const Status ran = run_plan(plan, {}, options, hooks);
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_LT(now() - begin, std::chrono::seconds(25));  // less than the background takes
    ASSERT_EQ(trials.size(), 1U);
    const Trial& trial = trials.front();
    ASSERT_GT(trial.server_command.size(), 2U);
    EXPECT_EQ(trial.server_command[0], "echo-prefork");
    EXPECT_EQ(trial.server_command[1], "--start-workers");
    EXPECT_EQ(trial.server_command[2], "6");  // for two, for three in the background, and to accept
    EXPECT_EQ(trial.server_cpus.size(), 1U);
    // The three hold a worker each, and the load has the others.
    EXPECT_GT(trial.result.requests, 0U);
    EXPECT_TRUE(trial.server_stats.is_null());
}

}  // namespace
}  // namespace echotrio::loadgen
