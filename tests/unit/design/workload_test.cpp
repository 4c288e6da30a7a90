// The workloads, what they ask of the generator and what they tell the servers.
#include "loadgen/design/workload.hpp"

#include "loadgen/design/run_command.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

const net::HostPort kWhere{"127.0.0.1", 7001};

const Workload& standard(const char* name) {
    return *find_workload(standard_workloads(), name);
}

std::string argument_after(const std::vector<std::string>& arguments, const std::string& flag) {
    const auto found = std::find(arguments.begin(), arguments.end(), flag);
    return found == arguments.end() ? "" : *(found + 1);
}

TEST(Workloads, TheSevenOfTheContract) {
    for (const char* name : {"echo", "http", "cpu", "wait", "mixed", "churn", "steady", "idle"}) {
        const Workload* workload = find_workload(standard_workloads(), name);
        ASSERT_NE(workload, nullptr) << name;
        EXPECT_FALSE(workload->connections.empty());
        EXPECT_FALSE(workload->quick_connections.empty());
    }
    EXPECT_EQ(find_workload(standard_workloads(), "nonsense"), nullptr);
}

TEST(Workloads, ThousandConnectionsWhereTheyMatter) {
    for (const char* name : {"wait", "idle"}) {
        EXPECT_GE(standard(name).connections.back(), 1000U) << name;
        EXPECT_GE(standard(name).quick_connections.back(), 1000U) << name;
    }
}

// A slope needs four counts that a pool of 256 workers can hold, the active connection included.
TEST(Workloads, IdleLeavesFourCountsToThePool) {
    for (const auto& counts : {standard("idle").connections, standard("idle").quick_connections}) {
        EXPECT_GE(std::count_if(counts.begin(), counts.end(),
                                [](std::uint64_t n) { return n + 1 < kMostWorkers; }),
                  4);
    }
}

TEST(Workloads, SilentConnectionsStandBesideOneThatAsks) {
    const RunOptions options = run_options(standard("idle"), {"idle", 250}, kWhere);
    EXPECT_EQ(options.connections, 1U);
    EXPECT_EQ(options.idle, 250U);
    EXPECT_FALSE(options.rate.empty());
}

TEST(Workloads, ARateOfTheLevelGoesFirst) {
    EXPECT_TRUE(run_options(standard("http"), {"http", 64}, kWhere).rate.empty());
    const RunOptions given = run_options(standard("mixed"), {"mixed", 64, 300}, kWhere);
    ASSERT_EQ(given.rate.size(), 1U);
    EXPECT_EQ(given.rate[0].rate, 300);
    EXPECT_EQ(given.classes.size(), 2U);
}

TEST(ServerArguments, APoolStartsAWorkerPerConnectionUpToItsMost) {
    const Variant prefork{"prefork", "prefork", {}};
    const auto few = server_arguments(prefork, standard("echo"), {"echo", 64});
    EXPECT_EQ(argument_after(few, "--start-workers"), "65");
    const auto many = server_arguments(prefork, standard("echo"), {"echo", 1000});
    EXPECT_EQ(argument_after(many, "--start-workers"), "256");
    EXPECT_EQ(argument_after(many, "--max-workers"), "256");
}

TEST(ServerArguments, AVariantsOwnFlagsStay) {
    const Variant small{"small pool", "prefork", {"--start-workers", "4"}};
    EXPECT_EQ(server_arguments(small, standard("echo"), {"echo", 64}), small.arguments);
    const Variant off{"no lock", "threads", {"--gil", "off"}};
    EXPECT_EQ(server_arguments(off, standard("echo"), {"echo", 64}), off.arguments);
}

TEST(ServerArguments, ThePoolServesTheBackgroundToo) {
    Workload workload = standard("echo");
    workload.background = {10, "/echo/x?cpu=4s"};
    workload.most_workers = 60;
    const Variant prefork{"prefork", "prefork", {}};
    EXPECT_EQ(argument_after(server_arguments(prefork, workload, {"echo", 16}), "--start-workers"),
              "27");
    EXPECT_EQ(argument_after(server_arguments(prefork, workload, {"echo", 64}), "--start-workers"),
              "60");
}

TEST(UsualVariants, AreTheModelsAndTheLoopOncePerCpuThatAServerCanHave) {
    for (const auto& [usable, processes] : {std::pair(1U, "2"), {2U, "2"}, {3U, "2"}, {8U, "7"}}) {
        const auto variants = usual_variants(usable);
        ASSERT_EQ(variants.size(), 4U);
        EXPECT_EQ(variants[2].label, "coroutine");
        EXPECT_TRUE(variants[2].arguments.empty());
        EXPECT_EQ(variants[3].label, std::string("coroutine x ") + processes);
        EXPECT_EQ(variants[3].model, "coroutine");
        EXPECT_EQ(argument_after(variants[3].arguments, "--processes"), processes);
        for (const Workload& workload : standard_workloads()) {
            EXPECT_TRUE(tries(variants[2], workload));
            EXPECT_EQ(tries(variants[3], workload),
                      workload.name == "cpu" || workload.name == "mixed")
                << workload.name;
        }
    }
}

TEST(ConnectionsHeld, AreAtMostTheWorkersOfAPool) {
    RunResult result;
    result.connections.idle = 100;
    result.connections.idle_lost = 10;
    EXPECT_EQ(connections_held(result, "prefork"), 90U);  // its processes are not known
    result.server.emplace().processes = 41;
    EXPECT_EQ(connections_held(result, "prefork"), 40U);
    EXPECT_EQ(connections_held(result, "threads"), 90U);
}

TEST(RunCommand, SaysWhatDiffersFromTheDefaults) {
    RunOptions options = run_options(standard("mixed"), {"mixed", 64}, kWhere);
    options.cpus = {1};
    const auto words = command_words(options);
    EXPECT_EQ(words[0], "loadgen");
    EXPECT_EQ(words[2], "http://127.0.0.1:7001/echo/hi");
    EXPECT_EQ(argument_after(words, "-c"), "64");
    EXPECT_EQ(argument_after(words, "-R"), "1000");
    EXPECT_EQ(argument_after(words, "--cpus"), "1");
    EXPECT_EQ(argument_after(words, "--class"), "small:98:/echo/hi");
    EXPECT_EQ(argument_after(words, "--pipeline"), "");
}

TEST(RunCommand, JsonHasEveryOption) {
    const auto json = options_to_json(run_options(standard("echo"), {"echo", 16}, kWhere));
    EXPECT_EQ(json["url"], "tcp://127.0.0.1:7001");
    EXPECT_EQ(json["connections"], 16);
    EXPECT_TRUE(json["rate"].is_null());
    EXPECT_EQ(json["timeout"], "2s");
}

TEST(Workloads, WhoseStoryIsCoresHaveARowAtOneCpuAndOneAtAll) {
    using Counts = std::vector<std::uint64_t>;
    for (const char* name : {"cpu", "mixed"}) {
        const Workload workload = standard(name);
        EXPECT_EQ(server_cpu_counts(workload, 1), (Counts{1})) << name;
        EXPECT_EQ(server_cpu_counts(workload, 2), (Counts{1, 2})) << name << ", both shared";
        EXPECT_EQ(server_cpu_counts(workload, 3), (Counts{1, 2})) << name;
        EXPECT_EQ(server_cpu_counts(workload, 16), (Counts{1, 15})) << name;
        EXPECT_EQ(server_cpu_counts(workload, 64), (Counts{1, 63})) << name;
    }
    for (const char* name : {"echo", "http", "wait", "churn", "idle"}) {
        EXPECT_EQ(server_cpu_counts(standard(name), 16), (Counts{0})) << name;
    }
}

}  // namespace
}  // namespace echotrio::loadgen
