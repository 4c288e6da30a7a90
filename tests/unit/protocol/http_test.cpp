// HTTP replies in detail and work; what the robustness table does not say.
#include "tests/support/replies.hpp"
#include "tests/support/session_driver.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace echotrio::test {
namespace {

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
              "Content-Type: text/plain\r\nContent-Length: 40\r\n"
              "Allow: GET, HEAD, OPTIONS\r\n\r\nthis path takes only GET, HEAD, OPTIONS\n");
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

// RFC 9110 9.3.2: an error in the place of what a HEAD asks for has no content either, and the
// length that it would have.
TEST(Http, NoErrorToAHeadHasContent) {
    using namespace std::string_literals;
    const std::string host = " HTTP/1.1\r\nHost: t\r\n";
    const auto padding = std::string(2'000, 'a');
    for (const std::string& rest :
         {"/no"s + host + "\r\n", "/echo"s + host + "\r\n", "/echo/%zz"s + host + "\r\n",
          "/ /"s + host + "\r\n", "/ HTTP/7.7\r\n"s, "/\n"s, "/echo/a HTTP/1.1\r\n\r\n"s,
          "/echo/a"s + host + "A B: c\r\n\r\n", "/echo/a"s + host + "Content-Length: x\r\n\r\n",
          "/echo/a"s + host + "Content-Length: 99999\r\n\r\n",
          "/echo/a"s + host + "Expect: tea\r\n\r\n",
          "/echo/a"s + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
          "/echo/a"s + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "/" + padding,
          "/" + host + "A: " + padding}) {
        protocol::Settings settings;
        settings.max_request = 1024;
        const auto replies_to = [&](const std::string& method) {
            return all_replies(converse(method + rest, 1 << 30, false, settings).output);
        };
        const auto head = replies_to("HEAD ");
        const auto other = replies_to(rest.starts_with("/echo HTTP") ? "DELETE " : "GET ");
        ASSERT_EQ(head.size(), 1U) << rest;
        ASSERT_EQ(other.size(), 1U) << rest;
        EXPECT_GE(head[0].status, 400) << rest;
        EXPECT_EQ(head[0].status, other[0].status) << rest;
        EXPECT_EQ(head[0].body, "") << rest;
        EXPECT_NE(other[0].body, "") << rest;
        EXPECT_EQ(head[0].field("content-length"), other[0].field("content-length")) << rest;
    }
}

TEST(Http, OptionsSayWhatIsAllowed) {
    const auto allowed = [](const std::string& target, const std::string& fields = "") {
        const auto replies = all_replies(
            converse("OPTIONS " + target + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n").output);
        EXPECT_EQ(replies.size(), 1U);
        EXPECT_EQ(replies.at(0).field("content-length"), "0");
        return replies.at(0).field("allow").value_or("nothing");
    };
    EXPECT_EQ(allowed("*"), "GET, HEAD, POST, PUT, OPTIONS");
    EXPECT_EQ(allowed("http://t:80"), "GET, HEAD, POST, PUT, OPTIONS");
    EXPECT_EQ(allowed("/"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(allowed("/echo/a?cpu=1"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(allowed("/echo", "Connection: close\r\n"), "POST, PUT, OPTIONS");
    EXPECT_EQ(allowed("http://t/stats"), "GET, HEAD, OPTIONS");
}

// What llhttp does not read and HTTP allows is reworded where it lies, and comes back as it came.
TEST(Http, RewordingChangesNothingThatIsAnswered) {
    const auto replies = all_replies(
        converse("POST /echo HTTP/1.7\r\nHost:\tt\r\nContent-Type:\ta/b; c=\"\td\t\"\t\r\n"
                 "Content-Length:\t7\t\r\n\r\na:\tb \t\n" +
                 get("/echo/next"))
            .output);
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0].field("content-type"), "a/b; c=\"\td\t\"");
    EXPECT_EQ(replies[0].body, "a:\tb \t\n");
    EXPECT_EQ(replies[1].body, "next");
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
                EXPECT_EQ(driver.session().waits(), protocol::Waiting::quiet);
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
    session.took(moved(requests));
    const Step step = session.next();
    ASSERT_EQ(step.kind, Step::Kind::write);
    EXPECT_EQ(statuses_of(step.bytes), (std::vector<int>{200, 200, 200, 404}));
    session.sent(moved(step.bytes));
    EXPECT_EQ(session.next().kind, Step::Kind::read);
    EXPECT_EQ(session.waits(), protocol::Waiting::quiet);
}

TEST(Http, EarlierRepliesDoNotWaitForWork) {
    SessionDriver driver;
    protocol::Session& session = driver.session();
    (void)session.next();
    const std::string requests =
        get("/echo/a") + get("/echo/b?cpu=200us&wait=5ms") + get("/echo/c");
    session.took(moved(requests));
    const Step first = session.next();
    ASSERT_EQ(first.kind, Step::Kind::write);
    EXPECT_EQ(all_replies(first.bytes).size(), 1U);
    session.sent(moved(first.bytes));
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

TEST(Http, WorkOfEveryKindInItsOrder) {
    using std::chrono::microseconds;
    const Outcome outcome =
        converse(get("/echo/a?wait=4us&hold=3us&native=2us&cpu=1us") + get("/echo/a?hold=5us") +
                 get("/echo/a?native=6us&hold=0") + get("/stats?hold=7us"));
    EXPECT_EQ(outcome.computes,
              (std::vector<Nanos>{microseconds(1), microseconds(2), microseconds(3),
                                  microseconds(5), microseconds(6)}));
    using protocol::Work;
    EXPECT_EQ(outcome.works, (std::vector<Work>{Work::interpreted, Work::native, Work::hold,
                                                Work::hold, Work::native}));
    EXPECT_EQ(outcome.waits, (std::vector<Nanos>{microseconds(4)}));
}

TEST(Http, TheLastReplyThatAConnectionMayGetSaysSo) {
    SessionDriver driver;
    driver.context().replies_left = 3;
    driver.send(get("/echo/a") + get("/no"));
    EXPECT_EQ(driver.outcome().output.find("Connection: close"), std::string::npos);
    EXPECT_FALSE(driver.outcome().shut_down);
    driver.send(get("/echo/b") + get("/echo/c"));
    EXPECT_EQ(statuses_of(driver.outcome().output), (std::vector<int>{200, 404, 200}));
    EXPECT_NE(driver.outcome().output.find("Connection: close"), std::string::npos);
    EXPECT_TRUE(driver.outcome().shut_down);
    driver.end();
    EXPECT_EQ(driver.outcome().closed, protocol::CloseReason::finished);
}

// Pages cost it too; what is refused does not.
TEST(Http, EveryRequestCostsTheBaseCostBesideItsWork) {
    using std::chrono::microseconds;
    protocol::Settings settings;
    settings.model = "test";
    settings.cpu = microseconds(7);
    settings.base_cost = microseconds(30);
    const Outcome outcome =
        converse(get("/echo/a") + get("/echo/a?cpu=1us") + get("/healthz") + get("/no") + get("/"),
                 1 << 30, true, settings);
    EXPECT_EQ(outcome.computes, (std::vector<Nanos>{microseconds(37), microseconds(31),
                                                    microseconds(30), microseconds(30)}));
    EXPECT_NE(outcome.output.find("costs 30us of CPU work beside its own"), std::string::npos);
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
