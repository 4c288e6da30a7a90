// What a request can be asked to cost, and how long a worker keeps its client.
#include "tests/contract/fixture.hpp"

#include <fmt/format.h>

#include <string>

namespace echotrio::test {
namespace {

class Work : public Contract {};

TEST_P(Work, OfEveryKindComesBeforeTheReply) {
    start();
    Client client(where());
    for (const std::string query :
         {"native=2ms", "hold=2ms", "cpu=1ms&native=1ms&hold=1ms&wait=1ms", "native=0&hold=0s"}) {
        ask(client, "/echo/a?" + query);
        EXPECT_EQ(client.reply().value_or(Reply{}).body, "a") << query;
    }
    client.send("POST /echo?hold=1ms HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "hi");
    const std::string about = get(where(), "/").value_or(Reply{}).body;
    EXPECT_NE(about.find("?native="), std::string::npos) << about;
    EXPECT_NE(about.find("?hold="), std::string::npos) << about;
}

TEST_P(Work, OfEveryKindHasTheSameBounds) {
    start();
    Client client(where());
    for (const std::string name : {"cpu", "native", "hold", "wait"}) {
        const Words wrongs{"=11s", "=5", "", "=-1s", "=1ms&" + name + "=1ms"};
        for (const std::string& wrong : wrongs) {
            ask(client, "/echo/a?" + name + wrong);
            const auto reply = client.reply();
            ASSERT_TRUE(reply);
            EXPECT_EQ(reply->status, 400) << name << wrong;
            EXPECT_TRUE(reply->body.starts_with(name + ": ")) << reply->body;
        }
    }
    ask(client, "/echo/a?holding=11s&natives=5");  // not ours
    EXPECT_EQ(client.reply().value_or(Reply{}).body, "a");
}

// By the least that a request can take, half of the work as for --base-cost: a CPU may run faster
// than when it was calibrated.
TEST_P(Work, OfEveryKindTakesItsTime) {
    start();
    for (const std::string name : {"native", "hold"}) {
        const TimePoint begin = now();
        EXPECT_EQ(get(where(), "/echo/a?" + name + "=60ms").value_or(Reply{}).body, "a");
        EXPECT_GE((now() - begin).count(), Nanos(std::chrono::milliseconds(30)).count()) << name;
    }
}

// A loop can give way between two steps of a program, not in the middle of a call.
TEST_P(Work, YieldsInInterpretedWorkAlone) {
    if (model() != "coroutine" && model() != "py-asyncio") GTEST_SKIP() << "it has no loop";
    start({"--yield-every", "1ms"});
    const auto yields = [&] { return server().stats()["loop"]["yields"].get<double>(); };
    for (const std::string name : {"native", "hold"}) {
        ASSERT_TRUE(get(where(), "/echo/a?" + name + "=10ms"));
        EXPECT_EQ(yields(), 0) << name;
    }
    ASSERT_TRUE(get(where(), "/echo/a?cpu=10ms"));
    EXPECT_GE(yields(), 8);
}

class KeepAlive : public Contract {
  protected:
    void SetUp() override {
        Contract::SetUp();
        if (!model().ends_with("prefork")) GTEST_SKIP() << "that is for a worker to decide";
    }
    // Asks for so many pages; how many said that they were the last.
    static int closes_in(Client& client, int replies) {
        int closes = 0;
        for (int i = 0; i < replies; ++i) {
            ask(client, "/echo/hi");
            const auto reply = client.reply();
            EXPECT_TRUE(reply) << i;
            if (!reply) return -1;
            EXPECT_EQ(reply->body, "hi");
            closes += reply->headers.contains("connection") ? 1 : 0;
        }
        return closes;
    }
};

TEST_P(KeepAlive, OffClosesAfterEachReplyAndSaysSo) {
    start({"--keep-alive", "off"});
    for (int i = 0; i < 3; ++i) {
        Client client(where());
        ask(client, i == 1 ? "/no" : "/echo/hi");  // errors are replies, too
        const auto reply = client.reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->headers.at("connection"), "close");
        EXPECT_EQ(client.state(kPatience), Client::State::ended);
    }
    Client old(where());
    old.send("GET /echo/hi HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(old.reply().value_or(Reply{}).headers["connection"], "close");
    EXPECT_EQ(server().stats()["errors"]["resets"], 0);
}

TEST_P(KeepAlive, ANumberIsThatOfRequests) {
    start({"--keep-alive", "3"});
    for (int i = 0; i < 2; ++i) {
        Client client(where());
        EXPECT_EQ(closes_in(client, 2), 0);
        EXPECT_EQ(closes_in(client, 1), 1);
        EXPECT_EQ(client.state(kPatience), Client::State::ended);
    }
    // what was sent behind the last one is the client's to send again
    Client eager(where());
    std::string five;
    for (int i = 0; i < 5; ++i) five += "GET /echo/hi HTTP/1.1\r\nHost: t\r\n\r\n";
    eager.send(five);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(eager.reply().value_or(Reply{}).body, "hi") << i;
    EXPECT_EQ(eager.receive_all(), "");
}

TEST_P(KeepAlive, OnIsForEver) {
    start({"--keep-alive", "on"});
    Client client(where());
    EXPECT_EQ(closes_in(client, 100), 0);
}

TEST_P(KeepAlive, RawEchoHasNoRequestsToCount) {
    start({"--keep-alive", "off"});
    Client client(where());
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(echoes(client));
    EXPECT_EQ(client.state(Nanos(0)), Client::State::open);
}

INSTANTIATE_FOR_ALL_SERVERS(Work);
INSTANTIATE_FOR_ALL_SERVERS(KeepAlive);

}  // namespace
}  // namespace echotrio::test
