// The threads server from outside: what its lock does to its clients, its limits, its stop.
#include "loadgen/experiment/server_process.hpp"
#include "tests/models/prefork_load.hpp"
#include "tests/support/client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

using loadgen::Child;
using loadgen::ServerProcess;
using nlohmann::json;
using State = Client::State;
using namespace std::chrono_literals;

constexpr bool kSanitized = sizeof ECHOTRIO_SANITIZERS > 1;

std::string bin_dir() {
    const char* const set = std::getenv("ECHOTRIO_BIN");
    return set != nullptr ? set : loadgen::own_bin_dir();
}

ServerProcess start(std::vector<std::string> arguments) {
    auto server = ServerProcess::start(bin_dir(), "threads", std::move(arguments));
    if (!server) {
        ADD_FAILURE() << server.error().message;
        std::exit(1);
    }
    return *std::move(server);
}

// The server under limits of the system (`prlimit OPTION`).
struct Limited {
    Child child;
    net::HostPort where;
};
Limited start_limited(const std::string& limit, const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{"prlimit", limit, bin_dir() + "/echo-threads", "--port", "0"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto child = Child::start({.argv = argv});
    auto line = child ? child->read_line(20s) : Result<std::string>(child.error());
    if (!line) {
        ADD_FAILURE() << line.error().message;
        std::exit(1);
    }
    const auto port = line->substr(line->find("port=") + 5);
    return {*std::move(child), {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(port))}};
}

// "/echo/TEXT?..." on this connection; the reply comes with reply().
// How many bytes were sent.
std::size_t ask(Client& client, std::string_view path) {
    const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path);
    client.send(request);
    return request.size();
}

// Waits until the server has received `bytes` beside the questions for its /stats. To be made while
// it has received nothing.
class Received {
  public:
    explicit Received(const net::HostPort& where)
        : where_(where), question_(stats_of(where)["bytes"]["in"]) {}
    void wait_for(std::uint64_t bytes) {
        stats_when(where_, [&](const json& s) {
            ++questions_;
            return s["bytes"]["in"] >= bytes + questions_ * question_;
        });
    }

  private:
    net::HostPort where_;
    std::uint64_t question_;
    std::uint64_t questions_ = 1;
};

bool echoes(Client& client) {
    return client.send("\x01ping") && client.receive(5) == "\x01ping";
}

TEST(Threads, ComputingRequestsTakeTurnsUnderTheLock) {
    auto server = start({"--switch-interval", "1ms"});
    Client first(server.where()), second(server.where());
    ask(first, "/echo/a?cpu=60ms");
    ask(second, "/echo/b?cpu=60ms");
    EXPECT_EQ(first.reply().value_or(Reply{}).body, "a");
    EXPECT_EQ(second.reply().value_or(Reply{}).body, "b");
    const json gil = stats_of(server.where())["gil"];
    EXPECT_GE(gil["contended"], 1);
    EXPECT_GE(gil["timeouts"], gil["drop_requests"]);
    EXPECT_GE(gil["drop_requests"], 5);
    EXPECT_GE(gil["switches"], 5);
    EXPECT_GE(gil["drop_requests"], gil["forced_switches"]);
    EXPECT_GE(gil["acquisitions"], gil["switches"]);
    EXPECT_GE(gil["waiters_max"], 1);
    EXPECT_GE(gil["longest_hold_us"], 900);
    EXPECT_GE(gil["wait_p99_us"], gil["wait_p50_us"]);
    EXPECT_GE(gil["wait_p50_us"], 1);
    EXPECT_EQ(server.stop(), 0);
}

TEST(Threads, EveryLockServesAndCountsTheSame) {
    for (const char* lock : {"switch", "ticks", "off"}) {
        auto server = start({"--gil", lock, "--check-interval", "50"});
        std::vector<Client> clients;
        for (int i = 0; i < 8; ++i) clients.emplace_back(server.where());
        for (int round = 0; round < 20; ++round) {
            for (Client& client : clients) ASSERT_TRUE(echoes(client)) << lock;
        }
        const json stats = stats_of(server.where());
        EXPECT_EQ(stats["requests"], 160) << lock;
        // what is sent is counted after it is sent: the client may be a moment earlier
        const auto sent = [](const json& s) { return s["bytes"]["out"] >= 160 * 5; };
        EXPECT_TRUE(sent(stats_when(server.where(), sent))) << lock;
        EXPECT_EQ(stats["connections"]["now"], 9) << lock;
        if (lock == std::string("off")) {
            EXPECT_EQ(stats["gil"]["acquisitions"], 0);
        } else {  // each echo: after its receive and after its send
            EXPECT_GE(stats["gil"]["acquisitions"], 320) << lock;
        }
        EXPECT_EQ(server.stop(), 0) << lock;
    }
}

TEST(Threads, WaitingRequestsDoNotHoldTheLock) {
    auto server = start({});
    std::vector<Client> clients;
    for (int i = 0; i < 40; ++i) clients.emplace_back(server.where());
    const TimePoint begin = now();
    for (Client& client : clients) ask(client, "/echo/x?wait=500ms");
    for (Client& client : clients) EXPECT_EQ(client.reply().value_or(Reply{}).status, 200);
    EXPECT_LT(now() - begin, 10s) << "one after the other they take 20 s";
    EXPECT_EQ(server.stop(), 0);
}

// Two pages of stack, and the slot: buffers that a silent connection does not touch cost nothing.
TEST(Threads, AnIdleConnectionKeepsTwoPages) {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is another";
    auto server = start({});
    const auto private_kb = [&] {
        std::ifstream rollup(fmt::format("/proc/{}/smaps_rollup", server.pid()));
        for (std::string word; rollup >> word;) {
            if (word != "Private_Dirty:") continue;
            double kb = 0;
            rollup >> kb;
            return kb;
        }
        return 0.0;
    };
    std::vector<Client> clients;
    const auto grow_to = [&](std::size_t count) {
        while (clients.size() < count) {
            clients.emplace_back(server.where());
            ASSERT_TRUE(echoes(clients.back()));
        }
    };
    grow_to(100);
    const double before = private_kb();
    grow_to(400);
    const double each = (private_kb() - before) / 300;
    EXPECT_GT(each, 4);
    EXPECT_LT(each, 10) << "kB a connection";
    EXPECT_EQ(server.stop(), 0);
}

TEST(ThreadsLimits, BeyondMaxThreadsConnectionsAreRefusedAndCounted) {
    auto server = start({"--max-threads", "2"});
    Client first(server.where()), second(server.where());
    ASSERT_TRUE(echoes(first) && echoes(second));
    Client http(server.where());
    ask(http, "/");
    EXPECT_EQ(http.reply().value_or(Reply{}).status, 503);
    http.finish();
    EXPECT_EQ(http.state(kPatience), State::ended);
    Client raw(server.where());
    raw.send("\x01");
    EXPECT_EQ(raw.receive_all(), "");
    Client silent(server.where());
    EXPECT_NE(silent.state(kPatience), State::open);
    EXPECT_TRUE(echoes(first) && echoes(second));

    first.close();
    const json stats =
        stats_when(server.where(), [](const json& s) { return s["connections"]["now"] == 2; });
    EXPECT_GE(stats["connections"]["refused"], 3);
    EXPECT_EQ(server.stop(), 0);
}

// The system has no memory for another stack: pthread_create says EAGAIN.
TEST(ThreadsLimits, WhenNoThreadCanBeMadeTheOthersGoOn) {
    if (kSanitized) GTEST_SKIP() << "a sanitizer needs the address space";
    auto server = start_limited("--as=700000000", {"--stack-size", "64MiB"});
    std::vector<Client> served;
    for (int i = 0; i < 16; ++i) {
        Client client(server.where);
        if (echoes(client)) served.push_back(std::move(client));
    }
    EXPECT_GE(served.size(), 2U);
    EXPECT_LT(served.size(), 16U);
    for (Client& client : served) EXPECT_TRUE(echoes(client));
    served.pop_back();
    const json stats = stats_when(server.where, [](const json&) { return true; });
    ASSERT_FALSE(stats.is_null()) << "a thread that ended makes room";
    EXPECT_GE(stats["connections"]["refused"], 16 - static_cast<int>(served.size()) - 1);
    EXPECT_EQ(server.child.stop(20s), 0);
}

TEST(ThreadsLimits, OutOfDescriptorsItClosesTheNewAndKeepsTheOld) {
    auto server = start_limited("--nofile=32", {});
    std::vector<Client> served;
    int shed = 0;
    for (int i = 0; i < 48; ++i) {
        Client client(server.where);
        if (echoes(client)) {
            served.push_back(std::move(client));
        } else {
            ++shed;
        }
    }
    EXPECT_GE(served.size(), 16U);
    EXPECT_GE(shed, 16);
    for (Client& client : served) EXPECT_TRUE(echoes(client));
    served.clear();
    const json stats = stats_when(server.where, [&](const json& s) {
        return s["connections"]["refused"] >= shed && s["connections"]["now"] == 1;
    });
    EXPECT_GE(stats["connections"]["refused"], shed);
    EXPECT_EQ(server.child.stop(20s), 0);
}

TEST(ThreadsLimits, ARequestThatTricklesEndsAtItsTime) {
    auto server = start({"--request-timeout", "400ms", "--idle-timeout", "10s"});
    Client client(server.where());
    const TimePoint begin = now();
    client.send("GET /");
    while (now() - begin < 10s && client.state(20ms) == State::open && client.send("a")) {
    }
    EXPECT_LT(now() - begin, 5s);
    EXPECT_GE(now() - begin, 400ms);
    EXPECT_EQ(server.stop(), 0);
}

TEST(ThreadsLimits, ASilentConnectionEndsAtItsTime) {
    auto server = start({"--idle-timeout", "200ms"});
    Client client(server.where());
    const TimePoint begin = now();
    ASSERT_TRUE(echoes(client));
    EXPECT_EQ(client.state(kPatience), State::ended);
    EXPECT_GE(now() - begin, 200ms);
    const json stats = stats_of(server.where());
    EXPECT_EQ(stats["errors"]["timeouts"], 1);
    EXPECT_EQ(server.stop(), 0);
}

TEST(ThreadsStop, FinishesWhatIsInFlightAndEndsWhatIsIdle) {
    auto server = start({"--drain-timeout", "30s", "--idle-timeout", "60s"});
    Received received(server.where());
    Client idle(server.where()), half(server.where()), computing(server.where()),
        waiting(server.where());
    ASSERT_TRUE(echoes(idle));
    const std::string_view head = "GET /echo/half HTTP/1.1\r\nHost: te";
    half.send(head);
    const std::size_t asked =
        ask(computing, "/echo/computed?cpu=300ms") + ask(waiting, "/echo/waited?wait=600ms");
    received.wait_for(5 + head.size() + asked);
    server.child().signal(SIGTERM);
    EXPECT_EQ(idle.state(kPatience), State::ended);
    half.send("st\r\n\r\n");
    for (auto* client : {&half, &computing, &waiting}) {
        const auto reply = client->reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, 200);
        EXPECT_EQ(reply->headers.at("connection"), "close");
        EXPECT_EQ(client->state(kPatience), State::ended);
    }
    EXPECT_EQ(server.child().wait(20s), 0);
}

TEST(ThreadsStop, LeavesAtTheDeadlineAndAtASecondSignal) {
    for (const bool second_signal : {false, true}) {
        auto server = start({"--drain-timeout", second_signal ? "1h" : "200ms"});
        Received received(server.where());
        Client idle(server.where()), busy(server.where());
        ASSERT_TRUE(echoes(idle));
        received.wait_for(5 + ask(busy, "/echo/x?wait=10s"));
        const TimePoint begin = now();
        server.child().signal(SIGTERM);
        EXPECT_EQ(idle.state(kPatience), State::ended);
        if (second_signal) server.child().signal(SIGINT);
        EXPECT_EQ(server.child().wait(8s), 1);
        EXPECT_LT(now() - begin, 8s);
    }
}

}  // namespace
}  // namespace echotrio::test
