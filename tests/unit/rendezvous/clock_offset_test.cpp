// The offset of another clock, by simulated exchanges.
#include "loadgen/rendezvous/clock_offset.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen::rendezvous {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

TEST(ClockEstimate, AnEvenRoundTripTellsItExactly) {
    ClockEstimate estimate;
    estimate.exchanged(seconds(100), seconds(107) + microseconds(50),
                       seconds(100) + microseconds(100));
    ASSERT_TRUE(estimate.best());
    EXPECT_EQ(estimate.best()->ahead, seconds(7));
    EXPECT_EQ(estimate.best()->error, microseconds(50));
}

TEST(ClockEstimate, TheShortestRoundTripCounts) {
    ClockEstimate estimate;
    estimate.exchanged(seconds(1), seconds(1), seconds(3));
    estimate.exchanged(seconds(3), seconds(3) + microseconds(10), seconds(3) + microseconds(20));
    estimate.exchanged(seconds(5), seconds(5), seconds(6));
    EXPECT_EQ(estimate.exchanges(), 3U);
    EXPECT_EQ(estimate.best()->ahead, Nanos(0));
    EXPECT_EQ(estimate.best()->error, microseconds(10));
}

TEST(ClockEstimate, AClockThatWasSetBackMeanwhileTellsNothing) {
    ClockEstimate estimate;
    estimate.exchanged(seconds(10), seconds(10), seconds(9));
    EXPECT_EQ(estimate.exchanges(), 1U);
    EXPECT_FALSE(estimate.best());
}

// However uneven the two ways are, the truth is within the error that is told.
TEST(ClockEstimate, TheTruthIsWithinTheError) {
    Rng rng(2026);
    for (int host = 0; host < 1000; ++host) {
        const Nanos offset = from_seconds(20 * rng.uniform() - 10);
        ClockEstimate estimate;
        Nanos time = seconds(1'000'000);
        for (int i = 0; i < 8; ++i) {
            const Nanos there = from_seconds(1e-4 * rng.exponential());
            const Nanos back = from_seconds(1e-4 * rng.exponential());
            estimate.exchanged(time, time + there + offset, time + there + back);
            time += seconds(1);
        }
        const Nanos off = estimate.best()->ahead - offset;
        EXPECT_LE(off < Nanos(0) ? -off : off, estimate.best()->error + Nanos(1));
    }
}

}  // namespace
}  // namespace echotrio::loadgen::rendezvous
