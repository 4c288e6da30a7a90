// What becomes of requests on a connection, told by both ends of a socket pair and the books.
#include "loadgen/engine/requests.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;
using After = Requests::After;

// A connection and its server's end. The window is open all the time.
struct Talk {
    RunOptions options;
    Prepared prepared;
    Requests requests;
    Ledger ledger{LedgerRules{1, true, TimePoint(), TimePoint::max()}};
    Exchange exchange;
    net::Fd ours, theirs;
    TimePoint time = now();

    explicit Talk(const RunOptions& asked)
        : options(asked),
          prepared(*prepare_load(options)),
          requests(prepared, 0, 1),
          exchange(requests.exchange(0)) {
        std::array<int, 2> pair{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()),
                  0);
        ours.reset(pair[0]);
        theirs.reset(pair[1]);
        requests.open_books(ledger);
    }

    // Begins requests while they may begin; what the server gets of them.
    std::string send_all() {
        while (requests.may_begin(exchange)) {
            ledger.due(time, 0ns);
            requests.begin(exchange, time, time);
        }
        EXPECT_EQ(requests.write(ours.get(), exchange, time), After::nothing);
        std::string got(1 << 20, '\0');
        const Io io = net::read_some(theirs.get(), got);
        got.resize(io.bytes.size());
        return got;
    }
    void answer(std::string_view bytes) {
        EXPECT_EQ(net::write_some(theirs.get(), bytes).bytes.size(), bytes.size());
    }
    After receive() { return requests.receive(ours.get(), exchange, false, time).after; }
    void nothing_is_left() const {
        EXPECT_TRUE(exchange.ring.empty());
        EXPECT_EQ(exchange.ring.unwritten(), 0);
        EXPECT_EQ(requests.in_flight(), 0);
        EXPECT_TRUE(ledger.within().balanced());
    }
};

RunOptions raw(std::uint64_t pipeline = 1) {
    RunOptions options;
    options.target = *parse_target("tcp://127.0.0.1:1");
    options.pipeline = pipeline;
    return options;
}

RunOptions http() {
    RunOptions options;
    options.target = *parse_target("http://127.0.0.1:1/");
    return options;
}

TEST(Requests, AReplyMakesRoom) {
    Talk talk(raw());
    const std::string message = talk.send_all();
    EXPECT_EQ(message.size(), talk.options.size);
    EXPECT_FALSE(talk.requests.may_begin(talk.exchange));
    EXPECT_EQ(talk.receive(), After::nothing);
    talk.answer(message.substr(0, 10));
    EXPECT_EQ(talk.receive(), After::nothing);
    talk.answer(message.substr(10));
    EXPECT_EQ(talk.receive(), After::room);
    EXPECT_EQ(talk.requests.last_end(), talk.time);
    EXPECT_TRUE(talk.exchange.answered);
    EXPECT_EQ(talk.ledger.within().completed, 1);
    talk.nothing_is_left();
}

TEST(Requests, AConnectionHasItsShare) {
    RunOptions options = raw(2);
    options.requests_per_connection = 3;
    Talk talk(options);
    const std::string two = talk.send_all();
    EXPECT_EQ(two.size(), 2 * options.size);
    talk.answer(two);
    EXPECT_EQ(talk.receive(), After::room);
    talk.answer(talk.send_all());
    EXPECT_EQ(talk.receive(), After::used_up);
    EXPECT_EQ(talk.ledger.within().completed, 3);
    talk.nothing_is_left();
}

TEST(Requests, AWrongByteTakesThoseBehindItAlong) {
    Talk talk(raw(3));
    std::string message = talk.send_all();
    message[talk.options.size + 5] ^= 1;  // in the second of three
    talk.answer(message);
    EXPECT_EQ(talk.receive(), After::broken);
    EXPECT_EQ(talk.ledger.within().completed, 1);
    EXPECT_EQ(talk.ledger.errors().mismatch, 1);
    EXPECT_EQ(talk.ledger.errors().closed, 1);
    talk.nothing_is_left();
}

TEST(Requests, AnEndIsAFailureOnlyWhereAReplyIsMissing) {
    Talk idle(raw());
    idle.theirs.reset();
    EXPECT_EQ(idle.receive(), After::used_up);
    EXPECT_EQ(idle.ledger.errors().closed, 0);
    Talk waiting(raw(2));
    waiting.send_all();
    waiting.theirs.reset();
    EXPECT_EQ(waiting.receive(), After::broken);
    EXPECT_EQ(waiting.ledger.errors().closed, 2);
    waiting.nothing_is_left();
}

TEST(Requests, BytesThatNobodyAskedForBreakTheConnection) {
    Talk talk(raw());
    talk.answer("x");
    EXPECT_EQ(talk.receive(), After::broken);
    EXPECT_EQ(talk.ledger.errors().stray, 1);
    EXPECT_EQ(talk.ledger.errors().mismatch, 0);
    talk.nothing_is_left();
    Talk behind(http());  // a length that counts characters
    behind.send_all();
    behind.answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xc3\xa9");
    EXPECT_EQ(behind.receive(), After::broken);
    EXPECT_EQ(behind.ledger.errors().stray, 1);
    EXPECT_EQ(behind.ledger.within().completed, 1);
    behind.nothing_is_left();
}

TEST(Requests, OneThatWaitsTooLongIsGivenUpWithThoseBehindIt) {
    Talk talk(raw(3));
    talk.send_all();
    EXPECT_FALSE(talk.requests.overdue(talk.exchange, talk.time + talk.options.timeout));
    const TimePoint later = talk.time + talk.options.timeout + 1ns;
    EXPECT_TRUE(talk.requests.overdue(talk.exchange, later));
    talk.requests.give_up(talk.exchange, later);
    EXPECT_EQ(talk.ledger.within().timed_out, 1);
    EXPECT_EQ(talk.ledger.errors().closed, 2);
    talk.nothing_is_left();
}

TEST(Requests, AFullSocketTakesTheRestLater) {
    RunOptions options = raw();
    options.size = 4 << 20;
    Talk talk(options);
    std::string got = talk.send_all();
    EXPECT_EQ(talk.exchange.ring.unwritten(), 1);
    std::string piece(1 << 20, '\0');
    while (got.size() < options.size) {
        EXPECT_EQ(talk.requests.write(talk.ours.get(), talk.exchange, talk.time), After::nothing);
        got += net::read_some(talk.theirs.get(), piece).bytes;
    }
    EXPECT_EQ(talk.exchange.ring.unwritten(), 0);
    const Request& sent = talk.exchange.ring.oldest();
    EXPECT_EQ(got, talk.prepared.message(sent.offset, sent.what.bytes));
}

TEST(Requests, AReplyBeforeAllIsSentEndsTheConnection) {
    RunOptions options = http();
    options.body.assign(4 << 20, 'x');
    Talk talk(options);
    talk.send_all();
    ASSERT_EQ(talk.exchange.ring.unwritten(), 1);
    talk.answer("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(talk.receive(), After::used_up);
    EXPECT_EQ(talk.ledger.errors().status, 1);
    talk.nothing_is_left();
}

TEST(Requests, AServerThatClosesIsAskedNoMore) {
    Talk talk(http());
    talk.send_all();
    talk.answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(talk.receive(), After::used_up);
    EXPECT_FALSE(talk.requests.may_begin(talk.exchange));
    EXPECT_EQ(talk.ledger.within().completed, 1);
}

TEST(Requests, WhatIsBehindAnAnnouncedCloseIsSentAgain) {
    RunOptions options = http();
    options.pipeline = 3;
    Talk talk(options);
    const std::string three = talk.send_all();
    talk.answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\nHTTP/1.1 ");
    EXPECT_EQ(talk.receive(), After::used_up);
    EXPECT_EQ(talk.exchange.ring.size(), 2);
    talk.exchange.restart();
    EXPECT_FALSE(talk.exchange.closing);
    const TimePoint intended = talk.exchange.ring.oldest().intended;
    EXPECT_EQ(talk.send_all(), three);  // those two, and one more
    EXPECT_EQ(talk.exchange.ring.oldest().intended, intended);
    talk.answer("HTTP/1.1 200 OK\r\n\r\n");  // up to the end of the connection
    EXPECT_EQ(talk.receive(), After::nothing);
    ::shutdown(talk.theirs.get(), SHUT_WR);
    EXPECT_EQ(talk.receive(), After::used_up);
    EXPECT_EQ(talk.exchange.ring.size(), 2);
    EXPECT_EQ(talk.ledger.within().completed, 2);
    EXPECT_EQ(talk.ledger.within().failed, 0);
    EXPECT_EQ(talk.ledger.status_codes()[200], 2);
}

TEST(Requests, WhatIsWrongWithAReplyIsKept) {
    Talk talk(http());
    talk.send_all();
    talk.answer("220 smtp.example.org\r\n");
    EXPECT_EQ(talk.receive(), After::broken);
    EXPECT_STREQ(talk.requests.fault(), "what came is no HTTP");
    EXPECT_EQ(talk.ledger.errors().protocol, 1);
    Talk chunks(http());
    chunks.send_all();
    chunks.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ");
    EXPECT_EQ(chunks.receive(), After::broken);
    EXPECT_STREQ(chunks.requests.fault(), "the chunks of the body are malformed");
}

TEST(Requests, WhatIsLeftAtTheEndHasWaited) {
    Talk talk(raw(2));
    talk.send_all();
    talk.requests.leave(talk.exchange, talk.time + 1ms);
    EXPECT_EQ(talk.ledger.within().in_flight, 2);
    EXPECT_TRUE(talk.ledger.within().balanced());
}

}  // namespace
}  // namespace echotrio::loadgen
