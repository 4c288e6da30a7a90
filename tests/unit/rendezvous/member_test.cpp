// A member's side of the meeting.
#include "loadgen/rendezvous/member.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen::rendezvous {
namespace {

using std::chrono::seconds;
using Kind = Message::Kind;

class MemberTest : public testing::Test {
  protected:
    static Terms second() {
        Terms terms;
        terms.hello = {"1.0", "load", 2, 2, ""};
        terms.addresses = {"10.0.0.1", "10.0.0.2"};
        return terms;
    }
    Moment at() const { return {TimePoint(passed_), seconds(1000) + passed_}; }
    void hear(const Message& message) {
        std::string line = to_line(message);
        line.pop_back();
        member_.received(0, line, at());
    }
    std::vector<Message> said() {
        std::vector<Message> all;
        for (const Party::Send& send : member_.take_sends()) {
            all.push_back(*message_from(send.line.substr(0, send.line.size() - 1)));
        }
        return all;
    }
    void start() {
        hear({.kind = Kind::ping});
        hear({.kind = Kind::prepare});
        hear({.kind = Kind::start, .time = seconds(2000)});
    }

    Nanos passed_{0};
    Member member_{second(), at()};
};

TEST_F(MemberTest, DoesAsItIsTold) {
    EXPECT_EQ(said()[0].hello.rank, 2U);
    hear({.kind = Kind::ping, .number = 4});
    const auto pong = said();
    EXPECT_EQ(pong[0].number, 4U);
    EXPECT_EQ(pong[0].time, seconds(1000));
    EXPECT_FALSE(member_.prepared());
    hear({.kind = Kind::prepare});
    EXPECT_TRUE(member_.prepared());
    member_.connected(at());
    hear({.kind = Kind::start, .time = seconds(2000)});
    EXPECT_EQ(*member_.start(), seconds(2000));
    member_.finished({{"a", 1}}, at());
    EXPECT_EQ(said().back().result["a"], 1);
    EXPECT_FALSE(member_.over());
    hear({.kind = Kind::verdict, .number = 3});
    EXPECT_TRUE(member_.over());
    EXPECT_EQ(*member_.verdict(), 3);
    EXPECT_EQ(member_.failure(), "");
}

TEST_F(MemberTest, EndsWhenTheLeaderIsGone) {
    start();
    passed_ += seconds(6);
    member_.tick(at());
    EXPECT_EQ(member_.failure(),
              "generator 1 of 2 (10.0.0.1), the leader, was lost: no sign of it for 5s");
    EXPECT_TRUE(member_.must_stop());
    EXPECT_TRUE(member_.over());
}

TEST_F(MemberTest, LivesAsLongAsTheLeaderDoes) {
    start();
    said();
    int beats = 0;
    for (int i = 0; i < 20; ++i) {
        passed_ += seconds(1);
        hear({.kind = Kind::beat});
        member_.tick(at());
        beats += static_cast<int>(said().size());
    }
    EXPECT_EQ(member_.failure(), "");
    EXPECT_EQ(beats, 20);
}

TEST_F(MemberTest, WaitsForAVerdictForALimitedTime) {
    const auto wait = [&](int most) {
        int waited = 0;
        while (!member_.over() && waited < most) {
            passed_ += seconds(1);
            hear({.kind = Kind::beat});
            member_.tick(at());
            ++waited;
        }
        return waited;
    };
    start();
    EXPECT_EQ(wait(200), 200) << "as long as it runs";
    member_.finished({}, at());
    EXPECT_EQ(wait(200), 61);
    EXPECT_EQ(member_.failure(),
              "no verdict of generator 1 of 2 (10.0.0.1), the leader, within 1m of this one's "
              "result");
}

TEST_F(MemberTest, AnInterruptedOneDoesNotWaitLong) {
    start();
    member_.interrupted();
    EXPECT_FALSE(member_.over()) << "it ends its run in order";
    member_.finished({}, at());
    for (int i = 0; i < 6; ++i) {
        passed_ += seconds(1);
        hear({.kind = Kind::beat});
        member_.tick(at());
    }
    EXPECT_TRUE(member_.over());
    EXPECT_EQ(member_.failure().find("interrupted; no verdict of"), 0U) << member_.failure();
}

TEST_F(MemberTest, APartOfALineIsASignOfLife) {
    start();
    for (int i = 0; i < 20; ++i) {
        passed_ += seconds(1);
        member_.came(0, at());
        member_.tick(at());
    }
    EXPECT_EQ(member_.failure(), "");
}

TEST_F(MemberTest, TriesAgainOnlyBeforeItWasAnswered) {
    EXPECT_TRUE(member_.may_try_again());
    hear({.kind = Kind::refused, .why = "its token is not the leader's"});
    EXPECT_FALSE(member_.may_try_again());
    EXPECT_EQ(member_.failure(),
              "generator 1 of 2 (10.0.0.1), the leader, refuses this one: its "
              "token is not the leader's");
    Member other(second(), at());
    other.received(0, "{\"say\":\"ping\",\"number\":0}", at());
    EXPECT_FALSE(other.may_try_again());
    Member interrupted(second(), at());
    interrupted.interrupted();
    EXPECT_FALSE(interrupted.may_try_again());
}

TEST_F(MemberTest, AStopBeforeTheStartSaysWhyAndOneAfterItEndsTheRunInOrder) {
    hear({.kind = Kind::ping});
    hear({.kind = Kind::stop, .why = "did not come within 1m: generator 3"});
    EXPECT_EQ(member_.failure(), "did not come within 1m: generator 3");
    Member running(second(), at());
    for (const char* line : {R"({"say":"ping","number":0})", R"({"say":"start","time":5})",
                             R"({"say":"stop","why":"x was lost"})"}) {
        running.received(0, line, at());
    }
    EXPECT_EQ(running.failure(), "");
    EXPECT_TRUE(running.must_stop());
    running.ended(0, "it closed its connection", at());
    EXPECT_EQ(running.failure(), "x was lost") << "why there is no verdict";
}

}  // namespace
}  // namespace echotrio::loadgen::rendezvous
