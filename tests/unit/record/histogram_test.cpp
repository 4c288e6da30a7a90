// The histogram against a sorted array of the same values: within its stated error, everywhere.
#include "loadgen/record/histogram.hpp"

#include "common/base/rng.hpp"
#include "loadgen/record/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

TEST(HistogramSlots, EveryValueLiesInItsSlotAndSlotsAreNarrow) {
    Rng rng(7);
    for (int i = 0; i < 200'000; ++i) {
        const auto value = static_cast<std::int64_t>(rng.next() >> (22 + rng.below(40)));
        ASSERT_LE(value, Histogram::kHighest);
        const std::size_t slot = Histogram::slot_of(static_cast<std::uint64_t>(value));
        ASSERT_LT(slot, Histogram::kSlots);
        ASSERT_LE(Histogram::slot_begin(slot), value);
        ASSERT_GE(Histogram::slot_end(slot), value);
        const auto width = Histogram::slot_end(slot) - Histogram::slot_begin(slot);
        ASSERT_LE(width * 1000, value) << value;  // 0 wide below 2,048
    }
}

TEST(HistogramSlots, FollowEachOtherWithoutGaps) {
    for (std::size_t slot = 0; slot + 1 < Histogram::kSlots; ++slot) {
        if (slot >= 2048 && (slot & 1023U) == 1023U) {
            ASSERT_EQ(Histogram::slot_end(slot) + 1, Histogram::slot_begin(slot + 1));
        }
        ASSERT_EQ(Histogram::slot_of(static_cast<std::uint64_t>(Histogram::slot_begin(slot))),
                  slot);
    }
    EXPECT_EQ(Histogram::slot_end(Histogram::kSlots - 1), Histogram::kHighest);
}

class AgainstSortedArray : public testing::TestWithParam<int> {};

TEST_P(AgainstSortedArray, PercentilesAndMoments) {
    Rng rng(static_cast<std::uint64_t>(GetParam()));
    std::vector<std::int64_t> values;
    Histogram histogram;
    for (int i = 0; i < 20'011; ++i) {
        double v = 0;
        switch (GetParam()) {
            case 0:
                v = 1000 * rng.uniform();
                break;  // below the first step
            case 1:
                v = std::exp(10 + 2 * rng.normal());
                break;  // log-normal
            case 2:
                v = 1e6 * rng.exponential();
                break;  // exponential, 1 ms
            case 3:
                v = rng.below(100) < 2 ? 2e10 : 3e4;
                break;  // bimodal
            default:
                v = std::pow(2.0, 41 * rng.uniform());
                break;  // all magnitudes
        }
        values.push_back(static_cast<std::int64_t>(v));
        histogram.record(values.back());
    }
    std::sort(values.begin(), values.end());
    for (double p = 0.05; p <= 100; p += 0.05) {
        const auto rank = static_cast<std::size_t>(
            std::ceil(std::nextafter(p, 0.0) / 100 * static_cast<double>(values.size())));
        const auto exact = values[std::max<std::size_t>(rank, 1) - 1];
        const auto told = histogram.value_at_percentile(p);
        ASSERT_GE(told, exact) << p;
        ASSERT_LE(static_cast<double>(told - exact), static_cast<double>(exact) / 1000) << p;
    }
    double mean = 0;
    for (const auto v : values) mean += static_cast<double>(v) / static_cast<double>(values.size());
    double variance = 0;
    for (const auto v : values) {
        variance += std::pow(static_cast<double>(v) - mean, 2) / static_cast<double>(values.size());
    }
    EXPECT_NEAR(histogram.mean(), mean, mean / 1000);
    EXPECT_NEAR(histogram.stddev(), std::sqrt(variance), std::sqrt(variance) / 500);
    EXPECT_EQ(histogram.count(), values.size());
    EXPECT_LE(histogram.min(), values.front());
    EXPECT_GE(histogram.max(), values.back());
    EXPECT_EQ(histogram.clamped(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Shapes, AgainstSortedArray, testing::Range(0, 5));

TEST(Histogram, MergedShardsEqualThePooledValues) {
    Rng rng(11);
    Histogram pooled;
    Histogram fast;
    Histogram slow;
    for (int i = 0; i < 10'000; ++i) {
        const auto a = static_cast<std::int64_t>(1e6 * (0.9 + 0.2 * rng.uniform()));
        const auto b = static_cast<std::int64_t>(1e8 * (0.9 + 0.2 * rng.uniform()));
        fast.record(a);
        slow.record(b);
        pooled.record(a);
        pooled.record(b);
    }
    Histogram merged = fast;
    merged.add(slow);
    EXPECT_EQ(merged, pooled);
    EXPECT_EQ(merged.value_at_percentile(99), pooled.value_at_percentile(99));
    // An average of the two p50 would say 50 ms, where no value lies.
    EXPECT_LT(merged.value_at_percentile(50), 2'000'000);
    Histogram reversed = slow;
    reversed.add(fast);
    EXPECT_EQ(reversed, pooled);
    EXPECT_EQ(merged.since(fast), slow);
}

TEST(Histogram, CountsWhatItClamps) {
    Histogram histogram;
    histogram.record(0);
    histogram.record(Histogram::kHighest);
    EXPECT_EQ(histogram.clamped(), 0U);
    histogram.record(Histogram::kHighest + 1);
    histogram.record(-5, 2);
    EXPECT_EQ(histogram.clamped(), 3U);
    EXPECT_EQ(histogram.count(), 5U);
    EXPECT_EQ(histogram.min(), 0);
    EXPECT_EQ(histogram.max(), Histogram::kHighest);
}

TEST(Histogram, IsEmptyAtFirst) {
    const Histogram histogram;
    EXPECT_TRUE(histogram.empty());
    EXPECT_EQ(histogram.value_at_percentile(99), 0);
    EXPECT_EQ(histogram.mean(), 0);
    EXPECT_EQ(histogram.stddev(), 0);
    EXPECT_EQ(histogram.max(), 0);
    const LatencySummary summary = summarise(histogram);
    EXPECT_EQ(summary.count, 0U);
    EXPECT_FALSE(summary.p50);
    EXPECT_FALSE(summary.max);
}

TEST(Histogram, CountsWhatLiesAboveAnObjective) {
    Histogram histogram;
    histogram.record(1'000'000, 90);
    histogram.record(9'000'000, 10);
    EXPECT_EQ(histogram.count_above(5'000'000), 10U);
    EXPECT_EQ(histogram.count_above(9'000'000), 0U);
    EXPECT_EQ(histogram.count_above(10), 100U);
    EXPECT_EQ(histogram.count_above(Histogram::kHighest), 0U);
}

TEST(Summary, TellsAPercentileOnlyWithEnoughSamples) {
    struct Case {
        std::uint64_t samples;
        bool p90, p99, p99_9, p99_99;
    };
    for (const Case& c : {Case{1, false, false, false, false}, Case{35, false, false, false, false},
                          Case{36, true, false, false, false}, Case{367, true, false, false, false},
                          Case{368, true, true, false, false}, Case{3687, true, true, false, false},
                          Case{3688, true, true, true, false}, Case{36886, true, true, true, false},
                          Case{36887, true, true, true, true}}) {
        Histogram histogram;
        histogram.record(1000, c.samples);
        const LatencySummary summary = summarise(histogram);
        EXPECT_TRUE(summary.p50.has_value());
        EXPECT_EQ(summary.p90.has_value(), c.p90) << c.samples;
        EXPECT_EQ(summary.p99.has_value(), c.p99) << c.samples;
        EXPECT_EQ(summary.p99_9.has_value(), c.p99_9) << c.samples;
        EXPECT_EQ(summary.p99_99.has_value(), c.p99_99) << c.samples;
        EXPECT_NEAR(*summary.p50, 1.0, 0.001);
    }
    EXPECT_EQ(samples_needed(95), 368U);
    EXPECT_EQ(samples_needed(99.999), UINT64_MAX);
}

}  // namespace
}  // namespace echotrio::loadgen
