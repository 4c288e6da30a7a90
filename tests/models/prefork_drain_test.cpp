// SIGTERM: what is in flight is finished, what is idle is closed, and the deadline holds.
#include "tests/models/prefork_load.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace echotrio::test {
namespace {

using nlohmann::json;
using State = Client::State;

constexpr Nanos kSoon = std::chrono::seconds(5);  // far below the drain's ten seconds

void wait_for_busy(const net::HostPort& where, int busy) {
    const json stats =
        stats_when(where, [&](const json& s) { return s["workers"]["busy"] == busy + 1; });
    ASSERT_EQ(stats["workers"]["busy"], busy + 1) << "and the worker that answers us";
}

TEST(PreforkDrain, FinishesRequestsInFlight) {
    auto server = start_prefork({});
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(server.where());
        clients.back().send("GET /echo/done?wait=1500ms HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    wait_for_busy(server.where(), 3);
    server.child().signal(SIGTERM);
    for (Client& client : clients) {
        auto reply = client.reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->body, "done");
        EXPECT_EQ(reply->headers["connection"], "close");
        EXPECT_EQ(client.state(kSoon), State::ended);
    }
    EXPECT_EQ(server.child().wait(kSoon), 0);
    EXPECT_FALSE(Client(server.where()).connected());
}

TEST(PreforkDrain, ClosesIdleConnectionsAtOnce) {
    auto server = start_prefork({});
    Client silent(server.where());
    Client echo(server.where());
    echo.send("hello");
    EXPECT_EQ(echo.receive(5), "hello");
    Client http(server.where());
    http.send("GET /echo/hi HTTP/1.1\r\nHost: test\r\n\r\n");
    ASSERT_TRUE(http.reply());
    wait_for_busy(server.where(), 3);
    server.child().signal(SIGTERM);
    EXPECT_EQ(server.child().wait(kSoon), 0);
    for (Client* client : {&silent, &echo, &http}) EXPECT_EQ(client->state(kSoon), State::ended);
}

TEST(PreforkDrain, ARequestHalfReceivedIsFinished) {
    auto server = start_prefork({});
    Client client(server.where());
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf ");
    wait_for_busy(server.where(), 1);
    server.child().signal(SIGTERM);
    while (Client(server.where()).connected()) {  // the listener is closed: the drain has begun
    }
    client.send("done.");
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "half done.");
    EXPECT_EQ(server.child().wait(kSoon), 0);
}

TEST(PreforkDrain, EndsAtItsDeadline) {
    auto server = start_prefork({"--drain-timeout", "100ms"});
    Client client(server.where());
    client.send("GET /echo/late?wait=10s HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for_busy(server.where(), 1);
    server.child().signal(SIGTERM);
    EXPECT_EQ(server.child().wait(kSoon), 1) << "not all was finished";
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_NE(server.child().stderr_text().find("have not finished in time"), std::string::npos);
}

TEST(PreforkDrain, ASecondSignalLeavesAtOnce) {
    auto server = start_prefork({"--drain-timeout", "60s"});
    Client client(server.where());
    client.send("GET /echo/late?cpu=10s HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for_busy(server.where(), 1);
    server.child().signal(SIGINT);
    while (Client(server.where()).connected()) {
    }
    server.child().signal(SIGINT);
    EXPECT_EQ(server.child().wait(kSoon), 1);
}

// A service manager signals the whole group: workers get SIGTERM from others too, and twice.
TEST(PreforkDrain, SignalsToTheWorkersThemselvesCutNothingShort) {
    auto server = start_prefork({});
    Client client(server.where());
    client.send("GET /echo/done?wait=300ms HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for_busy(server.where(), 1);
    const std::vector<int> workers = workers_of(stats_of(server.where()));
    for (const int signal : {SIGINT, SIGHUP, SIGTERM, SIGTERM}) {
        for (const int pid : workers) ::kill(pid, signal);
        if (signal == SIGTERM) server.child().signal(SIGTERM);
        if (signal == SIGTERM) break;
    }
    for (const int pid : workers) ::kill(pid, SIGTERM);
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "done");
    EXPECT_EQ(server.child().wait(kSoon), 0);
}

}  // namespace
}  // namespace echotrio::test
