// The generator's reply parser: framing, strictness, bounds; and the same outcome at once, byte by
// byte, in random pieces and with a learned head.
#include "loadgen/engine/reply.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace echotrio::loadgen {
namespace {

using Outcome = ReplyReader::Outcome;

struct Read {
    Outcome outcome = Outcome::more;
    std::size_t taken = 0;
    std::uint16_t status = 0;
    bool close = false;
    bool operator==(const Read&) const = default;
};

// Feeds `bytes` in pieces of the given sizes (the last size repeats).
Read read(const std::string& bytes, const ExpectedReply& expected,
          const std::vector<std::size_t>& pieces, LearnedReply& learned) {
    ReplyReader reader;
    Read result;
    for (std::size_t i = 0; result.outcome == Outcome::more && result.taken < bytes.size(); ++i) {
        const std::size_t size = pieces[std::min(i, pieces.size() - 1)];
        const std::string piece = bytes.substr(result.taken, size);  // a copy: overruns show
        const auto [outcome, taken] = reader.feed(piece, expected, learned);
        result.outcome = outcome;
        result.taken += taken;
    }
    result.status = reader.status();
    result.close = reader.close();
    return result;
}

Read read_all_ways(const std::string& bytes, const ExpectedReply& expected = {}) {
    LearnedReply learned;
    const Read at_once = read(bytes, expected, {bytes.size()}, learned);
    EXPECT_EQ(read(bytes, expected, {bytes.size()}, learned), at_once) << "with a learned head";
    EXPECT_EQ(read(bytes, expected, {1}, learned).outcome, at_once.outcome) << "byte by byte";
    Rng rng(bytes.size());
    for (int round = 0; round < 20; ++round) {
        std::vector<std::size_t> pieces;
        for (int i = 0; i < 50; ++i) pieces.push_back(1 + rng.below(12));
        LearnedReply fresh;
        const Read chopped = read(bytes, expected, pieces, round % 2 == 0 ? learned : fresh);
        EXPECT_EQ(chopped.outcome, at_once.outcome);
        if (at_once.outcome == Outcome::done) {
            EXPECT_EQ(chopped, at_once);
        }
    }
    return at_once;
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";

TEST(Reply, EndsWhereItsFramingSays) {
    const struct {
        std::string reply;
        std::uint16_t status;
        bool close;
    } cases[] = {
        {kOk + "Content-Length: 5\r\n\r\nhello", 200, false},
        {kOk + "content-length:5\r\n\r\nhello", 200, false},
        {kOk + "Content-Length: 0\r\n\r\n", 200, false},
        {kOk + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 200, false},
        {kOk + "Content-Length: 2\r\nConnection: x, Close\r\n\r\nhi", 200, true},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, true},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, false},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, false},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, false},
        {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", 200, false},
        {"HTTP/1.1 100 Continue\r\n\r\n" + kOk + "Content-Length: 1\r\n\r\nx", 200, false},
        {kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, false},
        {kOk + "Transfer-Encoding: CHUNKED\r\n\r\n0a;x=\"y\"\r\n0123456789\r\n00\r\n\r\n", 200,
         false},
        {kOk + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: y\r\n\r\n", 200, false},
        // what curl and wrk read, too
        {kOk + "Content-Length : 1\r\n\r\nx", 200, false},
        {kOk + "Content-Length: 1, 1\r\n\r\nx", 200, false},
        {kOk + "X: a\r\n folded\r\nContent-Length: 1\r\n\r\nx", 200, false},
        {kOk + "X: a\x01\xff\r\nContent-Length: 1\r\n\r\nx", 200, false},
        {kOk + "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", 200, false},
        {kOk + "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200, false},
        {kOk + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200,
         true},
        {"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", 200, false},
        {"HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\nx", 200, false},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         200, true},
        {"HTTP/1.2 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, false},
        {"\r\n" + kOk + "Content-Length: 1\r\n\r\nx", 200, false},
        {kOk + "X: " + std::string(200'000, 'x') + "\r\nContent-Length: 1\r\n\r\nx", 200, false},
        {"HTTP/1.1 503 Busy\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n", 503, true},
    };
    for (const auto& c : cases) {
        const Read whole = read_all_ways(c.reply);
        EXPECT_EQ(whole.outcome, Outcome::done) << c.reply;
        EXPECT_EQ(whole.taken, c.reply.size()) << c.reply;
        EXPECT_EQ(whole.status, c.status) << c.reply;
        EXPECT_EQ(whole.close, c.close) << c.reply;
        const Read two = read_all_ways(c.reply + "HTTP/1.1 200 OK\r\n");
        EXPECT_EQ(two.taken, c.reply.size()) << "takes nothing of the next reply: " << c.reply;
        const Read cut = read_all_ways(c.reply.substr(0, c.reply.size() - 1));
        EXPECT_EQ(cut.outcome, Outcome::more) << c.reply;
    }
}

TEST(Reply, WhatCouldBeReadInTwoWaysIsBroken) {
    for (const std::string& reply : {
             std::string("garbage garbage\r\n\r\n"),
             std::string("HTTP/2 200 OK\r\n\r\n"),
             std::string("HTTP/1.1 20 OK\r\n\r\n"),
             std::string("HTTP/1.1 2000 OK\r\n\r\n"),
             std::string("HTTP/1.1  200 OK\r\n\r\n"),
             std::string("HTTP/1.1 099 OK\r\n\r\n"),
             kOk + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
             kOk + "Transfer-Encoding: chunked, gzip\r\n\r\n",
             kOk + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
             kOk + "Content-Length: 1\r\n 2\r\n\r\n",
             kOk + " folded: 1\r\n\r\n",
             kOk + "Transfer-Encoding:\r\n chunked\r\n\r\n",
             kOk + "Connection: keep-alive,\r\n close\r\nContent-Length: 0\r\n\r\n",
             kOk + std::string("X: a\0b\r\n\r\n", 10),
             kOk + "X: a\rb\r\n\r\n",
             std::string("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
             std::string("ICY 200 OK\r\n\r\n"),
             std::string("220 smtp.example.org\r\n"),
             std::string("\x15\x03\x01\x00\x02\x02\x46", 7),
             kOk + "Content-Length: -1\r\n\r\n",
             kOk + "Content-Length: +1\r\n\r\nx",
             kOk + "Content-Length: 0x1\r\n\r\nx",
             kOk + "Content-Length: \r\n\r\n",
             kOk + "Content-Length: 9999999999999999999\r\n\r\n",
             kOk + ": 1\r\n\r\n",
             kOk + "no colon\r\n\r\n",
             kOk + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
             kOk + "Transfer-Encoding: chunked\r\n\r\n\r\n",
             kOk + "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n",
             kOk + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
             kOk + "Transfer-Encoding: chunked\r\n\r\n1;a\rb\r\nx",
             kOk + "Transfer-Encoding: chunked\r\n\r\n0\r\nx\n\r\n",
             kOk + "Transfer-Encoding: chunked\r\n\r\n0000000000000001\r\nx\r\n",
         }) {
        EXPECT_EQ(read_all_ways(reply).outcome, Outcome::broken) << reply;
    }
}

TEST(Reply, IsBounded) {
    const std::string long_line(ReplyReader::kHeadLimit + 1, 'x');
    EXPECT_EQ(read_all_ways(kOk + "X: " + long_line).outcome, Outcome::broken);
    EXPECT_EQ(read_all_ways(kOk + "X: " + long_line + "\r\n\r\n").outcome, Outcome::broken);
    const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(read_all_ways(chunked + "1;" + long_line).outcome, Outcome::broken);
    EXPECT_EQ(read_all_ways(chunked + "0\r\nX: " + long_line).outcome, Outcome::broken);
}

TEST(Reply, TheBodyIsCompared) {
    const ExpectedReply hello{false, true, "hello"};
    EXPECT_EQ(read_all_ways(kOk + "Content-Length: 5\r\n\r\nhello", hello).outcome, Outcome::done);
    for (const char* wrong : {"hellx", "xello"}) {
        EXPECT_EQ(read_all_ways(kOk + "Content-Length: 5\r\n\r\n" + wrong, hello).outcome,
                  Outcome::mismatch);
    }
    EXPECT_EQ(read_all_ways(kOk + "Content-Length: 4\r\n\r\nhell", hello).outcome,
              Outcome::mismatch);
    EXPECT_EQ(read_all_ways(kOk + "Content-Length: 6\r\n\r\nhello!", hello).outcome,
              Outcome::mismatch);
    EXPECT_EQ(read_all_ways(kOk + "Content-Length: 0\r\n\r\n", hello).outcome, Outcome::mismatch);
    const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(read_all_ways(chunked + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", hello).outcome,
              Outcome::done);
    EXPECT_EQ(read_all_ways(chunked + "2\r\nhe\r\n0\r\n\r\n", hello).outcome, Outcome::mismatch);
    EXPECT_EQ(read_all_ways("HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\nno", hello).outcome,
              Outcome::done)
        << "an error page is counted by its status";
}

TEST(Reply, ToHeadHasNoBody) {
    const ExpectedReply head{true, false, {}};
    const std::string reply = kOk + "Content-Length: 100\r\n\r\n";
    const Read whole = read_all_ways(reply + "HTTP/1.1 ", head);
    EXPECT_EQ(whole.outcome, Outcome::done);
    EXPECT_EQ(whole.taken, reply.size());
}

TEST(Reply, WithoutAFramingItLastsUntilTheClose) {
    for (const bool good : {true, false}) {
        const ExpectedReply expected{false, true, good ? "hello" : "hello!"};
        ReplyReader reader;
        LearnedReply learned;
        EXPECT_EQ(reader.feed(kOk + "\r\nhel", expected, learned).outcome, Outcome::more);
        EXPECT_EQ(reader.feed("lo", expected, learned).outcome, Outcome::more);
        EXPECT_TRUE(reader.close());
        EXPECT_EQ(reader.finish_at_end(expected), good);
    }
    ReplyReader reader;
    LearnedReply learned;
    reader.feed(kOk + "Content-Length: 5\r\n\r\nhel", {}, learned);
    EXPECT_FALSE(reader.finish_at_end({})) << "a sized body that is cut off is not whole";
}

TEST(Reply, ALearnedReplyIsForgottenWhenAnotherComes) {
    LearnedReply learned;
    ReplyReader reader;
    const std::string a = kOk + "Content-Length: 1\r\n\r\n";
    const std::string b = "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n";
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(reader.feed(a + "x", {}, learned).outcome, Outcome::done);
        EXPECT_EQ(reader.status(), 200);
        reader.reset();
        EXPECT_EQ(reader.feed(b + "no", {}, learned).outcome, Outcome::done);
        EXPECT_EQ(reader.status(), 404);
        reader.reset();
    }
}

}  // namespace
}  // namespace echotrio::loadgen
