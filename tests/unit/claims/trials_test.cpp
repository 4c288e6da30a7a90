// Which of a claim's trials give a figure, and what is said where they do not.
#include "loadgen/claims/trials.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

Trial trial(const std::string& variant, double rps) {
    Trial made;
    made.point = {variant, {"work", 4}, 1};
    made.result.requests = 100;
    made.result.throughput_rps = rps;
    made.result.server.emplace();
    return made;
}

Trial invalid(Trial made, const char* check) {
    made.result.verdict.valid = false;
    made.result.verdict.reasons.push_back({check, "what was wrong", ""});
    return made;
}

Trial unanswered(const std::string& variant) {
    Trial made = invalid(trial(variant, 0), "failures");
    made.result.requests = 0;
    return made;
}

TEST(Trials, OnlyThoseThatCountGiveFigures) {
    Trial replaced = trial("a", 3);
    replaced.superseded = true;
    const Trials trials({trial("a", 1), invalid(trial("a", 2), "generator"), replaced,
                         trial("b", 4), trial("a", 5)});
    EXPECT_EQ(trials.figures({"a", "work"}, throughput), (std::vector<double>{1, 5}));
    EXPECT_EQ(trials.figures({"a", "work", 4}, throughput), (std::vector<double>{1, 5}));
    EXPECT_TRUE(trials.figures({"a", "work", 5}, throughput).empty());
    EXPECT_TRUE(trials.figures({"a", "other"}, throughput).empty());
}

TEST(Trials, ALateGeneratorDoesNotSpoilMemory) {
    const Trials trials({invalid(trial("a", 2), "lateness"), invalid(trial("a", 3), "integrity")});
    EXPECT_EQ(trials.memory({"a", "work"}, throughput), (std::vector<double>{2}));
    ASSERT_NE(trials.first({"a", "work"}), nullptr);
    EXPECT_EQ(trials.first({"b", "work"}), nullptr);
}

TEST(Trials, SayHowManyAreInvalidAndWhy) {
    EXPECT_EQ(Trials().trouble(), "");
    EXPECT_EQ(Trials({trial("a", 1)}).trouble(), "");
    Trial replaced = invalid(trial("a", 1), "generator");
    replaced.superseded = true;
    EXPECT_EQ(Trials({replaced, trial("a", 1)}).trouble(), "");
    EXPECT_EQ(Trials({invalid(trial("a", 1), "generator"), replaced, trial("b", 1)}).trouble(),
              "1 of 2 runs are INVALID, the last of them (a, work) because what was wrong");
}

TEST(Trials, RememberWhatOthersUsed) {
    EXPECT_FALSE(Trials({trial("a", 1)}).others());
    Trial quiet = trial("a", 1), busy = trial("a", 1),
          spoiled = invalid(trial("a", 1), "generator");
    quiet.result.machine.other_cpu_share = 0.1;
    busy.result.machine.other_cpu_share = 0.2;
    busy.result.machine.steal_share = 0.1;
    spoiled.result.machine.other_cpu_share = 0.9;
    EXPECT_DOUBLE_EQ(Trials({quiet, busy, spoiled, trial("b", 1)}).others().value_or(0), 0.2);
}

TEST(Trials, CountWhatALivingServerLeftUnanswered) {
    Trial dead = unanswered("a");
    dead.result.server->died = true;
    Trial never_ran = unanswered("a");
    never_ran.result.server.reset();
    const Trials trials({unanswered("a"), dead, never_ran, trial("a", 1), unanswered("b")});
    EXPECT_EQ(trials.unanswered({"a", "work"}), 1U);
    EXPECT_TRUE(trials.figures({"b", "work"}, throughput).empty());
}

}  // namespace
}  // namespace echotrio::loadgen
