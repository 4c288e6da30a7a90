// Prefork when processes are killed: only what they held is lost, every count stays, nobody is
// left behind.
#include "tests/models/prefork_load.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace echotrio::test {
namespace {

using Kind = Load::Kind;
using nlohmann::json;

Words pool_of(int workers, const Words& more = {}) {
    Words arguments{"--start-workers", std::to_string(workers), "--min-spare", "1",
                    "--max-spare",     std::to_string(workers)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

class PreforkKill : public testing::TestWithParam<const char*> {};

TEST_P(PreforkKill, WorkersUnderLoadLoseOnlyTheirOwnRequestAndNoCount) {
    Server server("prefork", pool_of(12, {"--accept", GetParam()}));
    const std::vector<int> workers = workers_of(server.stats());
    ASSERT_EQ(workers.size(), 12U);
    Load load(server.where(), {Kind::raw, Kind::raw, Kind::raw, Kind::http, Kind::http});
    load.wait_for(200);
    constexpr std::size_t kKilled = 4;
    for (std::size_t i = 0; i < kKilled; ++i) {
        ::kill(workers[i * 3], SIGKILL);
        load.wait_for(50);
    }
    load.wait_for(200);
    const Load::Tally seen = load.stop();
    EXPECT_EQ(seen.refused, 0U);
    EXPECT_EQ(seen.wrong, 0U);
    EXPECT_LE(seen.lost, kKilled);

    const json stats = server.stats_when([](const json& s) {
        return s["workers"]["dead_total"] == kKilled && s["connections"]["now"] == 1;
    });
    EXPECT_EQ(stats["workers"]["dead_total"], kKilled);
    EXPECT_EQ(stats["connections"]["now"], 1) << "the dead workers' connections are over";
    // /stats counts those who ask it, once the reply is made
    const auto requests = stats["requests"].get<std::uint64_t>();
    const auto asked = stats["connections"]["total"].get<std::uint64_t>() - seen.connections;
    EXPECT_GE(requests + 1, seen.answered + asked);
    EXPECT_LE(requests + 1, seen.answered + asked + seen.lost);
    EXPECT_TRUE(server.wait_for_log("was killed by signal 9 (Killed)"));
    EXPECT_EQ(server.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Accept, PreforkKill, testing::Values("shared", "lock", "reuseport"),
                         [](const auto& param) { return std::string(param.param); });

TEST(PreforkKill, AnIdleWorkerIsNotMissed) {
    Server server("prefork", pool_of(6));
    std::vector<int> workers = workers_of(server.stats());
    workers.pop_back();
    for (const int pid : workers) {
        ::kill(pid, SIGKILL);
        ASSERT_TRUE(wait_until_gone({pid}));  // dying, it could still take a connection with it
        const auto reply = get(server.where(), "/echo/there");
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->body, "there");
    }
    const json stats =
        server.stats_when([](const json& s) { return s["workers"]["dead_total"] == 5; });
    EXPECT_EQ(stats["workers"]["dead_total"], 5);
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkKill, TheSupervisorLeavesNoOrphans) {
    Server server("prefork", pool_of(8));
    Load load(server.where(), {Kind::raw, Kind::http});
    load.wait_for(20);
    const std::vector<int> workers = workers_of(server.stats());
    ASSERT_EQ(workers.size(), 8U);
    server.signal(SIGKILL);
    EXPECT_TRUE(wait_until_gone(workers));
    load.stop();
    EXPECT_FALSE(Client(server.where()).connected());
}

TEST(PreforkKill, AStoppedWorkerIsReplaced) {
    // both, because the worker may still be waiting for the request when it is stopped
    Server server("prefork", pool_of(2, {"--request-timeout", "100ms", "--idle-timeout", "100ms"}));
    Client client(server.where());
    client.send("GET /echo/hi?cpu=8s HTTP/1.1\r\nHost: test\r\n\r\n");
    json stats = server.stats_when([](const json& s) { return s["workers"]["busy"] == 2; });
    const std::vector<int> workers = workers_of(stats);
    // which of the two has our request? The other one, if it is idle, can't be told from one that
    // hangs, and lives
    for (const int pid : workers) ::kill(pid, SIGSTOP);
    EXPECT_EQ(client.receive_all(), "") << "its connection ended";
    for (const int pid : workers) ::kill(pid, SIGCONT);
    stats = server.stats_when([](const json& s) { return s["workers"]["dead_total"] >= 1; });
    EXPECT_GE(stats["workers"]["dead_total"], 1);
    EXPECT_TRUE(server.wait_for_log("hangs"));
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkKill, AWorkerThatComputesForLongIsNotTakenForHung) {
    Server server("prefork", pool_of(2, {"--request-timeout", "100ms"}));
    Client client(server.where());
    client.send("GET /echo/done?cpu=1500ms HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(client.receive_all(std::chrono::seconds(100)).ends_with("done"));
    EXPECT_EQ(server.stats()["workers"]["dead_total"], 0);
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
