// How an HTTP connection ends: by the last reply, an error, the clock, a drain, a refusal.
#include "tests/support/replies.hpp"
#include "tests/support/session_driver.hpp"

#include <gtest/gtest.h>

namespace echotrio::test {
namespace {

using protocol::CloseReason;
using protocol::Step;
using protocol::Waiting;

std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n";
}

// No content to a HEAD (RFC 9110 9.3.2), however little of it came.
TEST(HttpEnd, ATimeoutOrARefusalOfAHeadHasNoContent) {
    for (const std::string part : {"HEAD /echo/a HTT", "HEAD /a HTTP/1.1\r\nHost: t\r\n"}) {
        SessionDriver driver;
        driver.send(part);
        driver.session().timed_out();
        driver.run();
        EXPECT_TRUE(driver.outcome().output.starts_with("HTTP/1.1 408 "));
        EXPECT_TRUE(driver.outcome().output.ends_with("\r\n\r\n")) << driver.outcome().output;
        const Outcome cut_off = converse(part);
        EXPECT_TRUE(cut_off.output.starts_with("HTTP/1.1 400 "));
        EXPECT_TRUE(cut_off.output.ends_with("\r\n\r\n")) << cut_off.output;
    }
    SessionDriver refused;
    refused.session().refuse();
    refused.send("HEAD / HTTP/1.1\r\n");
    EXPECT_TRUE(refused.outcome().output.starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(refused.outcome().output.ends_with("\r\n\r\n")) << refused.outcome().output;
}

TEST(HttpEnd, UnfinishedRequestAtTheEndIsSaid) {
    for (const std::string part :
         {"GET /echo/a HTTP/1.1\r\n",
          "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe",
          "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
        const Outcome outcome = converse(get("/echo/a") + part);
        EXPECT_EQ(statuses_of(outcome.output), (std::vector<int>{200, 400}));
        EXPECT_EQ(outcome.closed, CloseReason::protocol);
        EXPECT_FALSE(outcome.shut_down);  // the peer has ended already
    }
}

TEST(HttpEnd, HalfCloseAfterWholeRequestsIsFine) {
    const Outcome outcome = converse(get("/echo/a") + get("/echo/b"));
    EXPECT_EQ(statuses_of(outcome.output), (std::vector<int>{200, 200}));
    EXPECT_EQ(outcome.closed, CloseReason::finished);
}

TEST(HttpEnd, AfterAnErrorItReadsUntilTheClockSaysSo) {
    SessionDriver driver;
    driver.send(get("/echo/a", "A B: c\r\n"));
    EXPECT_TRUE(driver.outcome().shut_down);
    EXPECT_FALSE(driver.outcome().closed);
    EXPECT_EQ(driver.session().waits(), Waiting::lingering);
    driver.send(std::string(5'000'000, 'x'));
    EXPECT_FALSE(driver.outcome().closed) << "no number of bytes ends it";
    driver.session().timed_out();
    driver.run();
    EXPECT_EQ(driver.outcome().closed, CloseReason::protocol);
    EXPECT_EQ(driver.counters.timeouts.get(), 0U) << "it is counted once, for what it did";
    EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{400}));
    EXPECT_EQ(driver.counters.bad_requests.get(), 1U);
}

TEST(HttpEnd, AfterAnErrorThePeersEndCloses) {
    SessionDriver driver;
    driver.send(get("/echo/a", "A B: c\r\n"));
    driver.end();
    EXPECT_EQ(driver.outcome().closed, CloseReason::protocol);
}

// RFC 9112 9.6: whichever reply is the last.
TEST(HttpEnd, AfterTheLastReplyItReadsOnToo) {
    const std::string close = get("/echo/a", "Connection: close\r\n");
    for (const std::string& request :
         {close, close + get("/echo/late"), std::string("GET /echo/a HTTP/1.0\r\n\r\n")}) {
        for (const bool broken : {false, true}) {
            SessionDriver driver;
            driver.send(request);
            EXPECT_TRUE(driver.outcome().shut_down);
            EXPECT_EQ(driver.session().waits(), Waiting::lingering);
            EXPECT_TRUE(driver.context().spare_http) << "who lingers holds nothing";
            driver.send(get("/echo/late"));
            EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{200}));
            EXPECT_FALSE(driver.outcome().closed);
            driver.session().took({broken ? Io::Kind::failed : Io::Kind::late});
            driver.run();
            EXPECT_EQ(driver.outcome().closed, CloseReason::finished);
            EXPECT_EQ(driver.counters.timeouts.get(), 0U) << "all was said";
            EXPECT_EQ(driver.counters.resets.get(), 0U) << "and nothing lost";
        }
    }
}

TEST(HttpEnd, WhoHasEndedIsNotLingeredFor) {
    EXPECT_FALSE(converse(get("/echo/a")).shut_down);
    SessionDriver driver;
    driver.send(get("/echo/a?wait=1ms", "Connection: close\r\n").substr(0, 20));
    driver.session().took({Io::Kind::end});
    driver.run();
    EXPECT_FALSE(driver.outcome().shut_down);
    EXPECT_EQ(driver.outcome().closed, CloseReason::protocol);
}

TEST(HttpEnd, SlowRequestGetsA408) {
    for (const std::string part :
         {"GET /echo/a HTT", "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe"}) {
        SessionDriver driver;
        driver.send(part);
        EXPECT_EQ(driver.session().waits(), Waiting::request);
        driver.session().timed_out();
        driver.run();
        EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{408}));
        EXPECT_EQ(driver.session().waits(), Waiting::lingering);
        driver.session().timed_out();
        driver.run();
        EXPECT_EQ(driver.outcome().closed, CloseReason::timeout);
        EXPECT_EQ(driver.counters.timeouts.get(), 1U);
        EXPECT_EQ(driver.counters.bad_requests.get(), 0U);
    }
}

TEST(HttpEnd, IdleConnectionTimesOutInSilence) {
    SessionDriver driver;
    driver.send(get("/echo/a"));
    EXPECT_EQ(driver.session().waits(), Waiting::quiet);
    driver.session().timed_out();
    driver.run();
    EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{200}));
    EXPECT_EQ(driver.outcome().closed, CloseReason::timeout);
}

TEST(HttpEnd, SlowReaderIsClosed) {
    SessionDriver driver;
    protocol::Session& session = driver.session();
    (void)session.next();
    const std::string request = get("/echo/a");
    session.took(moved(request));
    const Step step = session.next();
    ASSERT_EQ(step.kind, Step::Kind::write);
    session.sent(moved(step.bytes.substr(0, 5)));
    session.hold();
    session.sent({Io::Kind::late});
    const Step last = session.next();
    EXPECT_EQ(last.kind, Step::Kind::close);
    EXPECT_EQ(last.reason, CloseReason::timeout);
}

TEST(HttpEnd, DrainFinishesWhatIsHereAndSaysSo) {
    SessionDriver driver;
    driver.send(get("/echo/a") + get("/echo/b").substr(0, 10));
    EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{200}));
    driver.draining = true;
    driver.send(get("/echo/b").substr(10) + get("/echo/c"));
    const auto replies = all_replies(driver.outcome().output);
    ASSERT_EQ(replies.size(), 3U);
    EXPECT_FALSE(replies[1].field("connection"));  // another request had arrived behind it
    EXPECT_EQ(replies[2].field("connection"), "close");
    EXPECT_TRUE(driver.outcome().shut_down);
    driver.run();
    EXPECT_FALSE(driver.outcome().closed) << "a drain does not cut the lingering short";
    driver.end();
    EXPECT_EQ(driver.outcome().closed, CloseReason::finished);
}

TEST(HttpEnd, DrainClosesAnIdleConnection) {
    SessionDriver driver;
    driver.send(get("/echo/a"));
    driver.draining = true;
    driver.run();
    EXPECT_EQ(driver.outcome().closed, CloseReason::draining);
}

TEST(HttpEnd, RefusedGetsA503) {
    SessionDriver driver;
    driver.session().refuse();
    driver.send(get("/echo/a"), 3);
    const auto replies = all_replies(driver.outcome().output);
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].status, 503);
    EXPECT_EQ(replies[0].field("connection"), "close");
    EXPECT_TRUE(driver.outcome().shut_down);
    driver.end();
    EXPECT_EQ(driver.outcome().closed, CloseReason::refused);
    EXPECT_EQ(driver.counters.refused.get(), 1U);
    EXPECT_EQ(driver.counters.bad_requests.get(), 0U);
}

}  // namespace
}  // namespace echotrio::test
