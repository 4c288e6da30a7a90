#include "servers/coroutine/lag.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

namespace echotrio::coroutine {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

TEST(Lag, NothingRecorded) {
    const Lag lag;
    EXPECT_EQ(lag.count(), 0U);
    EXPECT_EQ(lag.quantile_us(0.5), 0);
    EXPECT_EQ(lag.max_us(), 0);
}

TEST(Lag, OfSeveralLoopsIsThatOfAllTheirTicks) {
    Lag one, other, both, sum;
    Rng rng(5);
    for (int i = 0; i < 1000; ++i) {
        const auto lag = microseconds(rng.below(100'000));
        (i % 3 == 0 ? one : other).record(lag);
        both.record(lag);
    }
    sum.add(one);
    sum.add(other);
    EXPECT_EQ(sum.count(), both.count());
    EXPECT_EQ(sum.max_us(), both.max_us());
    for (const double q : {0.1, 0.5, 0.99}) EXPECT_EQ(sum.quantile_us(q), both.quantile_us(q)) << q;
}

TEST(Lag, OneValueIsEveryQuantile) {
    Lag lag;
    lag.record(microseconds(1000));
    for (const double q : {0.0, 0.5, 0.99, 1.0}) EXPECT_EQ(lag.quantile_us(q), 1000) << q;
}

TEST(Lag, AnEarlyTickIsNotLate) {
    Lag lag;
    lag.record(microseconds(-5));
    EXPECT_EQ(lag.count(), 1U);
    EXPECT_EQ(lag.max_us(), 0);
}

TEST(Lag, LongerThanTheLastSlotIsKeptAsTheMaximum) {
    Lag lag;
    lag.record(hours(100));
    EXPECT_EQ(lag.max_us(), 3.6e11);
    EXPECT_GT(lag.quantile_us(0.5), 4e9);
}

// Against the sorted values: never below the true quantile, and at most a slot (an eighth) above.
TEST(Lag, QuantilesWithinOneSlot) {
    Rng rng(7);
    Lag lag;
    std::vector<std::int64_t> sorted;
    for (int i = 0; i < 20'000; ++i) {
        const auto us = static_cast<std::int64_t>(std::exp(rng.uniform() * 16));  // 1 us to 9 s
        lag.record(microseconds(us));
        sorted.push_back(us);
    }
    std::sort(sorted.begin(), sorted.end());
    for (const double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto rank = static_cast<std::size_t>(std::ceil(q * 20'000)) - 1;
        const auto exact = static_cast<double>(sorted[rank]);
        EXPECT_GE(lag.quantile_us(q), exact) << q;
        EXPECT_LE(lag.quantile_us(q), exact * 1.125 + 1) << q;
    }
    EXPECT_EQ(lag.max_us(), static_cast<double>(sorted.back()));
}

// The sum over loops that go on recording: what is counted is in a slot, so that each rank is
// found.
TEST(Lag, AddedUpWhileItIsRecordedHasEveryQuantile) {
    Lag lag;
    std::atomic<bool> stop{false};
    std::thread loop([&] {
        while (!stop) lag.record(microseconds(1000));
    });
    while (lag.count() == 0) std::this_thread::yield();
    for (int i = 0; i < 2000; ++i) {
        Lag sum;
        sum.add(lag);
        ASSERT_EQ(sum.quantile_us(1), 1000);
    }
    stop = true;
    loop.join();
}

}  // namespace
}  // namespace echotrio::coroutine
