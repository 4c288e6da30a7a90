// Peers in great number, of great size, or gone in the middle.
#include "common/base/rng.hpp"
#include "tests/hostile/fixture.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

namespace echotrio::test {
namespace {

class Flood : public Hostile {};

TEST_P(Flood, ConnectionsThatAreResetAtOnce) {
    start(4);
    for (int i = 0; i < 2000; ++i) {
        Client client(where());
        ASSERT_TRUE(client.connected());
        if (i % 3 == 0) client.send("x");
        if (i % 3 == 1) client.send("GET / HTTP/1.1\r\n");
        client.reset();
    }
    expect_polite();
    expect_all_closed();
    expect_descriptors_back();
}

TEST_P(Flood, ClientsThatDisappearInEveryPhase) {
    start(4);
    const std::string_view talk =
        "POST /echo?wait=1ms HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "4\r\nwxyz\r\n0\r\n\r\nGET /echo/next HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const bool in_order : {true, false}) {
        for (std::size_t n = 0; n <= talk.size(); ++n) {
            Client client(where());
            ASSERT_TRUE(client.connected());
            client.send(talk.substr(0, n));
            if (!in_order) client.reset();  // else closed by its destructor
        }
    }
    // and one that goes while its reply is on its way
    for (int i = 0; i < 50; ++i) {
        Client client(where());
        const std::string body(200'000, 'b');
        client.send(fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}",
                                body.size(), body));
        client.receive(1000);
        client.reset();
    }
    expect_polite();
    expect_all_closed();
    expect_descriptors_back();
}

TEST_P(Flood, HeadersWithoutEnd) {
    start(8);
    for (int i = 0; i < 8; ++i) {
        Client client(where());
        client.send("GET / HTTP/1.1\r\nHost: a\r\n");
        // until the server has had enough: 16 MiB at most
        const std::string header = "X-Filler: " + std::string(1000, 'f') + "\r\n";
        for (int k = 0; k < 16'000 && client.send(header); ++k) {
        }
        EXPECT_NE(client.state(kPatience), Client::State::open);
    }
    EXPECT_LT(grown_bytes(), 8.0 * 3 * (1 << 20));
    expect_polite();
    expect_all_closed();
}

TEST_P(Flood, GarbageAtLineRate) {
    start(4);
    Rng rng(11);
    for (int i = 0; i < 40; ++i) {
        Client client(where());
        std::string bytes = i % 2 == 0 ? "GET " : "POST /echo HTTP/1.1\r\n";
        for (int k = 0; k < 64 * 1024; ++k) bytes.push_back(static_cast<char>(rng.next()));
        client.send(bytes);
        client.finish();
        const std::string answer = client.receive_all();
        // refused in HTTP's words, or reset while it still sent
        if (!answer.empty()) {
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 5"))
                << answer.substr(0, 80);
        }
        EXPECT_NE(client.state(kPatience), Client::State::open);
    }
    EXPECT_GE(server_->stats()["errors"]["bad_requests"].get<int>(), 40);
    expect_polite();
    expect_all_closed();
}

TEST_P(Flood, HugeDeclaredBodies) {
    start(4);
    for (const char* length :
         {"Content-Length: 99999999999", "Content-Length: 18446744073709551615",
          "Content-Length: 18446744073709551617", "Transfer-Encoding: chunked\r\n\r\nfffffffff",
          "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff"}) {
        Client client(where());
        client.send(fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n", length));
        const auto reply = client.reply();
        ASSERT_TRUE(reply) << length;
        EXPECT_TRUE(reply->status == 413 || reply->status == 400) << length << reply->status;
        EXPECT_NE(client.state(kPatience), Client::State::open);
    }
    EXPECT_LT(grown_bytes(), 4.0 * (1 << 20));
    expect_polite();
    expect_all_closed();
}

// More connections than the process may have descriptors: those that are served stay served, the
// rest is turned away or waits, and when they go, all is as before.
TEST_P(Flood, MoreConnectionsThanDescriptors) {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few{96, 96};
    // The server inherits the limit; this process takes its own back at once.
    const rlimit soft{96, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &soft);
    start(4);
    ::setrlimit(RLIMIT_NOFILE, &before);
    ASSERT_EQ(::prlimit(server_->pid(), RLIMIT_NOFILE, &few, nullptr), 0);
    std::vector<Client> clients;
    for (int i = 0; i < 200; ++i) clients.emplace_back(where());
    for (Client& client : clients) {
        if (client.connected()) client.send("x");
    }
    EXPECT_TRUE(polite_->wait_for_more(20));
    clients.clear();
    expect_polite();
    expect_all_closed();
    expect_descriptors_back();
}

TEST_P(Flood, MemoryReturnsAfterLargeRequests) {
    start(8);
    for (int round = 0; round < 10; ++round) {
        std::vector<Client> clients;
        const std::string body(1'000'000, 'b');
        for (int i = 0; i < 8; ++i) {
            clients.emplace_back(where());
            clients.back().send(
                fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}",
                            body.size(), body.substr(0, body.size() / 2)));
        }
        clients.clear();
        // the polite one and who asks: a server without a CPU for long would hold several rounds
        server_->stats_when([](const auto& s) { return s["connections"]["now"] <= 2; });
    }
    expect_polite();
    expect_all_closed();
    // Of 80 MB that came, at most what two rounds hold at a time: the allocator keeps what lies
    // below a piece in use.
    EXPECT_LT(grown_bytes(), 16.0 * (1 << 20));
}

INSTANTIATE_TEST_SUITE_P(Models, Flood,
                         testing::Values("prefork", "threads", "coroutine", "coroutine-x2"),
                         hostile_name);

}  // namespace
}  // namespace echotrio::test
