// HTTP replies in detail, work, timeouts, drain; what the robustness table does not say.
#include "tests/support/replies.hpp"
#include "tests/support/session_driver.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace echotrio::test {
namespace {

using protocol::CloseReason;
using protocol::Step;

std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields, const std::string& body) {
    return "POST /echo HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n" + body;
}
std::string post(const std::string& body) {
    return post("Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}

TEST(Http, RepliesToTheByte) {
    EXPECT_EQ(converse(get("/echo/hi")).output,
              "HTTP/1.1 200 OK\r\n" TEST_DATE
              "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(converse(get("/echo/hi", "Connection: close\r\n")).output,
              "HTTP/1.1 200 OK\r\n" TEST_DATE
              "Content-Type: text/plain\r\nContent-Length: 2\r\n"
              "Connection: close\r\n\r\nhi");
    EXPECT_EQ(converse("GET /echo/hi HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").output,
              "HTTP/1.1 200 OK\r\n" TEST_DATE
              "Content-Type: text/plain\r\nContent-Length: 2\r\n"
              "Connection: keep-alive\r\n\r\nhi");
    EXPECT_EQ(converse("HEAD /echo/hello HTTP/1.1\r\nHost: t\r\n\r\n").output,
              "HTTP/1.1 200 OK\r\n" TEST_DATE
              "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(converse("PUT /stats HTTP/1.1\r\nHost: t\r\n\r\n").output,
              "HTTP/1.1 405 Method Not Allowed\r\n" TEST_DATE
              "Content-Type: text/plain\r\nContent-Length: 31\r\n"
              "Allow: GET, HEAD\r\n\r\nthis path takes only GET, HEAD\n");
}

TEST(Http, BodyComesBackWithItsType) {
    const auto replies = all_replies(
        converse(post("Content-Type: application/x-thing;a=b\r\nContent-Length: 3\r\n", "abc") +
                 post("xyz"))
            .output);
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0].body, "abc");
    EXPECT_EQ(replies[0].field("content-type"), "application/x-thing;a=b");
    EXPECT_EQ(replies[1].body, "xyz");
    EXPECT_EQ(replies[1].field("content-type"), "application/octet-stream");
}

TEST(Http, TextIsPercentDecoded) {
    const auto replies =
        all_replies(converse(get("/echo/a%20b%2Fc%00%ff/d?x=%41") + get("/echo/")).output);
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0].body, std::string("a b/c\0\xff/d", 9));
    EXPECT_EQ(replies[1].body, "");
}

TEST(Http, HeadHasTheLengthThatGetHas) {
    for (const std::string target : {"/", "/echo/a%20b", "/stats", "/metrics", "/healthz"}) {
        const auto whole = all_replies(converse(get(target)).output);
        const auto head =
            all_replies(converse("HEAD " + target + " HTTP/1.1\r\nHost: t\r\n\r\n").output);
        ASSERT_EQ(head.size(), 1U) << target;
        EXPECT_EQ(head[0].body, "");
        EXPECT_EQ(head[0].field("content-length"), whole.at(0).field("content-length")) << target;
        EXPECT_EQ(head[0].field("content-type"), whole.at(0).field("content-type")) << target;
    }
}

// Long bodies leave as a view of the input, and not more than the limit comes in.
TEST(Http, LongBodiesComeBackWhole) {
    for (const std::size_t size : {8'000U, 8'192U, 20'000U, 300'000U}) {
        std::string body;
        for (std::size_t i = 0; i < size; ++i) body += static_cast<char>('a' + i % 23);
        std::string chunked = "Transfer-Encoding: chunked\r\n";
        std::string chunks;
        for (std::size_t at = 0; at < size; at += 777) {
            const std::string part = body.substr(at, 777);
            char line[16];
            std::snprintf(line, sizeof line, "%zx\r\n", part.size());
            chunks += line + part + "\r\n";
        }
        chunks += "0\r\n\r\n";
        for (const std::string& request : {post(body), post(chunked, chunks)}) {
            for (const bool hold : {false, true}) {
                SessionDriver driver;
                driver.hold_at_every_step = hold;
                driver.write_at_most = hold ? 1000 : 1 << 30;
                driver.send(request + get("/echo/next"), 5000);
                const auto replies = all_replies(driver.outcome().output);
                ASSERT_EQ(replies.size(), 2U);
                EXPECT_EQ(replies[0].body, body);
                EXPECT_EQ(replies[1].body, "next");
                EXPECT_TRUE(driver.session().idle());
            }
        }
    }
}

TEST(Http, LongTextComesBackWhole) {
    std::string text;
    std::string expected;
    for (int i = 0; i < 10'000; ++i) {
        text += "%41b";
        expected += "Ab";
    }
    const auto replies = all_replies(converse(get("/echo/" + text), 3000).output);
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].body, expected);
}

TEST(Http, PipelinedRepliesLeaveInOneWrite) {
    SessionDriver driver;
    protocol::Session& session = driver.session();
    (void)session.next();
    const std::string requests = get("/echo/a") + get("/echo/b") + post("c") + get("/no");
    session.receive(requests);
    const Step step = session.next();
    ASSERT_EQ(step.kind, Step::Kind::write);
    EXPECT_EQ(statuses_of(step.bytes), (std::vector<int>{200, 200, 200, 404}));
    session.written(step.bytes.size());
    EXPECT_EQ(session.next().kind, Step::Kind::read);
    EXPECT_TRUE(session.idle());
}

TEST(Http, EarlierRepliesDoNotWaitForWork) {
    SessionDriver driver;
    protocol::Session& session = driver.session();
    (void)session.next();
    const std::string requests =
        get("/echo/a") + get("/echo/b?cpu=200us&wait=5ms") + get("/echo/c");
    session.receive(requests);
    const Step first = session.next();
    ASSERT_EQ(first.kind, Step::Kind::write);
    EXPECT_EQ(all_replies(first.bytes).size(), 1U);
    session.written(first.bytes.size());
    const Step compute = session.next();
    EXPECT_EQ(compute.kind, Step::Kind::compute);
    EXPECT_EQ(compute.duration, std::chrono::microseconds(200));
    const Step wait = session.next();
    EXPECT_EQ(wait.kind, Step::Kind::wait);
    EXPECT_EQ(wait.duration, std::chrono::milliseconds(5));
    EXPECT_EQ(all_replies(session.next().bytes).size(), 2U);
}

TEST(Http, WorkOfTheServerUnlessTheRequestSaysOtherwise) {
    protocol::Settings settings;
    settings.model = "test";
    settings.cpu = std::chrono::microseconds(7);
    settings.wait = std::chrono::microseconds(9);
    const Outcome outcome = converse(get("/echo/a") + get("/echo/a?cpu=0") +
                                         get("/echo/a?wait=10s") + get("/healthz") + get("/stats"),
                                     1 << 30, true, settings);
    using std::chrono::microseconds;
    EXPECT_EQ(outcome.computes, (std::vector<Nanos>{microseconds(7), microseconds(7)}));
    EXPECT_EQ(outcome.waits,
              (std::vector<Nanos>{microseconds(9), microseconds(9), std::chrono::seconds(10)}));
}

TEST(Http, ContinueIsSaidOnceAndOnlyWhenTheBodyIsNotThere) {
    const std::string head = post("Expect: 100-continue\r\nContent-Length: 5\r\n", "");
    SessionDriver driver;
    driver.send(head);
    EXPECT_EQ(driver.outcome().output, "HTTP/1.1 100 Continue\r\n\r\n");
    driver.send("hello", 1);
    EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{100, 200}));
    EXPECT_EQ(statuses_of(converse(head + "hello").output), (std::vector<int>{200}));
}

TEST(Http, UnfinishedRequestAtTheEndIsSaid) {
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

// llhttp's releases name different faults here, and name them before or after those of other lines.
TEST(Http, TwoLengthsAreTheFaultThatIsSaid) {
    const std::string length = "Content-Length: 5\r\n", chunked = "Transfer-Encoding: chunked\r\n";
    for (const std::string& fields :
         {length + chunked, chunked + length, length + length, length + "A: b\r\n" + chunked,
          chunked + length + "A B: c\r\n", chunked + "A B: c\r\n" + length,
          chunked + length + "Host: u\r\n", "content-length:5\r\n" + chunked,
          "Transfer-Encoding: identity\r\n" + length, chunked + "Content-Length: x\r\n",
          length + "Transfer-Encoding: gzip\r\n"}) {
        const Outcome outcome = converse(post(fields, "hello"));
        EXPECT_TRUE(outcome.output.ends_with(
            "\r\n\r\nContent-Length is given twice or beside Transfer-Encoding\n"))
            << fields << outcome.output;
    }
}

TEST(Http, ChunksAreDecodedWhereverTheirLinesAreCut) {
    const std::string chunks =
        "3;a=\"b\\\"c\"\r\nabc\r\n0002\r\nde\r\n0;x\r\nContent-Length: 9\r\n\r\n";
    const std::string request = post("Transfer-Encoding: chunked\r\n", chunks) + get("/echo/next");
    for (std::size_t cut = 1; cut < request.size(); ++cut) {
        SessionDriver driver;
        driver.send_pieces(
            {std::string_view(request).substr(0, cut), std::string_view(request).substr(cut)});
        const auto replies = all_replies(driver.outcome().output);
        ASSERT_EQ(replies.size(), 2U) << cut;
        EXPECT_EQ(replies[0].body, "abcde") << cut;
        EXPECT_EQ(replies[1].body, "next") << cut;
    }
}

// The next connection is served by the same object.
TEST(Http, ConnectionsThatEndInAChunkLeaveNothing) {
    const std::string request =
        post("Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n");
    SessionDriver driver;
    for (std::size_t cut = 1; cut < request.size(); ++cut) {
        driver.send(std::string_view(request).substr(0, cut));
        driver.connect();
        driver.send(request);
        const auto replies = all_replies(driver.outcome().output);
        ASSERT_EQ(replies.size(), 1U) << cut;
        EXPECT_EQ(replies[0].body, "hello") << cut;
        driver.connect();
    }
}

TEST(Http, HalfCloseAfterWholeRequestsIsFine) {
    const Outcome outcome = converse(get("/echo/a") + get("/echo/b"));
    EXPECT_EQ(statuses_of(outcome.output), (std::vector<int>{200, 200}));
    EXPECT_EQ(outcome.closed, CloseReason::finished);
}

TEST(Http, AfterAnErrorItReadsUntilTheClockSaysSo) {
    SessionDriver driver;
    driver.send(get("/echo/a", "A B: c\r\n"));
    EXPECT_TRUE(driver.outcome().shut_down);
    EXPECT_FALSE(driver.outcome().closed);
    EXPECT_TRUE(driver.session().lingering());
    EXPECT_FALSE(driver.session().in_request());
    driver.send(std::string(5'000'000, 'x'));
    EXPECT_FALSE(driver.outcome().closed) << "no number of bytes ends it";
    driver.session().timed_out();
    driver.run();
    EXPECT_EQ(driver.outcome().closed, CloseReason::protocol);
    EXPECT_EQ(driver.counters.timeouts.get(), 0U) << "it is counted once, for what it did";
    EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{400}));
    EXPECT_EQ(driver.counters.bad_requests.get(), 1U);
}

TEST(Http, AfterAnErrorThePeersEndCloses) {
    SessionDriver driver;
    driver.send(get("/echo/a", "A B: c\r\n"));
    driver.end();
    EXPECT_EQ(driver.outcome().closed, CloseReason::protocol);
}

TEST(Http, SlowRequestGetsA408) {
    for (const std::string part :
         {"GET /echo/a HTT", "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe"}) {
        SessionDriver driver;
        driver.send(part);
        EXPECT_TRUE(driver.session().in_request());
        driver.session().timed_out();
        driver.run();
        EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{408}));
        EXPECT_TRUE(driver.session().lingering());
        driver.session().timed_out();
        driver.run();
        EXPECT_EQ(driver.outcome().closed, CloseReason::timeout);
        EXPECT_EQ(driver.counters.timeouts.get(), 1U);
        EXPECT_EQ(driver.counters.bad_requests.get(), 0U);
    }
}

TEST(Http, IdleConnectionTimesOutInSilence) {
    SessionDriver driver;
    driver.send(get("/echo/a"));
    EXPECT_FALSE(driver.session().in_request());
    EXPECT_TRUE(driver.session().idle());
    driver.session().timed_out();
    driver.run();
    EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{200}));
    EXPECT_EQ(driver.outcome().closed, CloseReason::timeout);
}

TEST(Http, SlowReaderIsClosed) {
    SessionDriver driver;
    protocol::Session& session = driver.session();
    (void)session.next();
    const std::string request = get("/echo/a");
    session.receive(request);
    ASSERT_EQ(session.next().kind, Step::Kind::write);
    session.written(5);
    session.hold();
    session.timed_out();
    const Step step = session.next();
    EXPECT_EQ(step.kind, Step::Kind::close);
    EXPECT_EQ(step.reason, CloseReason::timeout);
}

TEST(Http, DrainFinishesWhatIsHereAndSaysSo) {
    SessionDriver driver;
    driver.send(get("/echo/a") + get("/echo/b").substr(0, 10));
    EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{200}));
    driver.draining = true;
    driver.send(get("/echo/b").substr(10) + get("/echo/c"));
    const auto replies = all_replies(driver.outcome().output);
    ASSERT_EQ(replies.size(), 3U);
    EXPECT_FALSE(replies[1].field("connection"));  // another request had arrived behind it
    EXPECT_EQ(replies[2].field("connection"), "close");
    EXPECT_EQ(driver.outcome().closed, CloseReason::finished);
}

TEST(Http, DrainClosesAnIdleConnection) {
    SessionDriver driver;
    driver.send(get("/echo/a"));
    driver.draining = true;
    driver.run();
    EXPECT_EQ(driver.outcome().closed, CloseReason::draining);
}

TEST(Http, RefusedGetsA503) {
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

TEST(Http, ErrorsDoNotInheritFromTheRequestBefore) {
    // a HEAD before must not take the body off the error that follows it
    SessionDriver driver;
    driver.send("HEAD /echo/a HTTP/1.1\r\nHost: t\r\n\r\nGET / HTTP/7.7\r\n");
    EXPECT_TRUE(
        driver.outcome().output.ends_with("\r\n\r\nonly HTTP/1.1 and HTTP/1.0 are spoken "
                                          "here\n"))
        << driver.outcome().output;
}

TEST(Http, CountsRequestsErrorsAndBytes) {
    SessionDriver driver;
    const std::string requests = get("/echo/a") + get("/no") + get("/echo/b");
    driver.send(requests);
    EXPECT_EQ(driver.counters.requests.get(), 3U);
    EXPECT_EQ(driver.counters.bad_requests.get(), 1U);
    EXPECT_EQ(driver.counters.bytes_in.get(), requests.size());
    EXPECT_EQ(driver.counters.bytes_out.get(), driver.outcome().output.size());
}

TEST(Http, StatsPagesAreTheSources) {
    SessionDriver driver;
    driver.stats.stats.totals.requests = 7;
    driver.send(get("/stats") + get("/metrics"));
    const auto replies = all_replies(driver.outcome().output);
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0].field("content-type"), "application/json");
    EXPECT_EQ(nlohmann::json::parse(replies[0].body).at("requests"), 7);
    EXPECT_EQ(replies[1].field("content-type"), "text/plain; version=0.0.4");
    EXPECT_NE(replies[1].body.find("echotrio_requests_total{model=\"test\"} 7\n"),
              std::string::npos);
}

}  // namespace
}  // namespace echotrio::test
