// --max-connections, the timeouts, --max-request; and the end: drain, deadline, second signal.
#include "tests/contract/fixture.hpp"

#include <csignal>
#include <thread>

namespace echotrio::test {
namespace {

using std::chrono::milliseconds;

const std::string kGet = "GET /echo/hi HTTP/1.1\r\nHost: t\r\n\r\n";

class Limits : public Contract {};

TEST_P(Limits, ConnectionsBeyondTheMaximumAreTurnedAway) {
    start({"--max-connections", "2"});
    Client first(where());
    Client second(where());
    for (Client* client : {&first, &second}) {
        client->send(kGet);
        ASSERT_EQ(client->reply().value_or(Reply{}).status, 200);
    }
    Client http(where());
    http.send(kGet);
    const auto refused = http.reply();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(http.state(kPatience), Client::State::ended);
    Client raw(where());
    raw.send("hello");
    EXPECT_EQ(raw.receive_all(), "");
    EXPECT_NE(raw.state(Nanos(0)), Client::State::open);
    Client silent(where());
    EXPECT_NE(silent.state(kPatience), Client::State::open);

    first.send("GET /stats HTTP/1.1\r\nHost: t\r\n\r\n");
    const auto reply = first.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(nlohmann::json::parse(reply->body)["connections"]["refused"], 3) << reply->body;
    second.close();
    const TimePoint deadline = now() + kPatience;
    bool served = false;  // there is room again
    while (!served && now() < deadline) {
        served = get(where(), "/echo/a").value_or(Reply{}).status == 200;
    }
    EXPECT_TRUE(served);
}

TEST_P(Limits, IdleConnectionsEnd) {
    start({"--idle-timeout", "300ms"});
    Client raw(where());
    raw.send("hello");
    EXPECT_EQ(raw.receive(5), "hello");
    Client http(where());
    http.send(kGet);
    ASSERT_TRUE(http.reply());
    Client silent(where());
    for (Client* client : {&raw, &http, &silent}) {
        EXPECT_EQ(client->state(kPatience), Client::State::ended);
    }
    EXPECT_EQ(stats()["errors"]["timeouts"], 3);
}

TEST_P(Limits, AnActiveConnectionIsNotIdle) {
    start({"--idle-timeout", "400ms"});
    Client raw(where());
    for (int i = 0; i < 10; ++i) {
        raw.send("x");
        ASSERT_EQ(raw.receive(1), "x");
        std::this_thread::sleep_for(milliseconds(100));
    }
}

TEST_P(Limits, SlowRequestsGetA408) {
    start({"--request-timeout", "300ms"});
    Client head(where());
    head.send("GET /echo/a HTT");
    Client body(where());
    body.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe");
    for (Client* client : {&head, &body}) {
        const auto reply = client->reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, 408);
        EXPECT_EQ(client->state(kPatience), Client::State::ended);
    }
    EXPECT_EQ(stats()["errors"]["timeouts"], 2);
}

// The time is for the whole request: a byte now and then does not prolong it.
TEST_P(Limits, DrippingRequestsGetA408) {
    start({"--request-timeout", "500ms"});
    Client client(where());
    const TimePoint begin = now();
    client.send("GET /echo/a HTTP/1.1\r\nX: ");
    Nanos open{0};
    while (client.state(milliseconds(50)) == Client::State::open && open < kPatience) {
        client.send("x");
        open = now() - begin;
    }
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 408);
    EXPECT_GE((now() - begin).count(), Nanos(milliseconds(400)).count());
    EXPECT_LT(open.count(), Nanos(std::chrono::seconds(10)).count());
}

TEST_P(Limits, TooLargeIsSaidAtOnce) {
    start({"--max-request", "4KiB"});
    Client body(where());
    body.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000000\r\n\r\n");
    EXPECT_EQ(body.reply().value_or(Reply{}).status, 413);
    Client head(where());
    head.send("GET /" + std::string(5000, 'a'));
    EXPECT_EQ(head.reply().value_or(Reply{}).status, 431);
    EXPECT_EQ(get(where(), "/echo/" + std::string(3000, 'a')).value_or(Reply{}).status, 200);
}

// An error reply must reach who is still uploading: closing while its bytes come would reset it
// away (RFC 9112 9.6). So the server lingers, by time and never by a number of bytes.
class Linger : public Contract {
  protected:
    static constexpr std::string_view kUpload =
        "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    static inline const std::string kChunk = "10000\r\n" + std::string(0x10000, 'u') + "\r\n";

    nlohmann::json when_alone() {
        return stats_when([](const auto& s) { return s["connections"]["now"] == 1; });
    }
};

TEST_P(Linger, AnUploadMayGoOnAsLongAsItLikesAfterItsRefusal) {
    start({"--max-request", "4KiB"});
    Client client(where());
    client.send(kUpload);
    for (int i = 0; i < 16 * 16; ++i) ASSERT_TRUE(client.send(kChunk)) << "after chunk " << i;
    ASSERT_TRUE(client.send("0\r\n\r\n"));
    EXPECT_EQ(client.reply().value_or(Reply{}).status, 413);
    EXPECT_EQ(client.state(kPatience), Client::State::ended);
    client.finish();
    EXPECT_EQ(when_alone()["errors"]["timeouts"], 0);
}

TEST_P(Linger, SoMayASlowRequestAfterIts408) {
    start({"--request-timeout", "400ms"});
    Client client(where());
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n");
    while (client.state(milliseconds(20)) == Client::State::open) client.send("x");
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(client.send("y"));
    EXPECT_EQ(client.reply().value_or(Reply{}).status, 408);
    client.finish();
    EXPECT_EQ(when_alone()["errors"]["timeouts"], 1);
}

TEST_P(Linger, EndsAfterAWhileOfSilence) {
    start({"--max-request", "4KiB", "--request-timeout", "0s", "--idle-timeout", "0s"});
    Client client(where());
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n");
    EXPECT_EQ(client.reply().value_or(Reply{}).status, 413);
    EXPECT_EQ(client.state(kPatience), Client::State::ended) << "the server's side ends at once";
    EXPECT_EQ(when_alone()["errors"]["bad_requests"], 1);
}

TEST_P(Linger, EndsWithTheTimeOfARequestHoweverMuchComes) {
    start({"--max-request", "4KiB", "--request-timeout", "700ms"});
    Client client(where());
    client.send(kUpload);
    const TimePoint deadline = now() + kPatience;
    while (client.send(kChunk) && now() < deadline) {
    }
    EXPECT_LT(now().time_since_epoch().count(), deadline.time_since_epoch().count());
    when_alone();
}

class Ending : public Contract {
  protected:
    // A connection whose second request is known to be in flight: the first, in the same packet,
    // has been answered.
    void send_in_flight(Client& client, const std::string& wait) {
        client.send(kGet + "GET /echo/slow?wait=" + wait + " HTTP/1.1\r\nHost: t\r\n\r\n");
        ASSERT_EQ(client.reply().value_or(Reply{}).body, "hi");
    }
    // Until nobody accepts any more: the first signal was taken.
    void wait_until_closed() {
        const TimePoint deadline = now() + kPatience;
        while (Client(where()).connected() && now() < deadline) {
            std::this_thread::sleep_for(milliseconds(5));
        }
    }
};

TEST_P(Ending, DrainFinishesWhatIsInFlight) {
    for (const int signal : {SIGTERM, SIGINT}) {
        start();
        Client busy(where());
        ASSERT_NO_FATAL_FAILURE(send_in_flight(busy, "700ms"));
        Client idle(where());
        idle.send("hello");
        EXPECT_EQ(idle.receive(5), "hello");
        server().child().signal(signal);
        EXPECT_EQ(idle.state(kPatience), Client::State::ended) << "an idle connection is closed";
        wait_until_closed();
        const auto reply = busy.reply();
        ASSERT_TRUE(reply) << "the reply of the request in flight";
        EXPECT_EQ(reply->body, "slow");
        EXPECT_EQ(reply->headers.at("connection"), "close");
        EXPECT_EQ(busy.state(kPatience), Client::State::ended);
        EXPECT_EQ(server().child().wait(kPatience), 0) << server().child().stderr_text();
    }
}

TEST_P(Ending, TheDeadlineEndsTheDrain) {
    start({"--drain-timeout", "200ms"});
    Client busy(where());
    ASSERT_NO_FATAL_FAILURE(send_in_flight(busy, "10s"));
    const TimePoint begin = now();
    server().child().signal(SIGTERM);
    EXPECT_TRUE(server().child().wait(kPatience));
    EXPECT_LT((now() - begin).count(), Nanos(std::chrono::seconds(5)).count());
    server_.reset();
}

TEST_P(Ending, ASecondSignalEndsItAtOnce) {
    start({"--drain-timeout", "1m"});
    Client busy(where());
    ASSERT_NO_FATAL_FAILURE(send_in_flight(busy, "10s"));
    const TimePoint begin = now();
    server().child().signal(SIGTERM);
    wait_until_closed();
    EXPECT_FALSE(server().child().wait(Nanos(0))) << "it still drains";
    server().child().signal(SIGTERM);
    EXPECT_TRUE(server().child().wait(kPatience));
    EXPECT_LT((now() - begin).count(), Nanos(std::chrono::seconds(5)).count());
    server_.reset();
}

INSTANTIATE_FOR_ALL_SERVERS(Limits);
INSTANTIATE_FOR_ALL_SERVERS(Linger);
INSTANTIATE_FOR_ALL_SERVERS(Ending);

}  // namespace
}  // namespace echotrio::test
