// The figures that the claims are judged by, where neighbours on the machine must not matter.
#include "loadgen/experiment/claims.hpp"

#include <gtest/gtest.h>

#include <set>

namespace echotrio::loadgen {
namespace {

// In two seconds 1,000 requests of a millisecond each; its threads were ready for longer.
RunResult crowded(double waited_s) {
    RunResult result;
    result.duration_s = 2;
    result.throughput_rps = 500;
    ServerUse& server = result.server.emplace();
    server.cpu_s = 1;
    server.cpu_us_per_request = 1000;
    server.run_queue_wait_s = waited_s;
    return result;
}

TEST(Undisturbed, IsTheThroughputWhereNobodyWaitedForACpu) {
    EXPECT_DOUBLE_EQ(runnable(crowded(0)).value_or(0), 0.5);
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(0), 1).value_or(0), 500);
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(0), 2).value_or(0), 500);
}

TEST(Undisturbed, CountsTheCpuThatOthersTook) {
    EXPECT_DOUBLE_EQ(runnable(crowded(1)).value_or(0), 1);
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(1), 1).value_or(0), 1000);
}

TEST(Undisturbed, IsAtMostWhatTheCpusGive) {
    EXPECT_DOUBLE_EQ(runnable(crowded(7)).value_or(0), 4);  // four busy threads
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(7), 1).value_or(0), 1000);
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(7), 2).value_or(0), 2000);
}

TEST(Undisturbed, IsTheThroughputWhereTheSystemDoesNotTell) {
    RunResult result = crowded(1);
    result.server->run_queue_wait_s.reset();
    EXPECT_FALSE(runnable(result));
    EXPECT_DOUBLE_EQ(undisturbed_rps(result, 2).value_or(0), 500);
    result.server.reset();
    EXPECT_DOUBLE_EQ(undisturbed_rps(result, 2).value_or(0), 500);
}

TEST(Effect, OneBadRunOfFiveDoesNotStretchTheInterval) {
    ClaimContext context;
    const Effect effect = effect_of(context, {5.1, 5.2, 5.0, 5.3, 90}, {1.0, 1.1, 0.9, 1.05, 1.02});
    ASSERT_TRUE(effect.known);
    EXPECT_GT(effect.low, 1.2);
    EXPECT_NEAR(effect.value, 5.1, 0.5);
}

Claim judged(ClaimVerdict verdict, bool by_time) {
    Claim claim{"id", "sentence", verdict};
    claim.reason = "the figures";
    claim.by_time = by_time;
    return claim;
}

TEST(WeighMachine, AFitOneLeavesVerdictsAlone) {
    for (const auto others : {std::optional<double>(), std::optional(kBusyMachine)}) {
        for (const bool by_time : {false, true}) {
            for (const auto verdict : {ClaimVerdict::supported, ClaimVerdict::refuted}) {
                Claim claim = judged(verdict, by_time);
                weigh_machine(claim, others);
                EXPECT_EQ(claim.verdict, verdict);
                EXPECT_EQ(claim.reason, "the figures");
            }
        }
    }
}

TEST(WeighMachine, ABusyOneJudgesNothingByTime) {
    for (const auto verdict :
         {ClaimVerdict::supported, ClaimVerdict::refuted, ClaimVerdict::inconclusive}) {
        Claim claim = judged(verdict, true);
        weigh_machine(claim, 0.47);
        EXPECT_EQ(claim.verdict, ClaimVerdict::inconclusive);
        EXPECT_EQ(claim.reason, "the machine was busy, 47 % of it was used by others: the figures");
    }
}

TEST(WeighMachine, ABusyOneRefutesNothingButLetsStatesStand) {
    Claim reached = judged(ClaimVerdict::supported, false);
    weigh_machine(reached, 0.47);
    EXPECT_EQ(reached.verdict, ClaimVerdict::supported);
    EXPECT_EQ(reached.reason, "the figures");
    Claim missed = judged(ClaimVerdict::refuted, false);
    weigh_machine(missed, 0.47);
    EXPECT_EQ(missed.verdict, ClaimVerdict::inconclusive);
}

TEST(WeighMachine, WhatCannotBeTestedIsNotTheMachinesFault) {
    Claim claim = judged(ClaimVerdict::not_testable, true);
    weigh_machine(claim, 0.9);
    EXPECT_EQ(claim.verdict, ClaimVerdict::not_testable);
}

TEST(ClaimIds, AreEachThereOnce) {
    const auto ids = claim_ids();
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), ids.size());
    EXPECT_GE(ids.size(), 14U);
}

}  // namespace
}  // namespace echotrio::loadgen
