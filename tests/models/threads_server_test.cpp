// The threads server from outside: what its lock does to its clients, its limits.
#include "tests/support/sanitized.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

using nlohmann::json;
using State = Client::State;
using namespace std::chrono_literals;

TEST(Threads, ComputingRequestsTakeTurnsUnderTheLock) {
    Server server("threads", {"--switch-interval", "1ms"});
    Client first(server.where()), second(server.where());
    json gil;
    // Until they met: the second one may have no CPU until the first has its reply.
    for (int attempt = 0; attempt < 20; ++attempt) {
        ask(first, "/echo/a?cpu=60ms");
        ask(second, "/echo/b?cpu=60ms");
        EXPECT_EQ(first.reply().value_or(Reply{}).body, "a");
        EXPECT_EQ(second.reply().value_or(Reply{}).body, "b");
        gil = server.stats()["gil"];
        if (gil["drop_requests"] >= 5) break;
    }
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
        Server server("threads", {"--gil", lock, "--check-interval", "50"});
        std::vector<Client> clients;
        for (int i = 0; i < 8; ++i) clients.emplace_back(server.where());
        for (int round = 0; round < 20; ++round) {
            for (Client& client : clients) ASSERT_TRUE(echoes(client)) << lock;
        }
        const json stats = server.stats();
        EXPECT_EQ(stats["requests"], 160) << lock;
        // what is sent is counted after it is sent: the client may be a moment earlier
        const auto sent = [](const json& s) { return s["bytes"]["out"] >= 160 * 5; };
        EXPECT_TRUE(sent(server.stats_when(sent))) << lock;
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
    Server server("threads");
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
    Server server("threads");
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
    Server server("threads", {"--max-threads", "2"});
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
        server.stats_when([](const json& s) { return s["connections"]["now"] == 2; });
    EXPECT_GE(stats["connections"]["refused"], 3);
    EXPECT_EQ(server.stop(), 0);
}

// The system has no memory for another stack: pthread_create says EAGAIN.
TEST(ThreadsLimits, WhenNoThreadCanBeMadeTheOthersGoOn) {
    if (kSanitized) GTEST_SKIP() << "a sanitizer needs the address space";
    Server server("threads", {"--stack-size", "64MiB"}, {.command = {"prlimit", "--as=700000000"}});
    std::vector<Client> served;
    for (int i = 0; i < 16; ++i) {
        Client client(server.where());
        if (echoes(client)) served.push_back(std::move(client));
    }
    EXPECT_GE(served.size(), 2U);
    EXPECT_LT(served.size(), 16U);
    for (Client& client : served) EXPECT_TRUE(echoes(client));
    served.pop_back();
    const json stats = server.stats_when([](const json&) { return true; });
    ASSERT_FALSE(stats.is_null()) << "a thread that ended makes room";
    EXPECT_GE(stats["connections"]["refused"], 16 - static_cast<int>(served.size()) - 1);
    EXPECT_EQ(server.stop(), 0);
}

TEST(ThreadsLimits, OutOfDescriptorsItClosesTheNewAndKeepsTheOld) {
    Server server("threads", {}, {.command = {"prlimit", "--nofile=32"}});
    std::vector<Client> served;
    int shed = 0;
    for (int i = 0; i < 48; ++i) {
        Client client(server.where());
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
    const json stats = server.stats_when([&](const json& s) {
        return s["connections"]["refused"] >= shed && s["connections"]["now"] == 1;
    });
    EXPECT_GE(stats["connections"]["refused"], shed);
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
