// Peers that are slow, silent or never finish.
#include "tests/hostile/fixture.hpp"

#include <fmt/format.h>

namespace echotrio::test {
namespace {

constexpr std::size_t kHostile = 20;

class Slow : public Hostile {};

// Sends `text` byte by byte over each connection until the server has ended them all.
std::size_t drip(std::vector<Client>& clients, std::string_view text, Nanos patience) {
    const TimePoint deadline = now() + patience;
    std::size_t ended = 0;
    for (std::size_t i = 0; ended < clients.size() && now() < deadline; ++i) {
        ended = 0;
        for (Client& client : clients) {
            if (!client.connected() || !client.send(text.substr(i % text.size(), 1)) ||
                client.state(Nanos(1000)) != Client::State::open) {
                ++ended;
            }
        }
    }
    return ended;
}

std::vector<Client> connect(const net::HostPort& where, std::size_t n,
                            std::string_view first_bytes) {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < n; ++i) {
        clients.emplace_back(where);
        EXPECT_TRUE(clients.back().connected());
        clients.back().send(first_bytes);
    }
    return clients;
}

TEST_P(Slow, HeadsThatNeverEnd) {
    start(kHostile, {"--request-timeout", "500ms"});
    auto clients = connect(where(), kHostile, "GET /echo/slow HTTP/1.1\r\nHost: a\r\nX: ");
    EXPECT_EQ(drip(clients, "abcdefghij", kPatience), kHostile) << "all were sent away";
    EXPECT_GE(server_->stats()["errors"]["timeouts"].get<std::size_t>(), kHostile);
    expect_polite();
    expect_all_closed();
}

TEST_P(Slow, BodiesThatNeverEnd) {
    start(kHostile, {"--request-timeout", "500ms"});
    auto clients = connect(where(), kHostile,
                           "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_EQ(drip(clients, "abcdefghij", kPatience), kHostile);
    expect_polite();
    expect_all_closed();
}

TEST_P(Slow, SilentPeersAreLeftBehind) {
    start(kHostile, {"--idle-timeout", "500ms"});
    auto clients = connect(where(), kHostile / 2, "");
    auto others = connect(where(), kHostile / 2, "raw");
    for (auto* group : {&clients, &others}) {
        for (Client& client : *group) EXPECT_NE(client.state(kPatience), Client::State::open);
    }
    expect_polite();
    expect_all_closed();
}

TEST_P(Slow, ReadersWhoNeverRead) {
    start(kHostile, {"--idle-timeout", "1s"});
    const std::string body(900'000, 'b');
    const std::string request = fmt::format(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kHostile; ++i) {
        clients.emplace_back(where());
        // a small window, so that the reply can't hide in the kernel
        const int small = 4096;
        ::setsockopt(clients.back().fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        net::set_nonblocking(clients.back().fd(), true);
        for (std::string_view left = request; !left.empty();) {
            const Io io = net::write_some(clients.back().fd(), left);
            if (io.kind != Io::Kind::bytes) break;
            left.remove_prefix(io.bytes.size());
        }
    }
    // Each may hold its request and what the session copied of the reply, not more.
    EXPECT_TRUE(polite_->wait_for_more(100));
    EXPECT_LT(grown_bytes(), kHostile * 4.0 * (1 << 20));
    expect_polite();
    expect_all_closed();
}

TEST_P(Slow, RawStreamsThatAreNeverRead) {
    start(kHostile, {"--idle-timeout", "1s"});
    const std::string bytes(64 * 1024, 'r');
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kHostile; ++i) {
        clients.emplace_back(where());
        net::set_nonblocking(clients.back().fd(), true);
        for (int k = 0; k < 400; ++k) {
            if (net::write_some(clients.back().fd(), bytes).kind != Io::Kind::bytes) break;
        }
    }
    EXPECT_TRUE(polite_->wait_for_more(100));
    EXPECT_LT(grown_bytes(), kHostile * 1.0 * (1 << 20));
    expect_polite();
    expect_all_closed();
}

// The weakness of the pool model, as a fact: as many slow clients as workers, and a polite one
// waits until --request-timeout sends one of them away; never longer than their queue takes.
TEST(PreforkWeakness, SlowClientsHoldEveryWorkerUntilTheTimeout) {
    Server server("prefork", {"--start-workers", "4", "--min-spare", "1", "--max-spare", "4",
                              "--max-workers", "4", "--request-timeout", "500ms"});
    auto clients = connect(server.where(), 8, "GET /echo/slow HTTP/1.1\r\n");
    const TimePoint start = now();
    const auto reply = get(server.where(), "/echo/late");
    const Nanos waited = now() - start;
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "late");
    // two rounds of four slow ones were before it in the queue
    EXPECT_GT(waited, std::chrono::milliseconds(400));
    EXPECT_EQ(server.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Models, Slow,
                         testing::Values("prefork", "threads", "coroutine", "coroutine-x2"),
                         hostile_name);

}  // namespace
}  // namespace echotrio::test
