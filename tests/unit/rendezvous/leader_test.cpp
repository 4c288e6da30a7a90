// The leader's side of the meeting, with times and lines that are handed in.
#include "loadgen/rendezvous/leader.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio::loadgen::rendezvous {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = Message::Kind;

constexpr Nanos kEpoch = seconds(1'800'000'000);

Terms three() {
    Terms terms;
    terms.hello = {"1.0", "load", 1, 3, "token"};
    terms.addresses = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
    terms.patience = seconds(60);
    return terms;
}

// Three generators; the clock of rank 2 is 1 s ahead, that of rank 3 is right. Links are ranks.
class LeaderTest : public testing::Test {
  protected:
    Moment at() const { return {TimePoint(passed_), kEpoch + passed_}; }
    void wait(Nanos time) {
        passed_ += time;
        leader_.tick(at());
    }
    void say(Link link, const Message& message) {
        std::string line = to_line(message);
        line.pop_back();
        leader_.received(link, line, at());
    }
    static Message hello(std::uint64_t rank) {
        return {.kind = Kind::hello, .hello = {"1.0", "load", rank, 3, "token"}};
    }
    bool call(std::uint64_t rank) {
        return leader_.admits(rank, "10.0.0." + std::to_string(rank), at());
    }
    // What was sent since; answers pings on the way.
    std::vector<Message> heard(Link link) {
        std::vector<Message> messages;
        for (auto sends = leader_.take_sends(); !sends.empty(); sends = leader_.take_sends()) {
            for (const Party::Send& send : sends) {
                if (send.line.empty()) closed_.push_back(send.link);
                if (send.line.empty()) continue;
                const auto message = message_from(send.line.substr(0, send.line.size() - 1));
                if (message->kind == Kind::ping) {
                    passed_ += milliseconds(2);
                    const Nanos ahead = send.link == 2 ? seconds(1) : Nanos(0);
                    say(send.link, {.kind = Kind::pong,
                                    .number = message->number,
                                    .time = kEpoch + passed_ - milliseconds(1) + ahead});
                } else if (send.link == link && message->kind != Kind::beat) {
                    messages.push_back(*message);
                }
            }
        }
        return messages;
    }
    void join(std::uint64_t rank) {
        ASSERT_TRUE(call(rank));
        say(rank, hello(rank));
        heard(0);
    }
    void meet() {
        join(2);
        join(3);
        ASSERT_TRUE(leader_.prepared());
    }
    void start() {
        meet();
        leader_.connected(at());
        say(2, {.kind = Kind::connected});
        say(3, {.kind = Kind::connected});
        ASSERT_TRUE(leader_.start());
    }
    static Message result() { return {.kind = Kind::result, .result = {{"interrupted", false}}}; }
    bool closed(Link link) {
        heard(0);
        return std::find(closed_.begin(), closed_.end(), link) != closed_.end();
    }

    Nanos passed_{0};
    Leader leader_{three(), at()};
    std::vector<Link> closed_;
};

TEST_F(LeaderTest, AllMeetStartTogetherAndAreGathered) {
    meet();
    EXPECT_FALSE(leader_.start()) << "nobody has connected";
    say(2, {.kind = Kind::connected});
    leader_.connected(at());
    EXPECT_FALSE(leader_.start()) << "one has not connected";
    heard(0);
    say(3, {.kind = Kind::connected});
    ASSERT_TRUE(leader_.start());
    EXPECT_EQ(*leader_.start(), at().unix + limits::kAhead);
    const auto told = heard(2);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].time, *leader_.start() + seconds(1)) << "by its own clock";

    say(2, result());
    leader_.finished({{"interrupted", false}}, at());
    EXPECT_FALSE(leader_.over());
    say(3, result());
    EXPECT_TRUE(leader_.over());
    EXPECT_EQ(leader_.failure(), "");
    const auto outcomes = leader_.take_outcomes();
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(outcomes[0].clock->ahead, Nanos(0));
    EXPECT_EQ(outcomes[1].clock->ahead, seconds(1));
    EXPECT_EQ(outcomes[1].clock->error, milliseconds(1));
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.lost, "");
    leader_.judged(3);
    EXPECT_EQ(heard(3).back().number, 3U);
}

TEST_F(LeaderTest, SaysWhoIsMissing) {
    join(2);
    wait(seconds(1));
    for (int i = 0; i < 60; ++i) {
        say(2, {.kind = Kind::beat});
        wait(seconds(1));
    }
    EXPECT_EQ(leader_.failure(), "did not come within 1m: generator 3 of 3 (10.0.0.3)");
    EXPECT_TRUE(leader_.over());
    EXPECT_EQ(heard(2).back().why, leader_.failure());
    EXPECT_FALSE(call(3)) << "too late";
}

TEST_F(LeaderTest, StrangersAreNotLetIn) {
    EXPECT_FALSE(leader_.admits(9, "10.0.0.4", at()));
    EXPECT_FALSE(leader_.admits(9, "10.0.0.1", at())) << "that is itself";
    for (Link link = 10; link < 10 + limits::kCallers; ++link) {
        EXPECT_TRUE(leader_.admits(link, "10.0.0.2", at()));
    }
    EXPECT_FALSE(leader_.admits(99, "10.0.0.2", at())) << "too many that say nothing";
    EXPECT_EQ(leader_.longest_line(10), limits::kGreetingBytes);
    leader_.received(10, "GET / HTTP/1.1\r", at());
    EXPECT_TRUE(closed(10));
    EXPECT_EQ(leader_.longest_line(10), limits::kGreetingBytes);
    wait(limits::kGreeting + seconds(1));
    EXPECT_TRUE(closed(11)) << "it was silent";
    join(2);
    EXPECT_EQ(leader_.longest_line(2), limits::kMessageBytes);
    EXPECT_FALSE(call(2)) << "it is here already";
    EXPECT_EQ(leader_.failure(), "");
}

TEST_F(LeaderTest, AWrongTokenIsRefusedAndRememberedAndEndsNothing) {
    ASSERT_TRUE(call(2));
    say(2, {.kind = Kind::hello, .hello = {"9.9", "other", 2, 5, "guess"}});
    EXPECT_EQ(heard(2).back().why, "its token is not the leader's");
    EXPECT_EQ(leader_.failure(), "");
    join(3);
    for (int i = 0; i < 62; ++i) {
        say(3, {.kind = Kind::beat});
        wait(seconds(1));
    }
    EXPECT_EQ(leader_.failure(),
              "did not come within 1m: generator 2 of 3 (10.0.0.2), refused: its token is not the "
              "leader's");
}

TEST_F(LeaderTest, ARankOfAnotherAddressIsRefused) {
    ASSERT_TRUE(call(2));
    say(2, hello(3));
    EXPECT_EQ(heard(2).back().why, "the address of generator 3 is 10.0.0.3");
    EXPECT_EQ(leader_.failure(), "");
}

TEST_F(LeaderTest, WhoWasToldSomethingElseEndsIt) {
    const std::vector<std::pair<Hello, std::string>> others = {
        {{"1.1", "load", 2, 3, "token"}, "it is loadgen 1.1, the leader is 1.0: use one version"},
        {{"1.0", "load", 2, 4, "token"}, "it counts 4 generators, the leader 3"},
        {{"1.0", "another", 2, 3, "token"}, "its load is not the leader's"}};
    for (const auto& [said, why] : others) {
        Leader leader(three(), at());
        ASSERT_TRUE(leader.admits(2, "10.0.0.2", at()));
        std::string line = to_line({.kind = Kind::hello, .hello = said});
        line.pop_back();
        leader.received(2, line, at());
        EXPECT_NE(leader.failure().find("a generator at 10.0.0.2: " + why), std::string::npos)
            << leader.failure();
    }
}

TEST_F(LeaderTest, OneThatIsLostBeforeTheStartEndsIt) {
    meet();
    leader_.ended(3, "it closed its connection", at());
    EXPECT_EQ(leader_.failure(),
              "generator 3 of 3 (10.0.0.3) was lost before the start: it closed its connection");
    EXPECT_TRUE(leader_.must_stop());
    EXPECT_EQ(heard(2).back().kind, Kind::stop);
}

TEST_F(LeaderTest, OneThatCannotConnectEndsIt) {
    meet();
    say(2, {.kind = Kind::failed, .why = "cannot connect"});
    EXPECT_NE(leader_.failure().find("it could not run: cannot connect"), std::string::npos);
    EXPECT_TRUE(closed(2));
}

TEST_F(LeaderTest, SaysWhoDoesNotConnect) {
    meet();
    leader_.connected(at());
    say(3, {.kind = Kind::connected});
    for (int i = 0; i < 61; ++i) {
        say(2, {.kind = Kind::beat});
        say(3, {.kind = Kind::beat});
        wait(seconds(1));
    }
    EXPECT_EQ(leader_.failure(),
              "not connected to the target within 1m: generator 2 of 3 (10.0.0.2)");
}

TEST_F(LeaderTest, OneThatFallsSilentInTheRunIsLostAndTheRestEndInOrder) {
    start();
    heard(0);
    for (int i = 0; i < 7; ++i) {
        say(2, {.kind = Kind::beat});
        wait(seconds(1));
    }
    EXPECT_EQ(leader_.failure(), "");
    EXPECT_TRUE(leader_.must_stop());
    EXPECT_EQ(heard(2).back().why, "generator 3 of 3 (10.0.0.3) was lost: no sign of it for 5s");
    leader_.finished({}, at());
    say(2, result());
    EXPECT_TRUE(leader_.over());
    const auto outcomes = leader_.take_outcomes();
    EXPECT_EQ(outcomes[2].lost, "no sign of it for 5s");
    EXPECT_TRUE(outcomes[2].result.is_null());
    EXPECT_EQ(outcomes[1].lost, "");
}

TEST_F(LeaderTest, APartOfALongResultIsASignOfLife) {
    start();
    for (int i = 0; i < 7; ++i) {
        leader_.came(2, at());
        say(3, {.kind = Kind::beat});
        wait(seconds(1));
    }
    EXPECT_FALSE(leader_.must_stop());
}

TEST_F(LeaderTest, OneThatWasInterruptedIsTold) {
    start();
    say(2, {.kind = Kind::result, .result = {{"interrupted", true}}});
    EXPECT_TRUE(leader_.must_stop());
    say(3, {.kind = Kind::result, .result = {{"interrupted", true}}});
    leader_.finished({}, at());
    const auto outcomes = leader_.take_outcomes();
    EXPECT_EQ(outcomes[1].lost, "it was interrupted");
    EXPECT_EQ(outcomes[2].lost, "") << "it was told to";
    EXPECT_FALSE(outcomes[1].result.is_null());
}

TEST_F(LeaderTest, AResultThatDoesNotComeIsNotWaitedForForEver) {
    start();
    leader_.finished({}, at());
    say(3, result());
    for (int i = 0; i < 32; ++i) {
        say(2, {.kind = Kind::beat});
        wait(seconds(1));
    }
    EXPECT_TRUE(leader_.over());
    EXPECT_NE(leader_.take_outcomes()[1].lost.find("no result of it within 30s"),
              std::string::npos);
}

TEST_F(LeaderTest, WhatIsNotTheirTurnToSayLosesThem) {
    meet();
    say(2, {.kind = Kind::connected});
    say(2, {.kind = Kind::connected});
    EXPECT_NE(leader_.failure().find("not its turn"), std::string::npos);
    Leader other(three(), at());
    other.admits(2, "10.0.0.2", at());
    std::string line = to_line(hello(2));
    line.pop_back();
    other.received(2, line, at());
    other.received(2, "{", at());
    EXPECT_NE(other.failure().find("can't be read"), std::string::npos);
}

TEST_F(LeaderTest, AnInterruptedLeaderEndsAllInOrder) {
    start();
    heard(0);
    leader_.interrupted();
    leader_.interrupted();
    EXPECT_TRUE(leader_.must_stop());
    EXPECT_EQ(leader_.failure(), "");
    EXPECT_EQ(heard(2).size(), 1U);
    for (const Link link : {Link{2}, Link{3}}) {
        say(link, {.kind = Kind::result, .result = {{"interrupted", true}}});
    }
    leader_.finished({{"interrupted", true}}, at());
    const auto outcomes = leader_.take_outcomes();
    EXPECT_EQ(outcomes[0].lost, "it was interrupted");
    EXPECT_FALSE(outcomes[0].result.is_null());
    EXPECT_EQ(outcomes[1].lost, "") << "it was told to";
    Leader early(three(), at());
    early.interrupted();
    EXPECT_NE(early.failure().find("was interrupted"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::loadgen::rendezvous
