// What a program that speaks to the server byte by byte sees, and what the server counts.
#include "common/base/unix_time.hpp"
#include "tests/contract/fixture.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <ctime>
#include <string>
#include <thread>

namespace echotrio::test {
namespace {

const std::string kGet = "GET /echo/hi HTTP/1.1\r\nHost: t\r\n\r\n";

class Protocol : public Contract {};

TEST_P(Protocol, RawEchoAnswersAsItReads) {
    start();
    Client client(where());
    for (const std::string message : {"hello", "x", "a longer message\n"}) {
        client.send(message);
        EXPECT_EQ(client.receive(message.size()), message);
    }
    client.finish();
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(client.state(Nanos(0)), Client::State::ended);
}

// TCP's urgent data is a mark in the stream, not something beside it (RFC 6093).
TEST_P(Protocol, RawEchoOfUrgentBytes) {
    start();
    Client client(where());
    client.send("ab");
    ASSERT_EQ(::send(client.fd(), "X", 1, MSG_OOB), 1);
    client.send("cd");
    EXPECT_EQ(client.receive(5), "abXcd");
    for (int i = 0; i < 10; ++i) {
        ASSERT_EQ(::send(client.fd(), "012", 3, MSG_OOB), 3);
        EXPECT_EQ(client.receive(3), "012");
    }
    Client http(where());
    http.send("GET /echo/hi HTTP/1.1\r\nHo");
    ASSERT_EQ(::send(http.fd(), "st", 2, MSG_OOB), 2);
    http.send(": t\r\n\r\n");
    EXPECT_EQ(http.reply().value_or(Reply{}).body, "hi");
}

// Half-close: all that is still on its way comes back before the server ends the connection.
TEST_P(Protocol, RawEchoOfMegabytesThroughAHalfClose) {
    start();
    Client client(where());
    std::string sent;
    for (std::uint32_t i = 0; sent.size() < 8'000'000; ++i) sent += std::to_string(i);
    std::string received;
    std::thread reader([&] { received = client.receive_all(); });
    client.send(sent);
    client.finish();
    reader.join();
    EXPECT_TRUE(received == sent) << received.size() << " of " << sent.size();
    EXPECT_EQ(client.state(Nanos(0)), Client::State::ended);
    EXPECT_EQ(server().stats()["errors"]["resets"], 0);
}

TEST_P(Protocol, TwoRequestsInOnePacketAreAnsweredInOrder) {
    start();
    Client client(where());
    client.send(
        "GET /echo/one HTTP/1.1\r\nHost: t\r\n\r\nGET /echo/two HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "one");
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "two");
    EXPECT_EQ(client.state(Nanos(0)), Client::State::open);
}

TEST_P(Protocol, FirstBytesOneByOne) {
    start();
    Client client(where());
    for (const char c : kGet) {
        ASSERT_TRUE(client.send({&c, 1}));
        std::this_thread::sleep_for(std::chrono::microseconds(200));  // packets of their own
    }
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "hi");
}

TEST_P(Protocol, AStartLikeHttpThatIsNoneIsEchoed) {
    start();
    Client client(where());
    client.send("GE");
    client.send("ORGE");
    EXPECT_EQ(client.receive(6), "GEORGE");
    Client ends(where());
    ends.send("GET");
    ends.finish();
    EXPECT_EQ(ends.receive_all(), "GET");
}

TEST_P(Protocol, KeepAliveAndClose) {
    start();
    Client client(where());
    for (int i = 0; i < 100; ++i) {
        client.send(kGet);
        ASSERT_EQ(client.reply().value_or(Reply{}).body, "hi");
    }
    client.send("GET /echo/bye HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    const auto last = client.reply();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->headers.at("connection"), "close");
    EXPECT_EQ(client.state(kPatience), Client::State::ended);
}

TEST_P(Protocol, Http10EndsUnlessItSaysKeepAlive) {
    start();
    Client client(where());
    client.send("GET /echo/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const auto first = client.reply();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->headers.at("connection"), "keep-alive");
    client.send("GET /echo/b HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "b");
    EXPECT_EQ(client.state(kPatience), Client::State::ended);
}

TEST_P(Protocol, HeadHasNoBody) {
    start();
    Client client(where());
    client.send("HEAD /echo/hello HTTP/1.1\r\nHost: t\r\n\r\n" + kGet);
    const auto head = client.reply(true);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->headers.at("content-length"), "5");
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "hi");
}

TEST_P(Protocol, ContinueComesBeforeTheBody) {
    start();
    Client client(where());
    client.send(
        "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_EQ(client.reply(false, true).value_or(Reply{}).status, 100);
    client.send("hello");
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "hello");
}

// Seconds since 1970 of an IMF-fixdate; -1: it is none.
std::int64_t parse_date(const std::string& text) {
    std::tm calendar{};
    const char* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &calendar);
    return text.size() == 29 && end == text.c_str() + 29 ? ::timegm(&calendar) : -1;
}

// In errors too, and on one connection it goes on with the time.
TEST_P(Protocol, DateIsRight) {
    start();
    Client client(where());
    const std::int64_t begin = unix_time();
    do {
        for (const std::string path : {"/echo/hi", "/stats", "/no"}) {
            const std::int64_t before = unix_time();
            client.send("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
            const auto reply = client.reply();
            ASSERT_TRUE(reply);
            const std::int64_t date = parse_date(reply->headers.at("date"));
            EXPECT_GE(date, before - 2) << reply->headers.at("date");
            EXPECT_LE(date, unix_time() + 2) << reply->headers.at("date");
        }
    } while (unix_time() <= begin + 1);
}

// A reply much longer than the socket's buffers, to a client that takes its time.
TEST_P(Protocol, SlowReaderOfALongReply) {
    start();
    Client client(where());
    const std::string body(1'000'000, 'b');
    for (int i = 0; i < 8; ++i) {
        client.send(fmt::format("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{}",
                                body.size(), body));
        const auto reply = client.reply();
        ASSERT_TRUE(reply);
        ASSERT_TRUE(reply->body == body);
    }
}

TEST_P(Protocol, WorkTakesItsTime) {
    start();
    Client client(where());
    const TimePoint begin = now();
    client.send("GET /echo/a?wait=100ms HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "a");
    EXPECT_GE((now() - begin).count(), Nanos(std::chrono::milliseconds(100)).count());
    client.send("GET /echo/b?cpu=2ms HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "b");
}

TEST_P(Protocol, WorkOfTheServerItself) {
    start({"--wait", "50ms", "--cpu", "1ms"});
    const TimePoint begin = now();
    Client client(where());
    client.send("raw");
    EXPECT_EQ(client.receive(3), "raw");
    EXPECT_GE((now() - begin).count(), Nanos(std::chrono::milliseconds(50)).count());
}

// By the least that a request can take: what the machine adds only makes it longer. Half of the
// work, since a CPU may run faster than when the work was calibrated.
TEST_P(Protocol, BaseCostOfEveryRequest) {
    if (model().starts_with("py-")) GTEST_SKIP() << "an interpreter has a cost of its own";
    start({"--base-cost", "40ms"});
    const auto takes_its_time = [](const auto& ask) {
        const TimePoint begin = now();
        ask();
        EXPECT_GE((now() - begin).count(), Nanos(std::chrono::milliseconds(20)).count());
    };
    Client raw(where());
    takes_its_time([&] {
        raw.send("raw");
        EXPECT_EQ(raw.receive(3), "raw");
    });
    takes_its_time([&] { EXPECT_EQ(get(where(), "/echo/a").value_or(Reply{}).body, "a"); });
    takes_its_time([&] { EXPECT_EQ(get(where(), "/healthz").value_or(Reply{}).body, "ok"); });
    EXPECT_EQ(server().stats()["base_cost_us"], 40'000);
    EXPECT_NE(get(where(), "/").value_or(Reply{}).body.find("40ms"), std::string::npos);
    EXPECT_NE(get(where(), "/metrics").value_or(Reply{}).body.find("echotrio_base_cost_seconds"),
              std::string::npos);
}

TEST_P(Protocol, OnlyEchoAndOnlyHttp) {
    start({"--protocol", "echo"});
    Client raw(where());
    raw.send(kGet);
    EXPECT_EQ(raw.receive(kGet.size()), kGet);
    raw.close();
    server().stop();
    start({"--protocol", "http"});
    Client http(where());
    http.send("hello\r\n");
    EXPECT_EQ(http.reply().value_or(Reply{}).status, 400);
    EXPECT_EQ(http.state(kPatience), Client::State::ended);
}

// Every figure of /stats that a client can know.
TEST_P(Protocol, CountsAddUp) {
    start();
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    for (int i = 0; i < 5; ++i) {
        Client raw(where());
        raw.send("hello");
        received += raw.receive(5).size();
        sent += 5;
    }
    Client http(where());
    for (int i = 0; i < 7; ++i) {
        http.send(kGet);
        sent += kGet.size();
        ASSERT_TRUE(http.reply());
    }
    http.send("GET /no HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_TRUE(http.reply());
    const auto stats =
        server().stats_when([](const auto& s) { return s["connections"]["now"] == 2; });
    EXPECT_EQ(stats["model"], model());
    EXPECT_EQ(stats["connections"]["now"], 2) << stats;  // ours and the one that asks
    EXPECT_GE(stats["connections"]["total"], 7);
    EXPECT_EQ(stats["connections"]["refused"], 0);
    EXPECT_GE(stats["requests"], 5 + 7 + 1);
    EXPECT_EQ(stats["errors"]["bad_requests"], 1);
    EXPECT_EQ(stats["errors"]["timeouts"], 0);
    EXPECT_EQ(stats["errors"]["resets"], 0);
    EXPECT_GE(stats["bytes"]["in"].get<std::uint64_t>(), sent);
    EXPECT_GE(stats["bytes"]["out"].get<std::uint64_t>(), received);
    EXPECT_GT(stats["uptime_s"].get<double>(), 0.0);
    EXPECT_EQ(stats["pid"], server().pid());
}

TEST_P(Protocol, MetricsAgreeWithStats) {
    start();
    ASSERT_TRUE(get(where(), "/echo/a"));
    const auto metrics = get(where(), "/metrics");
    ASSERT_TRUE(metrics);
    EXPECT_TRUE(metrics->headers.at("content-type").starts_with("text/plain; version=0.0.4"));
    EXPECT_NE(
        metrics->body.find(fmt::format("echotrio_requests_total{{model=\"{}\"}} 1\n", model())),
        std::string::npos)
        << metrics->body;
}

INSTANTIATE_FOR_ALL_SERVERS(Protocol);

}  // namespace
}  // namespace echotrio::test
