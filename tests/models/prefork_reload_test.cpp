// SIGHUP and recycling under load: workers change, and no client notices.
#include "tests/models/prefork_load.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>

namespace echotrio::test {
namespace {

using Kind = Load::Kind;
using nlohmann::json;

const std::vector<Kind> kClients{Kind::raw,   Kind::raw,   Kind::http, Kind::http,
                                 Kind::churn, Kind::churn, Kind::churn};

void expect_nothing_lost(const Load::Tally& seen) {
    EXPECT_EQ(seen.refused, 0U);
    EXPECT_EQ(seen.lost, 0U);
    EXPECT_EQ(seen.wrong, 0U);
}

// Every request that a client had answered is counted, and no other.
void expect_all_counted(const json& stats, const Load::Tally& seen) {
    const auto asked = stats["connections"]["total"].get<std::uint64_t>() - seen.connections;
    EXPECT_EQ(stats["requests"].get<std::uint64_t>() + 1, seen.answered + asked);
    EXPECT_EQ(stats["workers"]["dead_total"], 0);
}

class PreforkReload : public testing::TestWithParam<const char*> {};

TEST_P(PreforkReload, LosesNothing) {
    Server server("prefork",
                  {"--start-workers", "12", "--max-spare", "20", "--accept", GetParam()});
    const std::vector<int> first = workers_of(server.stats());
    Load load(server.where(), kClients);
    for (int generation = 1; generation <= 3; ++generation) {
        load.wait_for(100);
        server.signal(SIGHUP);
        // (/stats can't be asked: with reuseport it may wait behind a client of this load)
        ASSERT_TRUE(server.wait_for_log(fmt::format("generation {} serves", generation)));
    }
    load.wait_for(200);
    const Load::Tally seen = load.stop();
    expect_nothing_lost(seen);
    const json stats =
        server.stats_when([](const json& s) { return s["workers"]["retiring"] == 0; });
    expect_all_counted(stats, seen);
    const std::vector<int> last = workers_of(stats);
    for (const int pid : first) EXPECT_EQ(std::count(last.begin(), last.end(), pid), 0);
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(PreforkReload, RecyclingLosesNothing) {
    Server server("prefork", {"--start-workers", "16", "--max-spare", "20", "--accept", GetParam(),
                              "--max-connections-per-worker", "5"});
    Load load(server.where(), {Kind::churn, Kind::churn, Kind::churn});
    load.wait_for(100);  // 16 workers can't have served them: each leaves after 5 or 6
    const Load::Tally seen = load.stop();
    expect_nothing_lost(seen);
    const json stats = server.stats();
    EXPECT_GT(stats["workers"]["spawned_total"], 16);
    expect_all_counted(stats, seen);
    EXPECT_EQ(server.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Accept, PreforkReload, testing::Values("shared", "lock", "reuseport"),
                         [](const auto& param) { return std::string(param.param); });

TEST(PreforkReload, AnHttpClientIsToldWithAReply) {
    Server server("prefork");
    Client client(server.where());
    client.send("GET /echo/one HTTP/1.1\r\nHost: test\r\n\r\n");
    ASSERT_TRUE(client.reply());
    server.signal(SIGHUP);
    std::string connection;
    for (const TimePoint end = now() + kPatience; connection != "close" && now() < end;) {
        client.send("GET /echo/two HTTP/1.1\r\nHost: test\r\n\r\n");
        auto reply = client.reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->body, "two");
        connection = reply->headers["connection"];
    }
    EXPECT_EQ(connection, "close");
    EXPECT_EQ(client.state(kPatience), Client::State::ended);
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
