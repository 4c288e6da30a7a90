// Connections that are turned away: what each kind is told, and how many may wait for it.
#include "servers/threads/refusals.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace echotrio::threads {
namespace {

struct NoStats final : protocol::StatsSource {
    protocol::Stats collect() override { return {}; }
};

// A peer that was accepted and is to be turned away.
struct Stranger {
    Stranger() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
        peer.reset(ends[0]);
        accepted.reset(ends[1]);
    }
    void say(std::string_view bytes) const {
        EXPECT_EQ(::send(peer.get(), bytes.data(), bytes.size(), 0),
                  static_cast<ssize_t>(bytes.size()));
    }
    // What has come so far; `ended` when no more can.
    std::string heard() {
        std::string all;
        char buffer[4096];
        ssize_t n = 0;
        while ((n = ::recv(peer.get(), buffer, sizeof buffer, 0)) > 0) {
            all.append(buffer, static_cast<std::size_t>(n));
        }
        ended = n == 0;
        return all;
    }
    net::Fd peer, accepted;
    bool ended = false;
};

class RefusalsTest : public testing::Test {
  protected:
    RefusalsTest() { gil_.take(); }
    ~RefusalsTest() override { gil_.drop(); }

    void refuse(Stranger& stranger) { refusals_.add(std::move(stranger.accepted)); }
    std::size_t pending() const {
        std::vector<pollfd> polled;
        refusals_.append_to(polled);
        return polled.size();
    }

    const net::ServerOptions options_;
    const work::Burner burner_{1000.0};
    Gil gil_{Gil::Options{}};
    NoStats stats_;
    const std::atomic<bool> draining_{false};
    const Shared shared_{options_, burner_, gil_, stats_, draining_};
    protocol::Counters counters_;
    protocol::Context context_{options_.settings, counters_, stats_, draining_,
                               [] { return std::int64_t{0}; }};
    Refusals refusals_{context_, shared_};
};

TEST_F(RefusalsTest, HttpGetsA503AndIsReadToItsEnd) {
    Stranger http;
    http.say("GET /echo/hi HTTP/1.1\r\nHost: t\r\n\r\n");
    refuse(http);
    EXPECT_TRUE(http.heard().starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(http.ended) << "nothing more will come";
    EXPECT_EQ(pending(), 1U) << "a close now could reset the reply away";
    http.say("more that nobody reads");
    refusals_.serve();
    EXPECT_EQ(pending(), 1U);
    http.peer.reset();
    refusals_.serve();
    EXPECT_EQ(pending(), 0U);
    EXPECT_EQ(counters_.refused.get(), 1U);
}

TEST_F(RefusalsTest, RawEchoIsClosedWithoutAWord) {
    Stranger raw;
    raw.say("hello");
    refuse(raw);
    EXPECT_EQ(pending(), 0U);
    EXPECT_EQ(raw.heard(), "");
    EXPECT_EQ(counters_.refused.get(), 1U);
    EXPECT_EQ(counters_.requests.get(), 0U);
}

TEST_F(RefusalsTest, TheFirstBytesMayComeOneByOne) {
    Stranger http;
    refuse(http);
    for (const char c : std::string_view("GET ")) {  // four say that it is HTTP
        EXPECT_EQ(http.heard(), "");
        EXPECT_EQ(pending(), 1U);
        http.say({&c, 1});
        refusals_.serve();
    }
    EXPECT_TRUE(http.heard().starts_with("HTTP/1.1 503 "));
}

TEST_F(RefusalsTest, WhoSaysNothingIsWaitedForAMoment) {
    EXPECT_EQ(refusals_.time_left(), Nanos::max());
    Stranger silent;
    const TimePoint began = now();
    refuse(silent);
    EXPECT_EQ(pending(), 1U);
    const Nanos left = refusals_.time_left();
    const Nanos passed = now() - began;
    EXPECT_LE(left, protocol::kRefusalTime);
    EXPECT_GE(left + passed, protocol::kRefusalTime);
    EXPECT_FALSE((silent.heard(), silent.ended));
    refusals_.clear();
    EXPECT_EQ(pending(), 0U);
    EXPECT_EQ(refusals_.time_left(), Nanos::max());
    EXPECT_TRUE((silent.heard(), silent.ended));
}

TEST_F(RefusalsTest, WhatCameInTimeCountsHoweverLateItIsReadAndWhatComesAfterwardsNot) {
    Stranger in_time, silent, floods;
    for (Stranger* stranger : {&in_time, &silent, &floods}) refuse(*stranger);
    for (Stranger* stranger : {&in_time, &floods}) stranger->say("GET / HTTP/1.1\r\n");
    std::this_thread::sleep_for(protocol::kRefusalTime);
    refusals_.serve();
    EXPECT_TRUE(in_time.heard().starts_with("HTTP/1.1 503 "));
    EXPECT_EQ(silent.heard(), "");
    EXPECT_TRUE(silent.ended);
    EXPECT_EQ(pending(), 2U);
    std::this_thread::sleep_for(protocol::kLingerSilence);
    floods.say("and on");
    refusals_.serve();
    EXPECT_EQ(pending(), 0U);
}

TEST_F(RefusalsTest, WhoLeavesIsForgotten) {
    Stranger leaves, stays;
    refuse(leaves);
    refuse(stays);
    EXPECT_EQ(pending(), 2U);
    leaves.peer.reset();
    refusals_.serve();
    EXPECT_EQ(pending(), 1U);
}

TEST_F(RefusalsTest, BeyondTheMostTheOldestIsClosed) {
    std::vector<Stranger> strangers(Refusals::kMost + 2);
    for (Stranger& stranger : strangers) refuse(stranger);
    EXPECT_EQ(pending(), Refusals::kMost);
    for (std::size_t i = 0; i < strangers.size(); ++i) {
        EXPECT_EQ(strangers[i].heard(), "");
        EXPECT_EQ(strangers[i].ended, i < 2) << i;
    }
    EXPECT_EQ(counters_.refused.get(), strangers.size()) << "closed or waiting, each is counted";
}

}  // namespace
}  // namespace echotrio::threads
