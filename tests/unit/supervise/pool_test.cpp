// The pool's arithmetic: a table of single decisions, and how it behaves over time.
#include "common/supervise/pool.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace echotrio::supervise {
namespace {

constexpr PoolLimits kLimits{.start = 5, .min_spare = 5, .max_spare = 10, .max_workers = 256};

TEST(Pool, OneDecision) {
    struct Case {
        Census census;
        int spawn;
        bool retire;
        bool ceiling;
    };
    const std::vector<Case> cases{
        {{.idle = 5, .all = 5}, 0, false, false},     // just enough
        {{.idle = 10, .all = 10}, 0, false, false},   // not yet too many
        {{.idle = 11, .all = 11}, 0, true, false},    // one too many
        {{.idle = 200, .all = 256}, 0, true, false},  // far too many: still one a tick
        {{.idle = 4, .all = 5}, 1, false, false},     // one short
        {{.idle = 0, .all = 0}, 1, false, false},     // all have died
        {{.idle = 0, .all = 256}, 0, false, true},    // the ceiling
        {{.idle = 4, .all = 256}, 0, false, true},    // short of spares, no room
        {{.idle = 5, .all = 256}, 0, false, false},   // no room and none needed
        {{.idle = 0, .all = 300}, 0, false, true},    // more than the limit (a reload): no room
    };
    for (const Case& c : cases) {
        Pool pool(kLimits);
        const Decision decision = pool.tick(c.census);
        SCOPED_TRACE(testing::Message() << c.census.idle << " of " << c.census.all);
        EXPECT_EQ(decision.spawn, c.spawn);
        EXPECT_EQ(decision.retire, c.retire);
        EXPECT_EQ(decision.ceiling, c.ceiling);
    }
}

TEST(Pool, DoublesWhileTheShortageLastsUpToThirtyTwo) {
    Pool pool(kLimits);
    std::vector<int> spawned;
    for (int i = 0; i < 8; ++i) spawned.push_back(pool.tick({.idle = 0, .all = 10}).spawn);
    EXPECT_EQ(spawned, (std::vector<int>{1, 2, 4, 8, 16, 32, 32, 32}));
}

TEST(Pool, StartsAgainAtOneAfterATickWithoutShortage) {
    for (const Census& pause : {Census{.idle = 5, .all = 20}, Census{.idle = 11, .all = 20},
                                Census{.idle = 0, .all = 256}}) {
        Pool pool(kLimits);
        for (int i = 0; i < 4; ++i) pool.tick({.idle = 0, .all = 10});
        pool.tick(pause);
        EXPECT_EQ(pool.tick({.idle = 0, .all = 10}).spawn, 1);
    }
}

TEST(Pool, FillsWhatRoomThereIs) {
    Pool pool(kLimits);
    for (int i = 0; i < 5; ++i) pool.tick({.idle = 0, .all = 10});
    EXPECT_EQ(pool.tick({.idle = 0, .all = 250}).spawn, 6);
}

TEST(Pool, HoldsItsPromisesForAnySequence) {
    Rng rng(7);
    for (int round = 0; round < 200; ++round) {
        PoolLimits limits;
        limits.max_workers = 1 + static_cast<int>(rng.below(300));
        limits.min_spare = 1 + static_cast<int>(rng.below(40));
        limits.max_spare = limits.min_spare + static_cast<int>(rng.below(40));
        Pool pool(limits);
        for (int tick = 0; tick < 100; ++tick) {
            const int all =
                static_cast<int>(rng.below(2 * static_cast<unsigned>(limits.max_workers)));
            const int idle = static_cast<int>(rng.below(static_cast<unsigned>(all) + 1));
            const Decision decision = pool.tick({.idle = idle, .all = all});
            EXPECT_LE(all + decision.spawn, std::max(all, limits.max_workers));
            EXPECT_LE(decision.spawn, Pool::kMaxSpawn);
            EXPECT_FALSE(decision.retire && (decision.spawn > 0 || idle <= limits.max_spare));
            EXPECT_EQ(decision.spawn > 0 || decision.ceiling, idle < limits.min_spare);
        }
    }
}

// A pool whose load is constant comes to rest with a number of idle workers between the limits.
TEST(Pool, ComesToRestBetweenTheLimits) {
    for (const int busy : {0, 1, 7, 60, 200}) {
        for (const int idle_at_first : {0, 5, 50}) {
            Pool pool(kLimits);
            int all = busy + idle_at_first;
            Decision decision;
            for (int tick = 0; tick < 100; ++tick) {
                decision = pool.tick({.idle = all - busy, .all = all});
                all += decision.spawn - (decision.retire ? 1 : 0);
            }
            EXPECT_EQ(decision.spawn, 0);
            EXPECT_FALSE(decision.retire);
            EXPECT_GE(all - busy, kLimits.min_spare);
            EXPECT_LE(all - busy, kLimits.max_spare);
        }
    }
}

}  // namespace
}  // namespace echotrio::supervise
