// What generators say to each other, there and back, and what is refused.
#include "loadgen/rendezvous/message.hpp"

#include "loadgen/rendezvous/line_buffer.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen::rendezvous {
namespace {

using Kind = Message::Kind;

Message there_and_back(const Message& message) {
    std::string line = to_line(message);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    line.pop_back();
    auto back = message_from(line);
    EXPECT_TRUE(back) << line;
    EXPECT_EQ(back->kind, message.kind);
    return std::move(*back);
}

TEST(Message, KeepsWhatItSays) {
    const Message hello =
        there_and_back({.kind = Kind::hello, .hello = {"1.2.3", "abc", 2, 3, "secret"}});
    EXPECT_EQ(hello.hello.version, "1.2.3");
    EXPECT_EQ(hello.hello.load, "abc");
    EXPECT_EQ(hello.hello.rank, 2U);
    EXPECT_EQ(hello.hello.of, 3U);
    EXPECT_EQ(hello.hello.token, "secret");
    const Message pong =
        there_and_back({.kind = Kind::pong, .number = 7, .time = std::chrono::hours(500'000)});
    EXPECT_EQ(pong.number, 7U);
    EXPECT_EQ(pong.time, std::chrono::hours(500'000));
    EXPECT_EQ(there_and_back({.kind = Kind::stop, .why = "a \"b\"\nc"}).why, "a \"b\"\nc");
    EXPECT_EQ(there_and_back({.kind = Kind::result, .result = {{"a", 1}}}).result["a"], 1);
    EXPECT_EQ(there_and_back({.kind = Kind::verdict, .number = 3}).number, 3U);
    for (const Kind kind : {Kind::prepare, Kind::connected, Kind::beat}) {
        there_and_back({.kind = kind});
    }
}

TEST(Message, WhatIsNoneIsAnError) {
    for (const char* wrong :
         {"", "x", "GET / HTTP/1.1", "[]", "{}", "{\"say\":1}", "{\"say\":\"shout\"}",
          "{\"say\":\"hello\"}", "{\"say\":\"ping\",\"number\":-1}",
          "{\"say\":\"ping\",\"number\":\"1\"}", "{\"say\":\"pong\",\"number\":1,\"time\":1.5}",
          "{\"say\":\"pong\",\"number\":1,\"time\":9223372036854775808}",
          "{\"say\":\"stop\",\"why\":null}", "{\"say\":\"result\"}"}) {
        EXPECT_FALSE(message_from(wrong)) << wrong;
    }
    EXPECT_FALSE(message_from(std::string(100'000, '[')));
}

TEST(LineBuffer, CutsLinesHoweverTheyCome) {
    const std::string text = "one\n\nthree\nfo";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        LineBuffer lines;
        std::vector<std::string> got;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            lines.add(std::string_view(text).substr(at, piece));
            while (const auto line = lines.next()) got.push_back(*line);
        }
        EXPECT_EQ(got, (std::vector<std::string>{"one", "", "three"}));
        EXPECT_EQ(lines.pending(), 2U);
    }
}

}  // namespace
}  // namespace echotrio::loadgen::rendezvous
