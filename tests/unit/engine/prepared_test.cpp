// What is prepared once a run: bytes, expected replies, source addresses, objections.
#include "loadgen/engine/prepared.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <set>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

RunOptions options_for(const char* url) {
    RunOptions options;
    options.target = *parse_target(url);
    return options;
}

TEST(Prepared, HttpRequestsAreWhatAPersonWouldType) {
    RunOptions options = options_for("http://127.0.0.1:81/echo/a%20b?cpu=1us");
    options.headers = {"X-Test: 1"};
    const auto prepared = prepare_load(options);
    ASSERT_TRUE(prepared);
    ASSERT_EQ(prepared->http.size(), 1);
    EXPECT_EQ(prepared->http[0].keep,
              "GET /echo/a%20b?cpu=1us HTTP/1.1\r\nHost: 127.0.0.1:81\r\nX-Test: 1\r\n\r\n");
    EXPECT_EQ(prepared->http[0].close,
              "GET /echo/a%20b?cpu=1us HTTP/1.1\r\nHost: 127.0.0.1:81\r\nX-Test: 1\r\n"
              "Connection: close\r\n\r\n");
    EXPECT_TRUE(prepared->http[0].check);
    EXPECT_EQ(prepared->http[0].reply, "a b");
}

TEST(Prepared, ABodyMakesItAPost) {
    RunOptions options = options_for("http://127.0.0.1:81/echo");
    options.body = "hello";
    options.headers = {"host: other"};
    const auto prepared = prepare_load(options);
    EXPECT_EQ(prepared->http[0].keep,
              "POST /echo HTTP/1.1\r\nhost: other\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_TRUE(prepared->http[0].check);
    EXPECT_EQ(prepared->http[0].reply, "hello");
}

TEST(Prepared, OnlyEchoRepliesAreKnown) {
    RunOptions options = options_for("http://127.0.0.1:81/healthz");
    EXPECT_FALSE(prepare_load(options)->http[0].check);
    options = options_for("http://127.0.0.1:81/echo/x");
    options.method = "HEAD";
    EXPECT_FALSE(prepare_load(options)->http[0].check);
    EXPECT_TRUE(prepare_load(options)->http[0].head);
    options.method = "";
    options.check_replies = false;
    EXPECT_FALSE(prepare_load(options)->http[0].check);
}

TEST(Prepared, WeightsBecomeShares) {
    RunOptions options = options_for("http://127.0.0.1:81/");
    options.classes = {{"a", 98, "/a"}, {"b", 2, "/b"}};
    const auto prepared = prepare_load(options);
    ASSERT_EQ(prepared->class_limits.size(), 2);
    EXPECT_NEAR(prepared->class_limits[0], 0.98, 1e-12);
    EXPECT_EQ(prepared->class_limits[1], 1);
}

TEST(Prepared, RawMessagesDifferFromTheirNeighbours) {
    RunOptions options = options_for("tcp://127.0.0.1:81");
    const auto prepared = prepare_load(options);
    ASSERT_TRUE(prepared);
    EXPECT_TRUE(std::none_of(prepared->pattern.begin(), prepared->pattern.end(), [](char c) {
        return c >= 'A' && c <= 'Z';
    })) << "could begin like an HTTP method";
    for (std::uint32_t offset = 0; offset + 1 < Prepared::kOffsets; ++offset) {
        ASSERT_EQ(prepared->message(offset, prepared->bytes).size(), 64);
        ASSERT_NE(prepared->message(offset, prepared->bytes),
                  prepared->message(offset + 1, prepared->bytes));
    }
    options.seed = 2;
    EXPECT_NE(prepare_load(options)->pattern, prepared->pattern);
}

TEST(Prepared, LoopbackLendsMoreSourceAddresses) {
    RunOptions options = options_for("tcp://127.0.0.1:81");
    options.connections = 100;
    EXPECT_TRUE(prepare_load(options)->sources.empty());
    options.connections = 14'000;
    EXPECT_EQ(prepare_load(options)->sources.size(), 2);
    options.connections = 30'000;
    const auto many = prepare_load(options);
    ASSERT_EQ(many->sources.size(), 3);
    const auto* third = reinterpret_cast<const sockaddr_in*>(&many->sources[2].storage);
    EXPECT_EQ(ntohl(third->sin_addr.s_addr), 0x7f000003U);
    options.connections = 1;
    options.requests_per_connection = 1;
    EXPECT_GT(prepare_load(options)->sources.size(), 1);
    options.target = *parse_target("tcp://[::1]:81");
    EXPECT_TRUE(prepare_load(options)->sources.empty());
}

TEST(Prepared, GeneratorsOfOneMachineShareNoSourceAddress) {
    RunOptions options = options_for("tcp://127.0.0.1:81");
    options.connections = 1'000'000;
    options.idle = 1'000'000;
    std::set<std::uint32_t> seen;
    std::size_t all = 0;
    for (const std::uint64_t generator : {0U, 1U, 2U, 9'999U}) {
        options.generator = generator;
        const auto prepared = prepare_load(options);
        for (const net::Address& source : prepared->sources) {
            const auto* from = reinterpret_cast<const sockaddr_in*>(&source.storage);
            EXPECT_EQ(ntohl(from->sin_addr.s_addr) >> 24U, 127U);
            seen.insert(from->sin_addr.s_addr);
            ++all;
        }
    }
    EXPECT_EQ(seen.size(), all);
    options.connections = 1;
    options.idle = 0;
    EXPECT_EQ(prepare_load(options)->sources.size(), 1U);  // the kernel would choose 127.0.0.1
}

TEST(Options, WhatCantBeAskedForTogether) {
    const RunOptions good = options_for("tcp://127.0.0.1:81");
    EXPECT_TRUE(check_options(good));
    const auto refused = [&](auto change) {
        RunOptions options = good;
        change(options);
        const Status checked = check_options(options);
        return !checked && checked.error().message.starts_with("--");
    };
    EXPECT_TRUE(refused([](RunOptions& o) { o.connections = 0; }));
    EXPECT_TRUE(refused([](RunOptions& o) { o.threads = 0; }));
    EXPECT_TRUE(refused([](RunOptions& o) { o.pipeline = 0; }));
    EXPECT_TRUE(refused([](RunOptions& o) { o.timeout = 0s; }));
    EXPECT_TRUE(refused([](RunOptions& o) { o.duration = 0s; }));
    EXPECT_TRUE(refused([](RunOptions& o) { o.size = 0; }));
    EXPECT_TRUE(refused([](RunOptions& o) { o.classes = {{"a", 1, "/"}}; }));
    EXPECT_TRUE(refused([](RunOptions& o) { o.think = 1ms, o.rate = {{10, 0s}}; }));
    EXPECT_TRUE(refused([](RunOptions& o) { o.think = 1ms, o.pipeline = 2; }));
}

}  // namespace
}  // namespace echotrio::loadgen
