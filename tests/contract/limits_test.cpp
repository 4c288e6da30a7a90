// --max-connections, the timeouts, --max-request; and the end: drain, deadline, second signal.
#include "tests/contract/fixture.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

namespace echotrio::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

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

    for (Client* client : {&first, &second}) {
        ask(*client, "/stats");
        const auto reply = client->reply();
        ASSERT_TRUE(reply) << "who is inside is served on";
        EXPECT_EQ(nlohmann::json::parse(reply->body)["connections"]["refused"], 3) << reply->body;
    }
    second.close();
    EXPECT_TRUE(eventually([&] { return get(where(), "/echo/a").value_or(Reply{}).status == 200; }))
        << "there is room again";
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
    EXPECT_EQ(server().stats()["errors"]["timeouts"], 3);
}

// A machine that is busy may make a pause of the client's too long: then the server is right.
TEST_P(Limits, AnActiveConnectionIsNotIdle) {
    constexpr Nanos kLimit = milliseconds(400);
    start({"--idle-timeout", "400ms"});
    Client active(where());
    const TimePoint began = now();
    TimePoint last_sent = began;
    Nanos longest{0};
    bool open = true;
    while (open && now() - began < 3 * kLimit) {
        std::this_thread::sleep_for(kLimit / 4);
        const TimePoint sent = now();
        open = echoes(active);
        longest = std::max(longest, now() - last_sent);
        last_sent = sent;
    }
    EXPECT_TRUE(open || longest >= kLimit) << micros(longest);
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
    EXPECT_EQ(server().stats()["errors"]["timeouts"], 2);
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
    head.send("GET / HTTP/1.1\r\nA: " + std::string(5000, 'a'));
    EXPECT_EQ(head.reply().value_or(Reply{}).status, 431);
    Client target(where());
    target.send("GET /" + std::string(5000, 'a'));
    EXPECT_EQ(target.reply().value_or(Reply{}).status, 414);
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
        return server().stats_when([](const auto& s) { return s["connections"]["now"] == 1; });
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
    start({"--request-timeout", "1500ms"});
    Client client(where());
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n");
    while (client.state(milliseconds(20)) == Client::State::open) client.send("x");
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(client.send("y"));
    EXPECT_EQ(client.reply().value_or(Reply{}).status, 408);
    client.finish();
    EXPECT_EQ(when_alone()["errors"]["timeouts"], 1);
}

// Whichever reply is the last, also where the client was told so and sends on all the same.
TEST_P(Linger, SoMayWhoGoesOnAfterTheLastReply) {
    start();
    for (const std::string request :
         {"GET /echo/hi HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
          "GET /echo/hi HTTP/1.0\r\n\r\n"}) {
        Client client(where());
        client.send(request);
        EXPECT_EQ(client.state(kPatience), Client::State::ended);
        for (int i = 0; i < 10; ++i) EXPECT_TRUE(client.send(kGet)) << "after " << i;
        EXPECT_EQ(client.reply().value_or(Reply{}).body, "hi");
        client.finish();
        const auto alone = when_alone();
        EXPECT_EQ(alone["errors"]["timeouts"], 0);
        EXPECT_EQ(alone["errors"]["resets"], 0);
    }
}

TEST_P(Linger, EndsWithTheTimeOfARequestHoweverMuchComes) {
    start({"--max-request", "4KiB", "--request-timeout", "700ms"});
    Client client(where());
    const TimePoint began = now();
    client.send(kUpload);
    while (client.send(kChunk) && now() - began < kPatience) {
    }
    EXPECT_GE((now() - began).count(), Nanos(milliseconds(600)).count());
    EXPECT_LT((now() - began).count(), kPatience.count());
    when_alone();
}

class Ending : public Contract {
  protected:
    // The second of two requests in one packet is known to be in flight when the first was
    // answered.
    void send_in_flight(Client& client, const std::string& second) {
        client.send(kGet + second);
        ASSERT_EQ(client.reply().value_or(Reply{}).body, "hi");
    }
    static std::string request(const std::string& work) {
        return "GET /echo/slow?" + work + " HTTP/1.1\r\nHost: t\r\n\r\n";
    }
    // Nobody accepts any more: the first signal was taken.
    bool wait_until_closed() {
        return eventually([&] { return !Client(where()).connected(); });
    }
    // It ends long before the request in flight, which takes 10 s, would.
    void expect_given_up(Client& busy, TimePoint signalled) {
        EXPECT_EQ(server().wait(kPatience), 1) << "not all was finished";
        EXPECT_LT((now() - signalled).count(), Nanos(seconds(8)).count());
        EXPECT_FALSE(busy.reply());
        server_.reset();
    }
};

TEST_P(Ending, DrainFinishesWhatIsInFlight) {
    for (const int signal : {SIGTERM, SIGINT}) {
        start({"--drain-timeout", "30s"});
        Client waiting(where()), computing(where());
        ASSERT_NO_FATAL_FAILURE(send_in_flight(waiting, request("wait=1500ms")));
        // the last one: it holds the one loop of the coroutine server
        ASSERT_NO_FATAL_FAILURE(send_in_flight(computing, request("cpu=1s")));
        server().signal(signal);
        EXPECT_TRUE(wait_until_closed());
        for (Client* client : {&waiting, &computing}) {
            const auto reply = client->reply();
            ASSERT_TRUE(reply) << "the reply of the request in flight";
            EXPECT_EQ(reply->body, "slow");
            EXPECT_EQ(reply->headers.at("connection"), "close");
            EXPECT_EQ(client->state(kPatience), Client::State::ended);
        }
        EXPECT_EQ(server().wait(kPatience), 0) << server().log();
    }
}

TEST_P(Ending, TheLastReplyOfADrainIsLingeredFor) {
    start({"--drain-timeout", "30s"});
    Client busy(where());
    ASSERT_NO_FATAL_FAILURE(send_in_flight(busy, request("wait=1500ms")));
    server().signal(SIGTERM);
    EXPECT_EQ(busy.reply().value_or(Reply{}).body, "slow");
    EXPECT_EQ(busy.state(kPatience), Client::State::ended);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(busy.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n"));
    EXPECT_FALSE(server().wait(Nanos(0)));
    busy.finish();
    EXPECT_EQ(server().wait(kPatience), 0) << server().log();
}

TEST_P(Ending, ARequestHalfReceivedIsFinished) {
    start({"--drain-timeout", "30s"});
    Client head(where()), body(where());
    ASSERT_NO_FATAL_FAILURE(send_in_flight(head, "GET /echo/whole HTTP/1.1\r\nHost: te"));
    ASSERT_NO_FATAL_FAILURE(
        send_in_flight(body, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nwh"));
    server().signal(SIGTERM);
    EXPECT_TRUE(wait_until_closed());
    head.send("st\r\n\r\n");
    body.send("ole");
    for (Client* client : {&head, &body}) {
        EXPECT_EQ(client->reply().value_or(Reply{}).body, "whole");
        EXPECT_EQ(client->state(kPatience), Client::State::ended);
    }
    EXPECT_EQ(server().wait(kPatience), 0) << server().log();
}

TEST_P(Ending, IdleConnectionsAreClosedAtOnce) {
    start({"--drain-timeout", "1h"});
    Client silent(where()), raw(where()), http(where());
    ASSERT_TRUE(echoes(raw));
    ask(http, "/echo/hi");
    ASSERT_TRUE(http.reply());
    const auto all =
        server().stats_when([](const auto& s) { return s["connections"]["now"] == 4; });
    ASSERT_EQ(all["connections"]["now"], 4) << "the silent one was accepted";
    server().signal(SIGTERM);
    for (Client* client : {&silent, &raw, &http}) {
        EXPECT_EQ(client->state(kPatience), Client::State::ended);
    }
    EXPECT_EQ(server().wait(kPatience), 0) << server().log();
}

TEST_P(Ending, TheDeadlineEndsTheDrain) {
    for (const char* work : {"wait=10s", "cpu=10s"}) {
        start({"--drain-timeout", "200ms"});
        Client busy(where());
        ASSERT_NO_FATAL_FAILURE(send_in_flight(busy, request(work)));
        server().signal(SIGTERM);
        expect_given_up(busy, now());
    }
}

TEST_P(Ending, ASecondSignalEndsItAtOnce) {
    start({"--drain-timeout", "1h"});
    Client busy(where());
    ASSERT_NO_FATAL_FAILURE(send_in_flight(busy, request("wait=10s")));
    server().signal(SIGTERM);
    EXPECT_TRUE(wait_until_closed());
    EXPECT_FALSE(server().wait(Nanos(0))) << "it still drains";
    server().signal(SIGTERM);
    expect_given_up(busy, now());
}

// One that computes may hold all that would notice a signal.
TEST_P(Ending, ASecondSignalEndsAComputingServerToo) {
    start({"--drain-timeout", "1h"});
    Client busy(where());
    ASSERT_NO_FATAL_FAILURE(send_in_flight(busy, request("cpu=10s")));
    server().signal(SIGTERM);
    server().signal(SIGINT);
    expect_given_up(busy, now());
}

INSTANTIATE_FOR_ALL_SERVERS(Limits);
INSTANTIATE_FOR_ALL_SERVERS(Linger);
INSTANTIATE_FOR_ALL_SERVERS(Ending);

}  // namespace
}  // namespace echotrio::test
