// Prefork when processes are killed: only what they held is lost, every count stays, nobody is
// left behind.
#include "tests/models/prefork_load.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <thread>

namespace echotrio::test {
namespace {

using Kind = Load::Kind;
using nlohmann::json;

// False also for one that is dead and only waits to be reaped.
bool runs(int pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string text;
    if (!std::getline(file, text)) return false;
    const char state = text[text.rfind(')') + 2];
    return state != 'Z' && state != 'X';
}

bool wait_until_gone(const std::vector<int>& pids) {
    const TimePoint deadline = now() + std::chrono::seconds(10);
    for (const int pid : pids) {
        while (runs(pid)) {
            if (now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
    return true;
}

std::vector<std::string> pool_of(int workers, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--start-workers", std::to_string(workers),
                                       "--min-spare",     "1",
                                       "--max-spare",     std::to_string(workers)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

class PreforkKill : public testing::TestWithParam<const char*> {};

TEST_P(PreforkKill, WorkersUnderLoadLoseOnlyTheirOwnRequestAndNoCount) {
    auto server = start_prefork(pool_of(12, {"--accept", GetParam()}));
    const std::vector<int> workers = workers_of(stats_of(server.where()));
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

    const json stats = stats_when(server.where(), [](const json& s) {
        return s["workers"]["dead_total"] == kKilled && s["connections"]["now"] == 1;
    });
    EXPECT_EQ(stats["workers"]["dead_total"], kKilled);
    EXPECT_EQ(stats["connections"]["now"], 1) << "the dead workers' connections are over";
    // /stats counts those who ask it, once the reply is made
    const auto requests = stats["requests"].get<std::uint64_t>();
    const auto asked = stats["connections"]["total"].get<std::uint64_t>() - seen.connections;
    EXPECT_GE(requests + 1, seen.answered + asked);
    EXPECT_LE(requests + 1, seen.answered + asked + seen.lost);
    EXPECT_TRUE(wait_for_log(server, "was killed by signal 9 (Killed)"));
    EXPECT_EQ(server.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Accept, PreforkKill, testing::Values("shared", "lock", "reuseport"),
                         [](const auto& param) { return std::string(param.param); });

TEST(PreforkKill, AnIdleWorkerIsNotMissed) {
    auto server = start_prefork(pool_of(6));
    std::vector<int> workers = workers_of(stats_of(server.where()));
    workers.pop_back();
    for (const int pid : workers) {
        ::kill(pid, SIGKILL);
        ASSERT_TRUE(wait_until_gone({pid}));  // dying, it could still take a connection with it
        const auto reply = get(server.where(), "/echo/there");
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->body, "there");
    }
    const json stats =
        stats_when(server.where(), [](const json& s) { return s["workers"]["dead_total"] == 5; });
    EXPECT_EQ(stats["workers"]["dead_total"], 5);
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkKill, TheSupervisorLeavesNoOrphans) {
    auto server = start_prefork(pool_of(8));
    Load load(server.where(), {Kind::raw, Kind::http});
    load.wait_for(20);
    const std::vector<int> workers = workers_of(stats_of(server.where()));
    ASSERT_EQ(workers.size(), 8U);
    server.child().signal(SIGKILL);
    EXPECT_TRUE(wait_until_gone(workers));
    load.stop();
    EXPECT_FALSE(Client(server.where()).connected());
}

TEST(PreforkKill, AStoppedWorkerIsReplaced) {
    // both, because the worker may still be waiting for the request when it is stopped
    auto server =
        start_prefork(pool_of(2, {"--request-timeout", "100ms", "--idle-timeout", "100ms"}));
    Client client(server.where());
    client.send("GET /echo/hi?cpu=8s HTTP/1.1\r\nHost: test\r\n\r\n");
    json stats =
        stats_when(server.where(), [](const json& s) { return s["workers"]["busy"] == 2; });
    const std::vector<int> workers = workers_of(stats);
    // which of the two has our request? The other one, if it is idle, can't be told from one that
    // hangs, and lives
    for (const int pid : workers) ::kill(pid, SIGSTOP);
    EXPECT_EQ(client.receive_all(), "") << "its connection ended";
    for (const int pid : workers) ::kill(pid, SIGCONT);
    stats =
        stats_when(server.where(), [](const json& s) { return s["workers"]["dead_total"] >= 1; });
    EXPECT_GE(stats["workers"]["dead_total"], 1);
    EXPECT_TRUE(wait_for_log(server, "hangs"));
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkKill, AWorkerThatComputesForLongIsNotTakenForHung) {
    auto server = start_prefork(pool_of(2, {"--request-timeout", "100ms"}));
    Client client(server.where());
    client.send("GET /echo/done?cpu=1500ms HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(client.receive_all(std::chrono::seconds(100)).ends_with("done"));
    EXPECT_EQ(stats_of(server.where())["workers"]["dead_total"], 0);
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
