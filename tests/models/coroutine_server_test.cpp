// The coroutine server from outside: what one thread for all does to its clients, its limits, its
// stop.
#include "loadgen/experiment/server_process.hpp"
#include "tests/models/prefork_load.hpp"
#include "tests/support/client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

using loadgen::Child;
using loadgen::ServerProcess;
using nlohmann::json;
using State = Client::State;
using namespace std::chrono_literals;

std::string bin_dir() {
    const char* const set = std::getenv("ECHOTRIO_BIN");
    return set != nullptr ? set : loadgen::own_bin_dir();
}

ServerProcess start(std::vector<std::string> arguments) {
    auto server = ServerProcess::start(bin_dir(), "coroutine", std::move(arguments));
    if (!server) {
        ADD_FAILURE() << server.error().message;
        std::exit(1);
    }
    return *std::move(server);
}

void ask(Client& client, std::string_view path) {
    client.send(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path));
}

bool echoes(Client& client) {
    return client.send("\x01ping") && client.receive(5) == "\x01ping";
}

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
Neighbour beside_computing(std::vector<std::string> arguments) {
    auto server = start(std::move(arguments));
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
    seen.loop =
        stats_when(server.where(), [](const json& s) { return s["loop"]["ticks"] >= 1; })["loop"];
    EXPECT_EQ(server.stop(), 0);
    return seen;
}

TEST(Coroutine, YieldingBoundsWhatComputingDoesToItsNeighbours) {
    const Neighbour blocked = beside_computing({});
    const Neighbour yielding = beside_computing({"--yield-every", "1ms"});
    fmt::print(
        "neighbour of 100 ms of CPU work, echoes / median / longest: {} / {:.2f} / {:.1f} ms; "
        "with --yield-every 1ms: {} / {:.2f} / {:.1f} ms\n",
        blocked.round_trips.size(), blocked.median_ms(), blocked.longest_ms(),
        yielding.round_trips.size(), yielding.median_ms(), yielding.longest_ms());
    EXPECT_EQ(blocked.loop["yields"], 0);
    EXPECT_EQ(yielding.loop["yields"], 99);
    // Held: the echo that was on its way, and the one that waited to the end.
    EXPECT_LE(blocked.round_trips.size(), 5U);
    EXPECT_GE(yielding.round_trips.size(), 4 * blocked.round_trips.size());
    EXPECT_GT(blocked.longest_ms(), 4 * yielding.median_ms());
}

TEST(Coroutine, TheLoopsLagIsMeasured) {
    auto server = start({});
    const auto loop_when = [&](double ticks) {
        return stats_when(server.where(),
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
    auto server = start({});
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
    auto server = start({"--yield-every", "20us"});
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
    auto child = Child::start(
        {.argv = {"prlimit", "--nofile=64", bin_dir() + "/echo-coroutine", "--port", "0"}});
    ASSERT_TRUE(child.ok()) << child.error().message;
    const auto line = child->read_line(20s);
    ASSERT_TRUE(line.ok()) << line.error().message;
    const net::HostPort where{
        "127.0.0.1", static_cast<std::uint16_t>(std::stoi(line->substr(line->find("port=") + 5)))};

    const Nanos idle_start = cpu_of(child->pid());
    EXPECT_EQ(child->wait(500ms), std::nullopt);
    const Nanos idle = cpu_of(child->pid()) - idle_start;

    std::vector<Client> served;
    for (int i = 0; i < 40; ++i) {
        served.emplace_back(where);
        ASSERT_TRUE(echoes(served.back()));
    }
    std::vector<Client> waiting;  // more than there is room for; the kernel's backlog holds them
    for (int i = 0; i < 60; ++i) {
        waiting.emplace_back(where);
        waiting.back().send("\x01ping");
    }
    const Nanos short_start = cpu_of(child->pid());
    EXPECT_EQ(child->wait(500ms), std::nullopt);
    const Nanos shortage = cpu_of(child->pid()) - short_start;
    EXPECT_LT(shortage, 10 * idle + 25ms) << "it spins";
    for (Client& client : served) EXPECT_TRUE(echoes(client));

    for (int i = 0; i < 30; ++i) served.pop_back();
    std::size_t answered = 0;
    for (Client& client : waiting) answered += client.receive(5) == "\x01ping" ? 1 : 0;
    for (Client& client : served) EXPECT_TRUE(echoes(client));
    waiting.clear();
    const json stats =
        stats_when(where, [](const json& s) { return s["connections"]["now"] == 11; });
    EXPECT_GE(stats["loop"]["accept_pauses"], 1);
    EXPECT_GE(stats["connections"]["refused"], 1);
    EXPECT_EQ(answered + stats["connections"]["refused"].get<std::size_t>(), 60U)
        << "each was served or closed, and the closed ones are counted";
    EXPECT_EQ(child->stop(20s), 0);
}

TEST(CoroutineLimits, BeyondMaxConnectionsHttpGets503AndRawIsClosed) {
    auto server = start({"--max-connections", "2"});
    Client first(server.where()), second(server.where());
    ASSERT_TRUE(echoes(first) && echoes(second));
    Client http(server.where());
    ask(http, "/");
    EXPECT_EQ(http.reply().value_or(Reply{}).status, 503);
    http.close();
    Client raw(server.where());
    raw.send("\x01");
    EXPECT_EQ(raw.receive_all(), "");
    EXPECT_TRUE(echoes(first) && echoes(second));
    first.close();
    const json stats =
        stats_when(server.where(), [](const json& s) { return s["connections"]["now"] == 2; });
    EXPECT_GE(stats["connections"]["refused"], 2);
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineLimits, SilentStrangersBeyondMaxConnectionsAreBounded) {
    auto server = start({"--max-connections", "1"});
    Client first(server.where());
    ASSERT_TRUE(echoes(first));
    std::vector<Client> strangers;
    for (int i = 0; i < 300; ++i) strangers.emplace_back(server.where());
    EXPECT_EQ(strangers.back().state(kPatience), State::ended) << "not even held for its 503";
    EXPECT_TRUE(echoes(first));
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineLimits, ARequestThatTricklesEndsAtItsTime) {
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

TEST(CoroutineLimits, SilenceEndsAtItsTimeAndEachByteBeginsItAnew) {
    auto server = start({"--idle-timeout", "300ms"});
    Client silent(server.where()), lively(server.where());
    const TimePoint begin = now();
    ASSERT_TRUE(echoes(silent));
    while (silent.state(50ms) == State::open && now() - begin < 10s) ASSERT_TRUE(echoes(lively));
    EXPECT_GE(now() - begin, 300ms);
    EXPECT_TRUE(echoes(lively));
    EXPECT_EQ(stats_of(server.where())["errors"]["timeouts"], 1);
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineLimits, APeerThatDoesNotReadIsGivenUp) {
    auto server = start({"--idle-timeout", "300ms"});
    Client deaf(server.where());
    net::set_send_timeout(deaf.fd(), 100ms);
    const std::string much(1 << 20, '\x01');
    for (int i = 0; i < 64 && net::write_some(deaf.fd(), much).kind == net::Io::Kind::bytes; ++i) {
    }
    const json stats =
        stats_when(server.where(), [](const json& s) { return s["errors"]["timeouts"] == 1; });
    EXPECT_EQ(stats["errors"]["timeouts"], 1);
    EXPECT_EQ(stats["connections"]["now"], 1);
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineStop, FinishesWhatIsInFlightAndEndsWhatIsIdle) {
    auto server = start({"--drain-timeout", "30s"});
    Client idle(server.where()), half(server.where()), waiting(server.where());
    ASSERT_TRUE(echoes(idle));
    half.send("GET /echo/half HTTP/1.1\r\nHost: te");
    ask(waiting, "/echo/waited?wait=1s");
    stats_of(server.where());  // a later connection is served: these have been accepted
    server.child().signal(SIGTERM);
    EXPECT_EQ(idle.state(kPatience), State::ended);
    half.send("st\r\n\r\n");
    for (auto* client : {&half, &waiting}) {
        const auto reply = client->reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, 200);
        EXPECT_EQ(reply->headers.at("connection"), "close");
        EXPECT_EQ(client->state(kPatience), State::ended);
    }
    EXPECT_EQ(server.child().wait(20s), 0);
}

// The loop is held by 10 s of CPU work or has nothing to do but wait: both leave when told.
TEST(CoroutineStop, LeavesAtTheDeadlineAndAtASecondSignal) {
    for (const char* path : {"/echo/x?wait=10s", "/echo/x?cpu=10s"}) {
        for (const bool second_signal : {false, true}) {
            auto server = start({"--drain-timeout", second_signal ? "1h" : "200ms"});
            Client busy(server.where());
            ask(busy, "/healthz");
            ASSERT_TRUE(busy.reply());
            ask(busy, path);
            server.child().signal(SIGTERM);
            if (second_signal) server.child().signal(SIGINT);
            EXPECT_EQ(server.child().wait(9s), 1) << path;
            EXPECT_FALSE(busy.reply()) << path;
        }
    }
}

}  // namespace
}  // namespace echotrio::test
