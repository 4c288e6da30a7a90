// What recorded traffic asks for, second by second.
#include "loadgen/traffic/rates.hpp"

#include "common/base/rng.hpp"
#include "loadgen/schedule/recording_builder.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace echotrio::loadgen {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// So many arrivals in each second, evenly; the first second begins with one.
TrafficRates rates(const std::vector<int>& counts) {
    RecordingBuilder builder;
    for (std::size_t s = 0; s < counts.size(); ++s) {
        for (int i = 0; i < counts[s]; ++i) {
            const Status added =
                builder.add(static_cast<std::int64_t>(s) * kSecond + i * kSecond / counts[s], {},
                            RecordedRequest::kUnknown);
            EXPECT_TRUE(added.ok());
        }
    }
    return rates_of(std::move(builder).build(false));
}

TEST(TrafficRates, OfASteadyRecord) {
    const TrafficRates r = rates(std::vector<int>(300, 10));
    EXPECT_EQ(r.requests, 3000);
    EXPECT_EQ(r.seconds, 300);
    EXPECT_DOUBLE_EQ(r.length_s, 300);
    EXPECT_DOUBLE_EQ(r.mean, 10);
    EXPECT_DOUBLE_EQ(r.peak_minute, 10);
    EXPECT_DOUBLE_EQ(r.p99, 10);
    EXPECT_DOUBLE_EQ(r.max, 10);
    EXPECT_FALSE(r.peak_decides());
}

TEST(TrafficRates, SecondsWithoutARequestCount) {
    std::vector<int> counts(1000, 0);
    counts.front() = counts.back() = 1;
    for (std::size_t i = 100; i < 111; ++i) counts[i] = 50;
    const TrafficRates r = rates(counts);
    EXPECT_EQ(r.seconds, 1000);
    EXPECT_DOUBLE_EQ(r.max, 50);
    EXPECT_DOUBLE_EQ(r.p99, 50) << "11 of 1,000 seconds";
    EXPECT_NEAR(r.peak_minute, 550 / 60.0, 1e-9);
    counts[100] = 0;
    EXPECT_DOUBLE_EQ(rates(counts).p99, 1) << "10 of 1,000 are the last hundredth";
}

TEST(TrafficRates, AShortPeakThatP99DoesNotSeeIsInTheBusiestMinute) {
    std::vector<int> counts(86'400 / 4, 1);
    for (std::size_t i = 0; i < 90; ++i) counts[10'000 + i] = 40;
    const TrafficRates r = rates(counts);
    EXPECT_DOUBLE_EQ(r.p99, 1);
    EXPECT_DOUBLE_EQ(r.peak_minute, 40);
    EXPECT_TRUE(r.peak_decides());
    EXPECT_DOUBLE_EQ(r.demand(), 40);
}

TEST(TrafficRates, TheBusiestMinuteBeginsAnywhere) {
    std::vector<int> counts(200, 1);
    for (std::size_t i = 35; i < 95; ++i) counts[i] = 7;
    EXPECT_DOUBLE_EQ(rates(counts).peak_minute, 7);
}

TEST(TrafficRates, OfOneRequest) {
    const TrafficRates r = rates({1});
    EXPECT_EQ(r.seconds, 1);
    EXPECT_DOUBLE_EQ(r.mean, 1);
    EXPECT_DOUBLE_EQ(r.demand(), 1);
}

// By what a sort of all seconds says.
TEST(TrafficRates, P99IsThatOfTheSortedSeconds) {
    Rng rng(7);
    for (int round = 0; round < 50; ++round) {
        std::vector<int> counts(1 + rng.below(400), 0);
        for (int& count : counts) count = static_cast<int>(rng.below(6));
        counts.front() = 3;
        counts.back() = 2;
        const TrafficRates r = rates(counts);
        std::sort(counts.begin(), counts.end());
        const std::size_t rank = counts.size() - counts.size() / 100;
        EXPECT_EQ(r.p99, counts[rank - 1]) << round;
        EXPECT_EQ(r.max, counts.back());
    }
}

}  // namespace
}  // namespace echotrio::loadgen
