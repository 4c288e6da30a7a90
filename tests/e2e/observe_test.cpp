// loadgen observe and loadgen wait: a server measured through an observer gives the figures that
// --pid gives, and strangers at the observer's port change nothing.
#include "common/net/socket.hpp"
#include "loadgen/probe/group.hpp"
#include "loadgen/subject/fetch.hpp"
#include "loadgen/subject/observer.hpp"
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

using namespace std::chrono_literals;

// A pool that stays as it is: two looks at it find the same processes.
Words steady(const std::string& model) {
    if (model != "prefork") return {};
    return {"--start-workers", "6", "--min-spare", "1", "--max-spare", "6", "--max-workers", "6"};
}

// A server with an observer beside it.
class ObserveTest : public testing::TestWithParam<std::string> {
  protected:
    Server server_{GetParam(), steady(GetParam())};
    const std::string pid_ = std::to_string(server_.pid());
    Server observer_ = Server::of({program("loadgen"), "observe", "--pid", pid_, "--port", "0"});
    const net::HostPort where_ = observer_.where();
};

TEST_P(ObserveTest, AgreesWithTheProbe) {
    bool late = false;
    const auto server_part = [&](const std::string& flag, const std::string& value) {
        const auto run = measure(
            {server_.tcp(), "-c", "4", "--warmup", "200ms", "--duration", "2s", flag, value});
        late |= run.read_late();
        return run.json.at("server");
    };
    measure({server_.tcp(), "-c", "4", "-n", "1000"});  // what a first load touches is no matter
    const auto own = server_part("--pid", pid_);
    auto probe = loadgen::GroupProbe::attach(server_.pid());
    ASSERT_TRUE(probe) << probe.error().message;
    probe->window_begins();
    const auto observed = server_part("--observer", net::format_host_port(where_));
    probe->window_ends();
    EXPECT_EQ(own.at("processes"), observed.at("processes"));
    if (late) GTEST_SKIP() << "inconclusive: the counters were read late, and left out";
    // Of the same run: what it costs differs from one to the next. The probe's window is a little
    // longer, and each counts in ticks of 10 ms.
    const double cpu = observed.at("cpu_s").get<double>();
    EXPECT_LE(cpu, probe->use(1).cpu_s.value() + 0.05);
    EXPECT_GE(cpu, 0.7 * probe->use(1).cpu_s.value() - 0.05);
    for (const char* metric : {"pss", "page_tables", "kernel_stacks"}) {
        const auto value = own.at("memory").at(metric).get<double>();
        EXPECT_NEAR(value, observed.at("memory").at(metric).get<double>(), 0.15 * value) << metric;
    }
    EXPECT_GT(observed.at("voluntary_switches").get<double>(), 0);
    EXPECT_TRUE(observed.at("cgroup").is_null() || observed.at("cgroup").at("version") >= 1);
}

TEST_P(ObserveTest, TellsWhereTheServerRuns) {
    const auto observer = loadgen::Observer::attach(where_);
    ASSERT_TRUE(observer) << observer.error().message;
    EXPECT_TRUE(observer->on_this_machine());
    EXPECT_FALSE(observer->server_cpus().empty());
}

// It answers when it has a CPU. The load does not wait for it, and knows when it looked.
TEST_P(ObserveTest, TellsWhenItLooked) {
    auto observer = loadgen::Observer::attach(where_);
    ASSERT_TRUE(observer) << observer.error().message;
    observer_.signal(SIGSTOP);
    observer->window_begins();
    const TimePoint asleep = now();
    observer_.signal(SIGCONT);
    EXPECT_GT(observer->begun_at(), asleep);
    const TimePoint before = now();
    observer->window_ends();
    EXPECT_GT(observer->ended_at(), before);
    EXPECT_LT(observer->ended_at(), now()) << "the answer came after the reading";
    const auto use = observer->use(0);
    ASSERT_TRUE(use);
    EXPECT_TRUE(use->cpu_s && use->voluntary_switches);
}

TEST_P(ObserveTest, FiguresOfALateOneAreLeftOut) {
    if (GetParam() != "coroutine") return;  // the observer is the same beside each
    const Server late = Server::of({ECHOTRIO_LATE_OBSERVER, std::to_string(where_.port), "0.2"});
    const auto measured = measure({server_.tcp(), "-c", "2", "--warmup", "100ms", "--duration",
                                   "400ms", "--observer", net::format_host_port(late.where())});
    const auto& server = measured.json.at("server");
    for (const char* counter : {"cpu_s", "cpu_us_per_request", "minor_faults"}) {
        EXPECT_TRUE(server.at(counter).is_null()) << counter;
    }
    EXPECT_EQ(server.at("processes"), 1);
    EXPECT_GT(server.at("memory").at("pss").get<double>(), 0) << "no matter of time";
    EXPECT_TRUE(measured.read_late()) << measured.err;
}

TEST_P(ObserveTest, StrangersChangeNothing) {
    if (GetParam() != "coroutine") return;  // the observer is the same beside each
    std::vector<net::Fd> silent;
    for (const std::string text :
         {"", "GET /use HTTP/1.1\r\n", "\r\n\r\n", "POST /use HTTP/1.1\r\n\r\n",
          "GET /../etc/passwd HTTP/1.1\r\n\r\n"}) {
        auto connection = net::connect_tcp(where_, 5s);
        ASSERT_TRUE(connection);
        net::write_some(connection->get(), text);
        silent.push_back(std::move(*connection));
    }
    auto large = net::connect_tcp(where_, 5s);
    ASSERT_TRUE(large);
    net::write_some(large->get(), std::string(100'000, 'x'));
    EXPECT_TRUE(loadgen::Observer::attach(where_)) << "does not answer any more";
}

TEST_P(ObserveTest, MetricsPassPromtool) {
    if (std::system("command -v promtool >/dev/null") != 0) {
        GTEST_SKIP() << "no promtool: install Debian's prometheus";
    }
    for (const net::HostPort& where : {server_.where(), where_}) {
        const auto metrics = loadgen::fetch(where, "/metrics", 10s);
        ASSERT_TRUE(metrics) << metrics.error().message;
        std::FILE* promtool = ::popen("promtool check metrics", "w");
        ASSERT_NE(promtool, nullptr);
        EXPECT_EQ(std::fwrite(metrics->data(), 1, metrics->size(), promtool), metrics->size());
        EXPECT_EQ(::pclose(promtool), 0) << *metrics;
    }
}

TEST_P(ObserveTest, EndsWithItsServer) {
    server_.stop();
    EXPECT_EQ(observer_.wait(), 1);
    EXPECT_NE(observer_.log().find("has ended"), std::string::npos);
}

TEST_P(ObserveTest, EndsOnTerm) {
    observer_.signal(SIGTERM);
    EXPECT_EQ(observer_.wait(), 0);
}

INSTANTIATE_TEST_SUITE_P(Models, ObserveTest, testing::Values("prefork", "threads", "coroutine"),
                         [](const auto& model) { return model.param; });

TEST(Observe, WhatCannotBeObservedIsOneLine) {
    const Ran none = run_loadgen({"observe", "--pid", "999999999", "--port", "0"});
    EXPECT_EQ(none.status, 1);
    EXPECT_TRUE(none.err.starts_with("error: can't measure process 999999999")) << none.err;
    EXPECT_EQ(run_loadgen({"observe"}).status, 2);
    const Ran no_observer =
        run_loadgen({"run", "tcp://127.0.0.1:1", "--observer", "127.0.0.1:1", "-n", "1"});
    EXPECT_EQ(no_observer.status, 1);
    EXPECT_TRUE(no_observer.err.starts_with("error: ")) << no_observer.err;
}

}  // namespace
}  // namespace echotrio::test
