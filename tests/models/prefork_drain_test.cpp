// SIGTERM as prefork alone knows it: its workers are processes, too. (What it does to clients is
// the same for all servers: tests/contract/limits_test.cpp.)
#include "tests/models/prefork_load.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace echotrio::test {
namespace {

using nlohmann::json;

constexpr Nanos kSoon = std::chrono::seconds(5);  // far below the drain's ten seconds

void wait_for_busy(const Server& server, int busy) {
    const json stats =
        server.stats_when([&](const json& s) { return s["workers"]["busy"] == busy + 1; });
    ASSERT_EQ(stats["workers"]["busy"], busy + 1) << "and the worker that answers us";
}

TEST(PreforkDrain, EndsAtItsDeadline) {
    Server server("prefork", {"--drain-timeout", "100ms"});
    Client client(server.where());
    client.send("GET /echo/late?wait=10s HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for_busy(server, 1);
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(kSoon), 1) << "not all was finished";
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_NE(server.log().find("have not finished in time"), std::string::npos);
}

// A service manager signals the whole group: workers get SIGTERM from others too, and twice.
TEST(PreforkDrain, SignalsToTheWorkersThemselvesCutNothingShort) {
    Server server("prefork");
    Client client(server.where());
    client.send("GET /echo/done?wait=2s HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for_busy(server, 1);
    const std::vector<int> workers = workers_of(server.stats());
    for (const int signal : {SIGINT, SIGHUP, SIGTERM, SIGTERM}) {
        for (const int pid : workers) ::kill(pid, signal);
        if (signal == SIGTERM) server.signal(SIGTERM);
        if (signal == SIGTERM) break;
    }
    for (const int pid : workers) ::kill(pid, SIGTERM);
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "done");
    EXPECT_EQ(server.wait(kSoon), 0);
}

}  // namespace
}  // namespace echotrio::test
