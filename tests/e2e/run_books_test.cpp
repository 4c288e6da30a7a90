// loadgen run against the three servers in every shape of load: the books balance, the server's own
// counters agree to the request, and the options do what they say.
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>

namespace echotrio::test {
namespace {

// What both sides counted; a request for /stats is counted after its own reply is made.
void expect_agreement(const Server& server, const Measured& run) {
    const auto stats = server.stats();
    EXPECT_EQ(stats["requests"], run.result.total.completed);
    EXPECT_EQ(run.result.errors.mismatch, 0);
    EXPECT_EQ(run.result.accounting.failed, 0);
    EXPECT_EQ(run.result.accounting.timed_out, 0);
}

struct Shape {
    const char* name;
    bool http;
    const char* path;
    Words flags;
    std::uint64_t connections = 8;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
    return out << shape.name;
}

class EveryShape : public testing::TestWithParam<std::tuple<std::string, Shape>> {};

TEST_P(EveryShape, BooksBalanceAndTheServerAgrees) {
    const auto& [model, shape] = GetParam();
    Server server(model, model == "prefork" ? Words{"--start-workers", "16"} : Words{});
    Words arguments{shape.http ? server.http(shape.path) : server.tcp(),
                    "-c",
                    std::to_string(shape.connections),
                    "-d",
                    "500ms",
                    "--warmup",
                    "50ms"};
    arguments.insert(arguments.end(), shape.flags.begin(), shape.flags.end());
    const Measured run = measure(arguments);
    EXPECT_GT(run.result.requests, 10);
    EXPECT_EQ(run.result.connections.served, shape.connections);
    EXPECT_GT(run.result.mean_in_flight, 0);
    EXPECT_EQ(run.result.accounting.unsent + run.result.accounting.in_flight, 0);
    expect_agreement(server, run);
}

INSTANTIATE_TEST_SUITE_P(
    Run, EveryShape,
    testing::Combine(
        testing::Values("prefork", "threads", "coroutine"),
        testing::Values(
            Shape{"RawClosed", false, "", {}}, Shape{"RawOpen", false, "", {"-R", "500"}},
            Shape{"RawConstant", false, "", {"-R", "500", "--arrival", "constant"}},
            Shape{"RawTwoThreads", false, "", {"-t", "2", "-R", "500"}},
            Shape{"RawThink", false, "", {"--think", "5ms"}},
            Shape{"RawChurn", false, "", {"--requests-per-connection", "3"}},
            Shape{"RawOneByte", false, "", {"--size", "1"}}, Shape{"Http", true, "/echo/hi", {}},
            Shape{"HttpOpen", true, "/echo/hi", {"-R", "500"}},
            Shape{"HttpPipelined", true, "/echo/hi", {"--pipeline", "7"}},
            Shape{"HttpPipelinedOpen", true, "/echo/hi", {"--pipeline", "3", "-R", "500"}},
            Shape{"HttpChurn", true, "/echo/hi", {"--requests-per-connection", "1"}},
            Shape{
                "HttpChurnOpen", true, "/echo/hi", {"--requests-per-connection", "2", "-R", "200"}},
            Shape{"HttpChurnPipelined",
                  true,
                  "/echo/hi",
                  {"--requests-per-connection", "4", "--pipeline", "2"}},
            Shape{"HttpPost", true, "/echo", {"--size", "100KiB"}},
            Shape{"HttpHead", true, "/echo/hi", {"-X", "HEAD"}},
            Shape{"HttpClasses",
                  true,
                  "/",
                  {"--class", "small:9:/echo/hi", "--class", "slow:1:/echo/x?wait=2ms"}},
            Shape{"HttpThink", true, "/echo/hi", {"--think", "5ms"}})),
    [](const auto& named) { return std::get<0>(named.param) + std::get<1>(named.param).name; });

TEST(Run, ACountOfRequestsIsExact) {
    Server server("coroutine");
    for (const Words& more : {Words{}, Words{"-t", "3"}, Words{"-R", "5000"},
                              Words{"--think", "1ms"}, Words{"--warmup", "50ms"}}) {
        Words arguments{server.tcp(), "-c", "7", "-n", "500"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Measured run = measure(arguments);
        EXPECT_EQ(run.result.requests, 500);
        EXPECT_EQ(run.result.accounting.scheduled, 500);
    }
}

TEST(Run, NoThreadIsBusierThanAllTheTimeHoweverShortTheWindow) {
    const Server server("coroutine");
    for (int i = 0; i < 5; ++i) {
        const Measured run = measure({server.tcp(), "-c", "4", "-d", "1us", "--warmup", "0s"});
        EXPECT_GT(run.result.generator.busiest_thread, 0);
        EXPECT_LE(run.result.generator.busiest_thread, 1);
    }
}

TEST(Run, LargeRawMessagesAreCheckedToTheLastByte) {
    Server server("coroutine");
    const Measured run =
        measure({server.tcp(), "-c", "3", "--size", "3MiB", "-n", "20", "--timeout", "30s"});
    EXPECT_EQ(run.result.requests, 20);
    EXPECT_EQ(run.result.errors.mismatch, 0);
    EXPECT_EQ(server.stats()["bytes"]["out"].get<std::uint64_t>() / (20U << 20U), 3);
}

TEST(Run, ClassesAreReportedApart) {
    Server server("coroutine");
    const Measured run =
        measure({server.http("/"), "-c", "8", "-d", "600ms", "--warmup", "0", "-R", "500",
                 "--class", "small:90:/echo/hi", "--class", "slow:10:/echo/x?wait=20ms"});
    ASSERT_EQ(run.result.classes.size(), 2);
    const auto& small = run.result.classes[0];
    const auto& slow = run.result.classes[1];
    EXPECT_EQ(small.name, "small");
    EXPECT_EQ(small.requests + slow.requests, run.result.requests);
    EXPECT_NEAR(static_cast<double>(slow.requests) / static_cast<double>(run.result.requests), 0.1,
                0.07);
    EXPECT_GT(slow.latency.min(), 19'000'000);
    EXPECT_LT(small.latency.min(), 19'000'000);
}

TEST(Run, IdleConnectionsStandBesideTheActiveOnes) {
    Server server("coroutine");
    const Measured run =
        measure({server.tcp(), "-c", "2", "--idle", "50", "-d", "300ms", "--warmup", "0"});
    EXPECT_EQ(run.result.connections.idle, 50);
    EXPECT_EQ(run.result.connections.idle_lost, 0);
    EXPECT_GE(server.stats()["connections"]["total"], 52);
}

TEST(Run, OverIPv6) {
    Server server("coroutine", {"--host", "::1"});
    const Measured run = measure({server.tcp(), "-c", "4", "-n", "200"});
    EXPECT_EQ(run.result.requests, 200);
    const Measured churn =
        measure({server.http("/echo/x"), "-c", "4", "-n", "200", "--requests-per-connection", "1"});
    EXPECT_EQ(churn.result.requests, 200);
}

TEST(Run, MeasuresTheServersProcessGroup) {
    Server server("prefork");
    const Measured run = measure({server.http("/echo/x?cpu=100us"), "-c", "4", "-d", "500ms",
                                  "--pid", std::to_string(server.pid())});
    ASSERT_TRUE(run.result.server);
    EXPECT_GE(run.result.server->processes, 5);
    EXPECT_FALSE(run.result.server->died);
    EXPECT_NE(run.result.server->cpu_us_per_request.has_value(), run.read_late());
    if (run.read_late()) GTEST_SKIP() << "inconclusive: the counters were read late, and left out";
    EXPECT_GT(*run.result.server->cpu_us_per_request, 50);
}

// Shares of the thread's own CPU time: they hold however much of it others leave.
TEST(IdleStrategy, SpinningIsNoUsefulTime) {
    Server server("coroutine");
    const Measured run = measure(
        {server.tcp(), "-R", "100", "-d", "500ms", "--warmup", "100ms", "--idle-strategy", "spin"});
    const loadgen::GeneratorUse& use = run.result.generator;
    EXPECT_EQ(run.json["command"]["idle_strategy"], "spin");
    EXPECT_EQ(use.idle_strategy, "spin");
    ASSERT_TRUE(use.spin_s);
    EXPECT_LT(use.busiest_thread * run.result.duration_s, 0.5 * *use.spin_s);
    EXPECT_LT(use.syscalls_per_request.value_or(99), 50) << "polls that found nothing are none";
    EXPECT_FALSE(use.waking_us);
    expect_agreement(server, run);
}

TEST(IdleStrategy, SleepsWhereItsCpuMayBeTheServers) {
    Server server("coroutine");
    const Measured run = measure({server.tcp(), "-R", "100", "-d", "500ms", "--warmup", "100ms",
                                  "--pid", std::to_string(server.pid())});
    EXPECT_EQ(run.json["command"]["idle_strategy"], "auto");
    EXPECT_EQ(run.result.generator.idle_strategy, "sleep");
}

}  // namespace
}  // namespace echotrio::test
