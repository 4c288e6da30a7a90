// What prefork's limits do: workers, connections, timeouts.
#include "tests/models/prefork_load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>

namespace echotrio::test {
namespace {

using nlohmann::json;
using State = Client::State;

TEST(PreforkLimits, ConnectionsBeyondTheWorkersWaitTheirTurn) {
    auto server = start_prefork({"--max-workers", "2"});
    Client first(server.where()), second(server.where());
    for (Client* client : {&first, &second}) {
        client->send("x");
        ASSERT_EQ(client->receive(1), "x");
    }
    Client third(server.where());
    ASSERT_TRUE(third.connected()) << "the kernel has it";
    third.send("y");
    EXPECT_EQ(third.receive(1, std::chrono::milliseconds(100)), "") << "no worker does";
    EXPECT_TRUE(wait_for_log(server, "all 2 workers are busy"));
    first.close();
    EXPECT_EQ(third.receive(1), "y");
    const std::string text = server.child().stderr_text();
    const std::size_t at = text.find("all 2 workers are busy");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(text.find("all 2 workers are busy", at + 1), std::string::npos) << "said once";
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkLimits, ThePoolGrowsUnderLoadAndShrinksAfterIt) {
    auto server = start_prefork(
        {"--start-workers", "2", "--min-spare", "2", "--max-spare", "2", "--max-workers", "8"});
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(server.where());
        clients.back().send("x");
    }
    for (Client& client : clients) EXPECT_EQ(client.receive(1), "x");
    const json grown = stats_when(server.where(),
                                  [](const json& s) { return s["workers"]["spawned_total"] >= 5; });
    EXPECT_GE(grown["workers"]["spawned_total"], 5) << "two idle ones beside the three busy ones";
    clients.clear();
    const json shrunk = stats_when(server.where(), [&](const json& s) {
        return workers_of(s).size() < workers_of(grown).size();
    });
    EXPECT_LT(workers_of(shrunk).size(), workers_of(grown).size());
    EXPECT_EQ(shrunk["workers"]["dead_total"], 0);
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkLimits, MaxConnectionsIsExact) {
    auto server = start_prefork({"--max-connections", "2"});
    Client first(server.where()), second(server.where());
    for (Client* client : {&first, &second}) {
        client->send("x");
        ASSERT_EQ(client->receive(1), "x");
    }
    Client raw(server.where());
    raw.send("more");
    EXPECT_EQ(raw.receive_all(), "");
    auto reply = get(server.where(), "/echo/hi");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 503);
    Client silent(server.where());
    EXPECT_EQ(silent.receive_all(), "") << "it does not hold a worker";
    second.close();
    json stats;
    const TimePoint deadline = now() + kPatience;
    while (stats.is_null() && now() < deadline) stats = stats_of(server.where());
    EXPECT_GE(stats["connections"]["refused"], 3);
    first.send("y");
    EXPECT_EQ(first.receive(1), "y");
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkLimits, ASeatOfAKilledWorkerIsFreeAgain) {
    auto server = start_prefork({"--max-connections", "1"});
    const std::vector<int> workers = workers_of(stats_of(server.where()));
    Client held(server.where());
    held.send("x");
    ASSERT_EQ(held.receive(1), "x");
    EXPECT_EQ(get(server.where(), "/")->status, 503);
    for (const int pid : workers) ::kill(pid, SIGKILL);
    const json stats =
        stats_when(server.where(), [](const json& s) { return s["connections"]["now"] == 1; });
    EXPECT_EQ(stats["connections"]["now"], 1);
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkLimits, TimeoutsEndIdleAndSlowPeers) {
    auto server = start_prefork({"--idle-timeout", "150ms", "--request-timeout", "150ms"});
    Client idle(server.where());
    EXPECT_EQ(idle.state(kPatience), State::ended);
    Client slow(server.where());
    slow.send("GET /echo/hi HTTP/1.1\r\n");
    std::optional<Reply> reply;
    for (int i = 0; i < 200 && slow.send("X-Slow: y\r\n"); ++i) {  // never silent for long
        if (slow.state(std::chrono::milliseconds(20)) != State::open) break;
    }
    reply = slow.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 408);
    const json stats = stats_of(server.where());
    EXPECT_EQ(stats["errors"]["timeouts"], 2);
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
