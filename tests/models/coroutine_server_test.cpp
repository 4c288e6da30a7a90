// The coroutine server from outside: what one thread for all does to its clients, its limits, its
// stop.
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

using nlohmann::json;
using State = Client::State;
using namespace std::chrono_literals;

// The CPU time that a process has used.
Nanos cpu_of(pid_t pid) {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return {};
    return std::chrono::seconds(used.tv_sec) + Nanos(used.tv_nsec);
}

bool has_input(const Client& client) {
    char byte = 0;
    return ::recv(client.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

// How a neighbour fares while a request computes for 100 ms.
struct Neighbour {
    std::vector<Nanos> round_trips;  // until the computing request had its reply; ascending
    json loop;                       // the server's own words afterwards

    double median_ms() const { return micros(round_trips[round_trips.size() / 2]) / 1000; }
    double longest_ms() const { return micros(round_trips.back()) / 1000; }
};
Neighbour beside_computing(const Words& arguments) {
    Server server("coroutine", arguments);
    Client heavy(server.where()), neighbour(server.where());
    Neighbour seen;
    EXPECT_TRUE(echoes(neighbour));
    ask(heavy, "/echo/heavy?cpu=100ms");
    do {
        const TimePoint sent = now();
        EXPECT_TRUE(echoes(neighbour));
        seen.round_trips.push_back(now() - sent);
    } while (!has_input(heavy) && seen.round_trips.size() < 100'000);
    std::sort(seen.round_trips.begin(), seen.round_trips.end());
    EXPECT_EQ(heavy.reply().value_or(Reply{}).body, "heavy");
    seen.loop = server.stats_when([](const json& s) { return s["loop"]["ticks"] >= 1; })["loop"];
    EXPECT_EQ(server.stop(), 0);
    return seen;
}

bool spared(const Neighbour& yielding, const Neighbour& blocked) {
    return yielding.round_trips.size() >= 4 * blocked.round_trips.size() &&
           blocked.longest_ms() > 4 * yielding.median_ms();
}

TEST(Coroutine, YieldingBoundsWhatComputingDoesToItsNeighbours) {
    const Neighbour blocked = beside_computing({});
    // A client without a CPU for most of these 100 ms has few echoes from any server.
    Neighbour yielding;
    for (int attempt = 0; attempt < 5 && !spared(yielding, blocked); ++attempt) {
        yielding = beside_computing({"--yield-every", "1ms"});
        EXPECT_EQ(yielding.loop["yields"], 99);
    }
    fmt::print(
        "neighbour of 100 ms of CPU work, echoes / median / longest: {} / {:.2f} / {:.1f} ms; "
        "with --yield-every 1ms: {} / {:.2f} / {:.1f} ms\n",
        blocked.round_trips.size(), blocked.median_ms(), blocked.longest_ms(),
        yielding.round_trips.size(), yielding.median_ms(), yielding.longest_ms());
    EXPECT_EQ(blocked.loop["yields"], 0);
    // Held: the echo that was on its way, and the one that waited to the end.
    EXPECT_LE(blocked.round_trips.size(), 5U);
    EXPECT_TRUE(spared(yielding, blocked));
}

TEST(Coroutine, TheLoopsLagIsMeasured) {
    Server server("coroutine");
    const auto loop_when = [&](double ticks) {
        return server.stats_when(
            [&](const json& s) { return s["loop"]["ticks"] >= ticks; })["loop"];
    };
    const double ticks = loop_when(5)["ticks"];
    Client client(server.where());
    ask(client, "/echo/x?cpu=200ms");
    ASSERT_TRUE(client.reply());
    const json after = loop_when(ticks + 5);
    // a tick was due within 10 ms of a start after which nothing ran for 200 ms of CPU time
    EXPECT_GE(after["lag_max_us"], 100'000);
    EXPECT_GE(after["lag_max_us"], after["lag_p99_us"]);
    EXPECT_GE(after["lag_p99_us"], after["lag_p50_us"]);
    EXPECT_EQ(server.stop(), 0);
}

TEST(Coroutine, WaitingRequestsWaitTogether) {
    Server server("coroutine");
    std::vector<Client> clients;
    for (int i = 0; i < 100; ++i) clients.emplace_back(server.where());
    const TimePoint begin = now();
    for (Client& client : clients) ask(client, "/echo/x?wait=300ms");
    for (Client& client : clients) EXPECT_EQ(client.reply().value_or(Reply{}).status, 200);
    EXPECT_GE(now() - begin, 300ms);
    EXPECT_LT(now() - begin, 15s) << "one after the other they take 30 s";
    EXPECT_EQ(server.stop(), 0);
}

// Buffers are everybody's: what one connection leaves unfinished must survive the others.
TEST(Coroutine, UnfinishedRequestsAreNotMixedUp) {
    Server server("coroutine", {"--yield-every", "20us"});
    std::vector<Client> clients;
    for (int i = 0; i < 50; ++i) clients.emplace_back(server.where());
    const auto text = [](int i) { return std::string(400, static_cast<char>('a' + i % 26)); };
    for (int i = 0; i < 50; ++i)
        clients[static_cast<std::size_t>(i)].send("POST /echo?cpu=200us&wa");
    for (int i = 0; i < 50; ++i) {
        clients[static_cast<std::size_t>(i)].send(
            fmt::format("it=2ms HTTP/1.1\r\nHost: test\r\nContent-Length: 400\r\n\r\n{}",
                        text(i).substr(0, 200)));
    }
    for (int i = 0; i < 50; ++i) {
        clients[static_cast<std::size_t>(i)].send(text(i).substr(200) +
                                                  "GET /echo/next HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    for (int i = 0; i < 50; ++i) {
        Client& client = clients[static_cast<std::size_t>(i)];
        EXPECT_EQ(client.reply().value_or(Reply{}).body, text(i)) << i;
        EXPECT_EQ(client.reply().value_or(Reply{}).body, "next") << i;
    }
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineLimits, OutOfDescriptorsItPausesAndKeepsTheOld) {
    Server server("coroutine", {}, {.command = {"prlimit", "--nofile=64"}});

    const Nanos idle_start = cpu_of(server.pid());
    EXPECT_EQ(server.wait(500ms), std::nullopt);
    const Nanos idle = cpu_of(server.pid()) - idle_start;

    std::vector<Client> served;
    for (int i = 0; i < 40; ++i) {
        served.emplace_back(server.where());
        ASSERT_TRUE(echoes(served.back()));
    }
    std::vector<Client> waiting;  // more than there is room for; the kernel's backlog holds them
    for (int i = 0; i < 60; ++i) {
        waiting.emplace_back(server.where());
        waiting.back().send("\x01ping");
    }
    const Nanos short_start = cpu_of(server.pid());
    EXPECT_EQ(server.wait(500ms), std::nullopt);
    const Nanos shortage = cpu_of(server.pid()) - short_start;
    EXPECT_LT(shortage, 10 * idle + 25ms) << "it spins";
    for (Client& client : served) EXPECT_TRUE(echoes(client));

    for (int i = 0; i < 30; ++i) served.pop_back();
    std::size_t answered = 0;
    for (Client& client : waiting) answered += client.receive(5) == "\x01ping" ? 1 : 0;
    for (Client& client : served) EXPECT_TRUE(echoes(client));
    waiting.clear();
    const json stats =
        server.stats_when([](const json& s) { return s["connections"]["now"] == 11; });
    EXPECT_GE(stats["loop"]["accept_pauses"], 1);
    EXPECT_GE(stats["connections"]["refused"], 1);
    EXPECT_EQ(answered + stats["connections"]["refused"].get<std::size_t>(), 60U)
        << "each was served or closed, and the closed ones are counted";
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineLimits, SilentStrangersBeyondMaxConnectionsAreBounded) {
    Server server("coroutine", {"--max-connections", "1"});
    Client first(server.where());
    ASSERT_TRUE(echoes(first));
    std::vector<Client> strangers;
    for (int i = 0; i < 300; ++i) strangers.emplace_back(server.where());
    EXPECT_EQ(strangers.back().state(kPatience), State::ended) << "not even held for its 503";
    EXPECT_TRUE(echoes(first));
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
