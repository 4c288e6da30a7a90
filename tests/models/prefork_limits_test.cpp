// The limits that prefork alone has, workers, and what their death does to those of all.
#include "tests/models/prefork_load.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace echotrio::test {
namespace {

using nlohmann::json;

TEST(PreforkLimits, ConnectionsBeyondTheWorkersWaitTheirTurn) {
    Server server("prefork", {"--max-workers", "2"});
    Client first(server.where()), second(server.where());
    for (Client* client : {&first, &second}) {
        client->send("x");
        ASSERT_EQ(client->receive(1), "x");
    }
    Client third(server.where());
    ASSERT_TRUE(third.connected()) << "the kernel has it";
    third.send("y");
    EXPECT_EQ(third.receive(1, std::chrono::milliseconds(100)), "") << "no worker does";
    EXPECT_TRUE(server.wait_for_log("all 2 workers are busy"));
    first.close();
    EXPECT_EQ(third.receive(1), "y");
    const std::string text = server.log();
    const std::size_t at = text.find("all 2 workers are busy");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(text.find("all 2 workers are busy", at + 1), std::string::npos) << "said once";
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkLimits, ThePoolGrowsUnderLoadAndShrinksAfterIt) {
    Server server("prefork", {"--start-workers", "2", "--min-spare", "2", "--max-spare", "2",
                              "--max-workers", "8"});
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(server.where());
        clients.back().send("x");
    }
    for (Client& client : clients) EXPECT_EQ(client.receive(1), "x");
    const json grown =
        server.stats_when([](const json& s) { return s["workers"]["spawned_total"] >= 5; });
    EXPECT_GE(grown["workers"]["spawned_total"], 5) << "two idle ones beside the three busy ones";
    clients.clear();
    const json shrunk = server.stats_when(
        [&](const json& s) { return workers_of(s).size() < workers_of(grown).size(); });
    EXPECT_LT(workers_of(shrunk).size(), workers_of(grown).size());
    EXPECT_EQ(shrunk["workers"]["dead_total"], 0);
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkLimits, ASeatOfAKilledWorkerIsFreeAgain) {
    Server server("prefork", {"--max-connections", "1"});
    const std::vector<int> workers = workers_of(server.stats());
    // Until the server has seen the end of the question above, it is one connection too many.
    std::optional<Client> held;
    ASSERT_TRUE(eventually([&] {
        held.emplace(server.where());
        return held->send("x") && held->receive(1) == "x";
    }));
    EXPECT_EQ(get(server.where(), "/")->status, 503);
    for (const int pid : workers) ::kill(pid, SIGKILL);
    const json stats =
        server.stats_when([](const json& s) { return s["connections"]["now"] == 1; });
    EXPECT_EQ(stats["connections"]["now"], 1);
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
