// The kernel tells of an edge once. Each that could be lost: bytes, the peer's end and its reset,
// that come while the coroutine waits for something else, while it computes, or together with the
// bytes that were read. No limit of time is set, so that whoever misses one waits for ever. Held by
// both ways to wait: our own and Asio's.
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <time.h>

#include <string>
#include <string_view>
#include <tuple>

namespace echotrio::test {
namespace {

using nlohmann::json;
using State = Client::State;
using namespace std::chrono_literals;

constexpr std::size_t kInputSize = 16 * 1024;  // of one read (protocol::kInputSize)
const Words kNoLimits = {"--idle-timeout", "0", "--request-timeout", "0"};

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

// The loop has seen all that was sent before: it answers somebody else.
void seen_by(const Server& server) {
    ASSERT_FALSE(server.stats().is_null());
}
// A request and its reply.
bool get_on(Client& client, std::string_view path) {
    ask(client, path);
    return client.reply().value_or(Reply{}).status == 200;
}
// Nobody but the one who asks is connected any more.
bool all_others_are_gone(const Server& server) {
    return server.stats_when([](const json& s) {
        return s["connections"]["now"] == 1;
    })["connections"]["now"] == 1;
}

// What the coroutine does when it comes.
enum class Busy { waiting, yielding, computing, writing };
// What comes.
enum class Edge { bytes, end, reset };

constexpr std::string_view kBusy[] = {"Waiting", "Yielding", "Computing", "Writing"};
constexpr std::string_view kEdges[] = {"Bytes", "End", "Reset"};
constexpr const char* kServers[] = {"coroutine", "coroutine-plain"};

std::string name_of_server(std::string_view name) {
    return name.ends_with("plain") ? "PlainWait" : "OwnWait";
}

class BusyCoroutine : public testing::TestWithParam<std::tuple<const char*, Busy, Edge>> {
  protected:
    static Words arguments() {
        Words all = kNoLimits;
        all.insert(all.end(), {"--max-request", "32MiB"});
        if (busy() == Busy::yielding) all.insert(all.end(), {"--yield-every", "1ms"});
        return all;
    }
    static Busy busy() { return std::get<1>(GetParam()); }

    // Begins a request, and returns when it is in the state that is to be tested.
    void begin(const Server& server, Client& client) {
        if (busy() == Busy::computing) {
            const Nanos before = cpu_of(server.pid());
            ask(client, "/echo/first?cpu=100ms");
            ASSERT_TRUE(eventually([&] { return cpu_of(server.pid()) > before + 10ms; }));
        } else if (busy() == Busy::writing) {  // more than both sockets' buffers take
            const std::string body(16 * 1024 * 1024, 'b');
            client.send(
                fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}",
                            body.size(), body));
            ASSERT_TRUE(eventually([&] { return has_input(client); }));
            seen_by(server);
        } else {
            const bool waits = busy() == Busy::waiting;
            ask(client, waits ? "/echo/first?wait=100ms" : "/echo/first?cpu=100ms");
            seen_by(server);
        }
    }
};

TEST_P(BusyCoroutine, LosesNoEdge) {
    const Edge edge = std::get<2>(GetParam());
    Server server(std::get<0>(GetParam()), arguments());
    Client client(server.where());
    ASSERT_TRUE(get_on(client, "/echo/before"));  // it has waited before
    begin(server, client);
    if (edge == Edge::bytes) ask(client, "/echo/second");
    if (edge == Edge::end) client.finish();
    if (edge == Edge::reset) client.reset();
    if (busy() != Busy::computing) seen_by(server);
    if (edge != Edge::reset) {
        EXPECT_EQ(client.reply().value_or(Reply{}).status, 200);
        if (edge == Edge::bytes) {
            EXPECT_EQ(client.reply().value_or(Reply{}).body, "second");
            client.finish();
        }
        EXPECT_EQ(client.state(kPatience), State::ended);
        client.close();
    }
    EXPECT_TRUE(all_others_are_gone(server));
    EXPECT_EQ(server.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Servers, BusyCoroutine,
                         testing::Combine(testing::ValuesIn(kServers),
                                          testing::Values(Busy::waiting, Busy::yielding,
                                                          Busy::computing, Busy::writing),
                                          testing::Values(Edge::bytes, Edge::end, Edge::reset)),
                         [](const auto& test) {
                             return fmt::format("{}{}{}", name_of_server(std::get<0>(test.param)),
                                                kBusy[static_cast<int>(std::get<1>(test.param))],
                                                kEdges[static_cast<int>(std::get<2>(test.param))]);
                         });

// All that is sent while another connection holds the loop is one edge for it.
class HeldLoop : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        ASSERT_TRUE(echoes(raw_));
        ASSERT_TRUE(get_on(http_, "/echo/before"));
        const Nanos before = cpu_of(server_.pid());
        ask(other_, "/echo/other?cpu=100ms");
        ASSERT_TRUE(eventually([&] { return cpu_of(server_.pid()) > before + 10ms; }));
    }
    void TearDown() override {
        EXPECT_EQ(other_.reply().value_or(Reply{}).body, "other");
        other_.close();
        raw_.close();
        http_.close();
        EXPECT_TRUE(all_others_are_gone(server_));
        EXPECT_EQ(server_.stop(), 0);
    }

    Server server_{GetParam(), kNoLimits};
    Client raw_{server_.where()}, http_{server_.where()}, other_{server_.where()};
};

TEST_P(HeldLoop, BytesAndAnEnd) {
    raw_.send("\x01last");
    raw_.finish();
    EXPECT_EQ(raw_.receive_all(), "\x01last");
    EXPECT_EQ(raw_.state(kPatience), State::ended);
}

TEST_P(HeldLoop, BytesAndAnEndInOnePacket) {
    ::send(raw_.fd(), "\x01last", 5, MSG_MORE);
    raw_.finish();
    EXPECT_EQ(raw_.receive_all(), "\x01last");
    EXPECT_EQ(raw_.state(kPatience), State::ended);
}

TEST_P(HeldLoop, AsManyBytesAsAReadTakesAndMore) {
    for (const std::size_t size : {kInputSize - 1, kInputSize, kInputSize + 1, 5 * kInputSize}) {
        const std::string bytes(size, '\x01');
        raw_.send(bytes);
        EXPECT_EQ(raw_.receive(size), bytes);
    }
}

TEST_P(HeldLoop, AFullReadAndAnEnd) {
    const std::string bytes(kInputSize, '\x01');
    raw_.send(bytes);
    raw_.finish();
    EXPECT_EQ(raw_.receive_all(), bytes);
}

TEST_P(HeldLoop, HalfARequestAndAnEnd) {
    http_.send("GET /ec");
    http_.finish();
    EXPECT_EQ(http_.state(kPatience), State::ended);
}

TEST_P(HeldLoop, HalfARequestAndAReset) {
    http_.send("GET /ec");  // nobody writes to it, so only a read can tell
    http_.reset();
}

TEST_P(HeldLoop, BytesAndAReset) {
    raw_.send("\x01last");
    raw_.reset();
}

INSTANTIATE_TEST_SUITE_P(Servers, HeldLoop, testing::ValuesIn(kServers),
                         [](const auto& test) { return name_of_server(test.param); });

// Its first words are its last: that is seen at once, before any tick of the loop looks.
class FirstWords : public testing::TestWithParam<const char*> {};

TEST_P(FirstWords, WithAnEndInOnePacket) {
    Server server(GetParam(), kNoLimits);
    for (int i = 0; i < 100; ++i) {
        Client client(server.where());
        ::send(client.fd(), "\x01only", 5, MSG_MORE);
        client.finish();
        ASSERT_EQ(client.receive_all(), "\x01only") << i;
        ASSERT_EQ(client.state(kPatience), State::ended) << i;
    }
    EXPECT_TRUE(all_others_are_gone(server));
    EXPECT_EQ(server.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Servers, FirstWords, testing::ValuesIn(kServers),
                         [](const auto& test) { return name_of_server(test.param); });

}  // namespace
}  // namespace echotrio::test
