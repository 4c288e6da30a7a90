// The generator as an instrument: servers and a generator that misbehave in known ways, and what
// the figures say about it. Bounds are wide; what is asserted are orders of magnitude. Where a busy
// machine would misbehave, too, it is asked first and last.
#include "tests/e2e/loadgen_runs.hpp"
#include "tests/support/machine_fit.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <cmath>
#include <thread>

namespace echotrio::test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMillisecond = 1'000'000;

double share_above(const loadgen::Histogram& histogram, std::int64_t ns) {
    return static_cast<double>(histogram.count_above(ns)) /
           static_cast<double>(std::max<std::uint64_t>(1, histogram.count()));
}

// What the fault server says at its end.
nlohmann::json stop_and_report(Server& server) {
    server.signal(SIGTERM);
    const auto line = server.child().read_line(kPatience);
    return line ? nlohmann::json::parse(*line) : nlohmann::json();
}

struct Stalled {
    Measured run;
    double seconds = 0;  // stopped, with what the machine added to it
};

// Starts a run of 4 s, stops `whom` for 400 ms in it, and gives the result.
Stalled with_a_stall(Server& server, bool of_server) {
    loadgen::Child run = start_loadgen({"run", server.tcp(), "-c", "4", "-R", "500", "--arrival",
                                        "constant", "-d", "4s", "--warmup", "200ms", "--json", "-",
                                        "--pid", std::to_string(server.pid())});
    EXPECT_FALSE(run.wait(2s));
    loadgen::Child& whom = of_server ? server.child() : run;
    const TimePoint stopped = now();
    whom.signal(SIGSTOP);
    std::this_thread::sleep_for(400ms);
    whom.signal(SIGCONT);
    const double seconds = echotrio::seconds(now() - stopped);
    return {measured(finish(run)), seconds};
}

TEST(Honesty, AStoppedServerIsSeenByEveryRequestThatWasDue) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    Server server("fault");
    const auto [run, stopped] = with_a_stall(server, true);
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    // 400 of 4,000 ms: a tenth of the requests waited, half of those longer than 200 ms.
    EXPECT_NEAR(share_above(run.result.latency, 20 * kMillisecond), (stopped - 0.02) / 4, 0.06);
    EXPECT_NEAR(share_above(run.result.latency, 200 * kMillisecond), (stopped - 0.2) / 4, 0.03);
    EXPECT_GT(run.result.latency.value_at_percentile(99), 300 * kMillisecond);
    // Only the four requests on their way saw it by service time.
    EXPECT_LT(share_above(run.result.service_time, 200 * kMillisecond), 0.01);
    if (run.result.machine.hiccup_max_us.value_or(0) > 20'000) {
        GTEST_SKIP() << "inconclusive: the generator had no CPU for a while, too";
    }
    EXPECT_FALSE(run.has_reason("lateness")) << "the generator is not to blame";
}

TEST(Honesty, AStoppedGeneratorKnowsIt) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    Server server("fault");
    const Measured run = with_a_stall(server, false).run;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    EXPECT_GT(run.result.latency.value_at_percentile(99), 300 * kMillisecond);
    EXPECT_GT(run.result.lateness.value_at_percentile(99), 300 * kMillisecond);
    EXPECT_EQ(run.status, 3);
    EXPECT_TRUE(run.has_reason("lateness"));
}

TEST(Honesty, AKnownDelayIsMeasured) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    Server server("fault", {"--delay", "3ms"});
    const Measured run =
        measure({server.tcp(), "-c", "4", "-R", "200", "-d", "1s", "--warmup", "100ms"});
    const auto report = stop_and_report(server);
    const double held = report["mean_held_us"];
    const double error = *run.result.service_time_us.mean - held;
    EXPECT_GT(error, 0);
    EXPECT_GE(run.result.service_time.min(), 3 * kMillisecond * 0.99);
    EXPECT_GE(run.result.latency.min(), run.result.service_time.min());
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    EXPECT_LT(error, held) << "a fraction of it on a quiet machine";
}

TEST(Honesty, RequestsWithoutAnAnswerAreInTheHistogram) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    Server server("fault", {"--ignore", "100"});
    const Measured run = measure(
        {server.tcp(), "-c", "32", "-R", "1000", "-d", "1s", "--warmup", "0", "--timeout", "1s"});
    const auto& books = run.result.accounting;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    EXPECT_NEAR(static_cast<double>(books.timed_out), 10, 4);
    EXPECT_EQ(run.result.errors.timeout, books.timed_out);
    EXPECT_GE(run.result.latency.value_at_percentile(99.5), 999 * kMillisecond);
    EXPECT_EQ(run.result.latency.count(), books.completed + books.timed_out);
    EXPECT_EQ(run.status, 3);
    EXPECT_TRUE(run.has_reason("failures"));
}

TEST(Honesty, AWrongByteInAThousandRepliesIsFound) {
    for (const char* fault : {"--corrupt", "--shift"}) {
        Server server("fault", {fault, "1000"});
        const Measured run = measure({server.tcp(), "-c", "4", "-n", "5000"});
        EXPECT_EQ(run.result.errors.mismatch, 5);
        EXPECT_EQ(run.result.accounting.failed, 5);
        EXPECT_EQ(run.status, 3);
        EXPECT_TRUE(run.has_reason("integrity"));
    }
}

TEST(Honesty, ConnectionsThatAreNeverServedAreCounted) {
    Server server("fault", {"--serve", "3"});
    const Measured run =
        measure({server.tcp(), "-c", "8", "-d", "500ms", "--warmup", "0", "--timeout", "20s"});
    EXPECT_EQ(run.result.connections.served, 3);
    EXPECT_LT(run.result.connections.fairness, 0.5);
    EXPECT_TRUE(run.has_flag("fairness"));
    EXPECT_FALSE(run.result.verdict.rankable);
}

TEST(Honesty, AServerThatClosesAtOnceEndsInAVerdict) {
    Server server("fault", {"--close-at-once"});
    const Measured run = measure({server.tcp(), "-c", "4", "-d", "500ms", "--warmup", "0"});
    EXPECT_EQ(run.result.requests, 0);
    EXPECT_EQ(run.status, 3);
    EXPECT_GT(run.result.accounting.failed, 0);
    EXPECT_LT(run.result.accounting.failed, 500) << "it backs off instead of hammering";
}

TEST(Honesty, AServerThatClosesNowAndThenIsReconnected) {
    Server server("fault", {"--close-after", "50"});
    const Measured run = measure({server.tcp(), "-c", "4", "-n", "2000"});
    const auto& books = run.result.accounting;
    EXPECT_EQ(books.completed + books.failed, 2000);
    EXPECT_GT(books.completed, 1900);
    EXPECT_GE(run.result.connections.opened, 40);
}

TEST(Honesty, ArrivalsSeenByTheServerAreOfTheirKind) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    for (const bool poisson : {true, false}) {
        Server server("fault");
        const Measured run = measure({server.tcp(), "-c", "32", "-R", "400", "-d", "3s", "--warmup",
                                      "0", "--arrival", poisson ? "poisson" : "constant"});
        const auto report = stop_and_report(server);
        EXPECT_EQ(report["requests"], run.result.accounting.sent);
        if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
        EXPECT_NEAR(report["mean_gap_us"], 2500, 250);
        const double short_gaps = report["short_gaps"];
        if (poisson) {
            EXPECT_NEAR(short_gaps, 1 - std::exp(-0.5), 0.06);
        } else {
            EXPECT_LT(short_gaps, 0.15);
        }
    }
}

TEST(Honesty, TheSameSeedAsksForTheSame) {
    Server server("fault");
    std::vector<std::uint64_t> scheduled;
    for (const char* seed : {"5", "5", "6"}) {
        scheduled.push_back(
            measure({server.tcp(), "-c", "4", "-R", "3000", "-d", "300ms", "--seed", seed})
                .result.accounting.scheduled);
    }
    EXPECT_EQ(scheduled[0], scheduled[1]);
    EXPECT_NE(scheduled[0], scheduled[2]);
}

TEST(Honesty, AnOverloadedServerIsCalledThat) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    Server server("coroutine", {"--cpus", "0"});
    const Measured run =
        measure({server.http("/echo/x?cpu=5ms"), "-c", "32", "-R", "1000", "-d", "1500ms",
                 "--warmup", "100ms", "--timeout", "20s", "--pid", std::to_string(server.pid())});
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    EXPECT_GT(run.result.in_flight_at_end, 100);
    EXPECT_GT(run.result.backlog_at_end, 0);
    EXPECT_LT(run.result.throughput_rps, 900);
    // Fit on the whole is not fit at every moment.
    if (run.has_reason("lateness") || run.has_reason("generator")) {
        GTEST_SKIP() << "inconclusive: the generator was held up, and its verdict says so";
    }
    EXPECT_TRUE(run.result.verdict.overloaded);
    EXPECT_NE(run.err.find("OVERLOADED"), std::string::npos);
    EXPECT_EQ(run.err.find("p99.9"), std::string::npos) << "no percentiles of a backlog";
}

TEST(Honesty, ACrowdedGeneratorIsInvalid) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    int cpu = 0;
    while (!CPU_ISSET(static_cast<unsigned>(cpu), &allowed)) ++cpu;
    std::vector<loadgen::Child> burners;
    for (int i = 0; i < 3; ++i) {
        burners.push_back(
            *loadgen::Child::start({{"/bin/sh", "-c", "while :; do :; done"}, {cpu}}));
    }
    Server server("fault");
    const Measured run =
        measure({server.tcp(), "-c", "8", "-R", "2000", "-d", "1s", "--cpus", std::to_string(cpu)});
    EXPECT_EQ(run.status, 3);
    EXPECT_TRUE(run.has_reason("generator"));
}

}  // namespace
}  // namespace echotrio::test
