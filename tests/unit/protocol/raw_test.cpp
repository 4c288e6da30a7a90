// Raw echo (RFC 862), and how the first bytes decide.
#include "common/base/rng.hpp"
#include "tests/support/session_driver.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio::test {
namespace {

using protocol::CloseReason;
using protocol::Mode;
using protocol::Settings;
using protocol::Step;
using protocol::Waiting;

std::string random_bytes(Rng& rng, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(rng.below(256));
    return bytes;
}

Settings with_mode(Mode mode) {
    Settings settings;
    settings.model = "test";
    settings.mode = mode;
    return settings;
}

TEST(RawEcho, AnyBytesInAnyPiecesComeBack) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Rng rng(seed);
        SessionDriver driver(with_mode(Mode::echo));
        driver.hold_at_every_step = seed % 2 == 0;
        driver.write_at_most = 1 + rng.below(seed % 3 == 0 ? 10 : 20'000);
        std::string sent;
        for (int i = 0; i < 20; ++i) {
            const std::string piece = random_bytes(rng, 1 + rng.below(protocol::kInputSize));
            driver.send(piece);
            sent += piece;
            ASSERT_EQ(driver.outcome().output, sent) << "seed " << seed;
        }
        driver.end();
        EXPECT_EQ(driver.outcome().output, sent);
        EXPECT_EQ(driver.outcome().closed, CloseReason::finished);
        EXPECT_EQ(driver.counters.bytes_in.get(), sent.size());
        EXPECT_EQ(driver.counters.bytes_out.get(), sent.size());
        EXPECT_EQ(driver.counters.requests.get(), 20U);
    }
}

TEST(RawEcho, TheReplyIsTheBytesRead) {
    SessionDriver driver(with_mode(Mode::echo));
    protocol::Session& session = driver.session();
    ASSERT_EQ(session.next().kind, Step::Kind::read);
    const std::string_view read(driver.context().input.data(), 64);
    session.took(moved(read));
    const Step step = session.next();
    ASSERT_EQ(step.kind, Step::Kind::write);
    EXPECT_EQ(step.bytes.data(), read.data());
    EXPECT_EQ(step.bytes.size(), read.size());
    session.sent(moved(step.bytes.substr(0, 10)));
    EXPECT_EQ(session.next().bytes.data(), read.data() + 10);
    session.sent(moved(step.bytes.substr(10)));
    EXPECT_EQ(session.next().kind, Step::Kind::read);
}

TEST(RawEcho, HoldKeepsTheRestWhenTheBufferIsUsedByOthers) {
    SessionDriver driver(with_mode(Mode::echo));
    protocol::Session& session = driver.session();
    (void)session.next();
    char buffer[] = "abcdef";
    session.took(moved({buffer, 6}));
    const Step step = session.next();
    session.sent(moved(step.bytes.substr(0, 2)));
    session.hold();
    std::fill(std::begin(buffer), std::end(buffer), 'x');
    EXPECT_EQ(session.next().bytes, "cdef");
}

TEST(RawEcho, HalfCloseIsAnsweredToTheEnd) {
    const Outcome outcome = converse("hello\n");
    EXPECT_EQ(outcome.output, "hello\n");
    EXPECT_EQ(outcome.closed, CloseReason::finished);
    EXPECT_FALSE(outcome.shut_down);
}

TEST(RawEcho, NothingSentIsNothingSaid) {
    const Outcome outcome = converse("");
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.closed, CloseReason::finished);
}

TEST(RawEcho, StartOfAMethodIsEchoedWhenItEnds) {
    for (const std::string start : {"G", "GET", "POS", "DELETE"}) {
        EXPECT_EQ(converse(start, 1, false).output, "");  // it may still become HTTP
        EXPECT_EQ(converse(start, 1, true).output, start);
        EXPECT_EQ(converse(start + "x", 1, false).output, start + "x");
    }
}

TEST(RawEcho, StartOfAMethodIsEchoedWhenTimeIsOut) {
    SessionDriver driver;
    driver.send("GET");
    EXPECT_EQ(driver.session().waits(), Waiting::request);
    driver.session().timed_out();
    driver.run();
    EXPECT_EQ(driver.outcome().output, "GET");
    EXPECT_EQ(driver.outcome().closed, CloseReason::timeout);
    EXPECT_EQ(driver.counters.timeouts.get(), 1U);
}

TEST(RawEcho, ModeEchoTakesHttpForBytes) {
    const std::string request = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";
    EXPECT_EQ(converse(request, 1, true, with_mode(Mode::echo)).output, request);
}

TEST(RawEcho, ModeHttpEchoesNothing) {
    const Outcome outcome = converse("hello\r\n", 1, true, with_mode(Mode::http));
    EXPECT_TRUE(outcome.output.starts_with("HTTP/1.1 400 ")) << outcome.output;
    EXPECT_EQ(outcome.closed, CloseReason::protocol);
    EXPECT_EQ(converse("", 1, true, with_mode(Mode::http)).output, "");
}

TEST(RawEcho, WorkComesBeforeEachEcho) {
    Settings settings = with_mode(Mode::automatic);
    settings.cpu = std::chrono::microseconds(200);
    settings.wait = std::chrono::milliseconds(5);
    SessionDriver driver(settings);
    driver.send("one");
    driver.send("two");
    driver.end();
    EXPECT_EQ(driver.outcome().output, "onetwo");
    EXPECT_EQ(driver.outcome().computes, std::vector<Nanos>(2, settings.cpu));
    EXPECT_EQ(driver.outcome().waits, std::vector<Nanos>(2, settings.wait));
}

TEST(RawEcho, EveryPieceCostsTheBaseCostBesideItsWork) {
    Settings settings = with_mode(Mode::automatic);
    settings.base_cost = std::chrono::microseconds(30);
    settings.cpu = std::chrono::microseconds(200);
    SessionDriver driver(settings);
    driver.send("one");
    driver.send("two");
    driver.end();
    EXPECT_EQ(driver.outcome().output, "onetwo");
    EXPECT_EQ(driver.outcome().computes, std::vector<Nanos>(2, settings.cpu + settings.base_cost));
}

TEST(RawEcho, IdleConnectionTimesOutInSilence) {
    SessionDriver driver;
    driver.send("hello");
    EXPECT_EQ(driver.session().waits(), Waiting::quiet);
    driver.session().timed_out();
    driver.run();
    EXPECT_EQ(driver.outcome().output, "hello");
    EXPECT_EQ(driver.outcome().closed, CloseReason::timeout);
    EXPECT_EQ(driver.counters.timeouts.get(), 1U);
}

TEST(RawEcho, DrainEchoesWhatCameAndCloses) {
    SessionDriver driver;
    driver.send("before");
    driver.draining = true;
    driver.send("after");
    EXPECT_EQ(driver.outcome().closed, CloseReason::draining);
    EXPECT_EQ(driver.outcome().output, "before");  // idle: it ends before it reads again
}

TEST(RawEcho, RefusedIsClosedWithoutAByte) {
    for (const bool end : {false, true}) {
        SessionDriver driver;
        driver.session().refuse();
        driver.send(end ? "" : "hello");
        if (end) driver.end();
        EXPECT_EQ(driver.outcome().output, "");
        EXPECT_EQ(driver.outcome().closed, CloseReason::refused);
        EXPECT_EQ(driver.counters.refused.get(), 1U);
        EXPECT_EQ(driver.counters.requests.get(), 0U);
    }
}

TEST(RawEcho, RefusedWithoutPatienceIsClosed) {
    SessionDriver driver;
    driver.session().refuse();
    driver.run();
    EXPECT_EQ(driver.outcome().closed, std::nullopt);
    driver.session().timed_out();
    driver.run();
    EXPECT_EQ(driver.outcome().closed, CloseReason::refused);
    EXPECT_EQ(driver.counters.timeouts.get(), 0U);
}

TEST(Session, CountsItsConnection) {
    SessionDriver driver;
    EXPECT_EQ(driver.counters.opened.get(), 1U);
    EXPECT_EQ(driver.counters.closed.get(), 0U);
    driver.connect();
    EXPECT_EQ(driver.counters.opened.get(), 2U);
    EXPECT_EQ(driver.counters.closed.get(), 1U);
}

TEST(Session, IsSmall) {
    EXPECT_LE(sizeof(protocol::Session), 64U);
}

}  // namespace
}  // namespace echotrio::test
