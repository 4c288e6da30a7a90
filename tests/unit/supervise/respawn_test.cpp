#include "common/supervise/respawn.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace echotrio::supervise {
namespace {

constexpr Nanos kMoment = std::chrono::milliseconds(10);
constexpr Nanos kLong = std::chrono::minutes(5);

// Ticks until workers may be started, after a tick in which one died at once.
int pause_after_death(Respawn& respawn) {
    respawn.died(true, kMoment);
    int ticks = 0;
    while (!respawn.tick()) ++ticks;
    return ticks;
}

TEST(Respawn, NothingDiedNothingWaits) {
    Respawn respawn;
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(respawn.tick());
    EXPECT_FALSE(respawn.budget_spent());
}

TEST(Respawn, AWorkerThatHadLivedIsReplacedAtTheNextTick) {
    Respawn respawn;
    for (int i = 0; i < 100; ++i) {
        respawn.died(true, kLong);
        EXPECT_TRUE(respawn.tick());
    }
}

TEST(Respawn, PausesDoubleUpToThirtyTwoTicks) {
    Respawn respawn;
    std::vector<int> pauses;
    for (int i = 0; i < 8; ++i) pauses.push_back(pause_after_death(respawn));
    EXPECT_EQ(pauses, (std::vector<int>{0, 1, 2, 4, 8, 16, 32, 32}));
}

TEST(Respawn, ManyDeathsInOneTickAreOneAttempt) {
    Respawn respawn;
    for (int i = 0; i < 40; ++i) respawn.died(true, kMoment);
    EXPECT_EQ(pause_after_death(respawn), 0);
    EXPECT_EQ(pause_after_death(respawn), 1);
}

TEST(Respawn, AnAttemptThatLastsATickEndsThePauses) {
    Respawn respawn;
    for (int i = 0; i < 5; ++i) pause_after_death(respawn);
    EXPECT_TRUE(respawn.tick());
    EXPECT_EQ(pause_after_death(respawn), 0);
}

TEST(Respawn, DeathsDuringAPauseDoNotShortenIt) {
    Respawn respawn;
    for (int i = 0; i < 3; ++i) pause_after_death(respawn);
    respawn.died(true, kMoment);
    EXPECT_FALSE(respawn.tick());  // 4 ticks from here
    respawn.died(true, kLong);
    EXPECT_FALSE(respawn.tick());
    EXPECT_FALSE(respawn.tick());
    EXPECT_FALSE(respawn.tick());
    EXPECT_TRUE(respawn.tick());
}

TEST(Respawn, TheBudgetIsOfStartsThatFailedInARow) {
    Respawn respawn;
    for (int i = 0; i < Respawn::kStartBudget - 1; ++i) respawn.died(false, kMoment);
    EXPECT_FALSE(respawn.budget_spent());
    respawn.started();
    for (int i = 0; i < Respawn::kStartBudget - 1; ++i) respawn.died(false, kMoment);
    EXPECT_FALSE(respawn.budget_spent());
    respawn.died(true, kMoment);  // this one had started: no failed start, and none in a row ended
    EXPECT_FALSE(respawn.budget_spent());
    respawn.died(false, kLong);  // however long the start took
    EXPECT_TRUE(respawn.budget_spent());
}

}  // namespace
}  // namespace echotrio::supervise
