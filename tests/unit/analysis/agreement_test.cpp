// When two figures count as the same: never without an interval, and as often as the interval says.
#include "loadgen/analysis/agreement.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace echotrio::loadgen {
namespace {

TEST(Agreement, IsOfTheWholeInterval) {
    const auto of = [](double low, double high) {
        return agreement_of(Estimate{(low + high) / 2, Bounds{low, high}});
    };
    EXPECT_EQ(of(0.9, 1.1), Agreement::agrees);
    EXPECT_EQ(of(0.8, 1.25), Agreement::agrees);
    EXPECT_EQ(of(1.1, 1.2), Agreement::agrees);  // known to be more, and little
    EXPECT_EQ(of(0.7, 1.1), Agreement::inconclusive);
    EXPECT_EQ(of(1.1, 1.5), Agreement::inconclusive);
    EXPECT_EQ(of(0.5, 2), Agreement::inconclusive);
    EXPECT_EQ(of(1.26, 1.3), Agreement::differs);
    EXPECT_EQ(of(0.5, 0.79), Agreement::differs);
}

TEST(Agreement, WithoutAnIntervalNothingIsSaid) {
    EXPECT_EQ(agreement_of(Estimate{1, std::nullopt}), Agreement::inconclusive);
    EXPECT_EQ(agreement_of(ratio_within_rounds(std::vector{2.0}, std::vector{2.0})),
              Agreement::inconclusive);
    EXPECT_EQ(agreement_of(ratio_within_rounds({}, {})), Agreement::inconclusive);
    EXPECT_EQ(agreement_of(ratio_within_rounds(std::vector{2.0, 0.0}, std::vector{2.0, 1.0})),
              Agreement::inconclusive);
    EXPECT_EQ(agreement_of(ratio_of_figures({1, 0.9, 1.1}, {1})), Agreement::inconclusive);
    EXPECT_EQ(agreement_of(ratio_of_figures({1, -1, 3}, {1, 1, 1})), Agreement::inconclusive);
}

TEST(Agreement, WhatARoundDoesToBothIsNotInTheRatio) {
    const std::vector<double> models{100, 200, 400, 50}, twins{120, 240, 480, 60};
    const Estimate ratio = ratio_within_rounds(twins, models);
    EXPECT_NEAR(ratio.value, 1.2, 1e-9);
    ASSERT_TRUE(ratio.interval);
    EXPECT_NEAR(ratio.interval->low, 1.2, 1e-9);
    EXPECT_NEAR(ratio.interval->high, 1.2, 1e-9);
}

TEST(Agreement, OfTwoFiguresIsAsWideAsTheirIntervalsAllow) {
    const Estimate ratio = ratio_of_figures({2, 1.8, 2.2}, {4, 3.6, 4.4});
    EXPECT_DOUBLE_EQ(ratio.value, 0.5);
    ASSERT_TRUE(ratio.interval);
    EXPECT_NEAR(ratio.interval->low, 1.8 / 4.4, 1e-12);
    EXPECT_NEAR(ratio.interval->high, 2.2 / 3.6, 1e-12);
}

double normal(Rng& rng) {
    const auto uniform = [&] {
        return (static_cast<double>(rng.next() >> 11U) + 0.5) / 9007199254740992.0;
    };
    return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
}

// Of rounds in which both are log-normal around the same state of the machine.
TEST(Agreement, TheIntervalCoversAsOftenAsItSays) {
    Rng rng(14);
    for (const std::size_t rounds : {3U, 4U, 7U}) {
        int covered = 0;
        constexpr int kTimes = 2000;
        for (int i = 0; i < kTimes; ++i) {
            std::vector<double> models, twins;
            for (std::size_t r = 0; r < rounds; ++r) {
                const double state = std::exp(normal(rng));
                models.push_back(state * std::exp(0.1 * normal(rng)));
                twins.push_back(1.1 * state * std::exp(0.1 * normal(rng)));
            }
            const Estimate ratio = ratio_within_rounds(twins, models);
            covered += ratio.interval->contains(1.1) ? 1 : 0;
        }
        EXPECT_NEAR(covered, 0.95 * kTimes, 0.015 * kTimes) << rounds;
    }
}

// At the edge of what counts as the same, a difference is called agreement in 2.5 % at most.
TEST(Agreement, IsSeldomSaidOfWhatIsNotTheSame) {
    Rng rng(15);
    int agreed = 0;
    constexpr int kTimes = 2000;
    for (int i = 0; i < kTimes; ++i) {
        std::vector<double> models, twins;
        for (int r = 0; r < 4; ++r) {
            models.push_back(std::exp(0.03 * normal(rng)));
            twins.push_back(kSameWithin * std::exp(0.03 * normal(rng)));
        }
        if (agreement_of(ratio_within_rounds(twins, models)) == Agreement::agrees) ++agreed;
    }
    EXPECT_LE(agreed, 0.035 * kTimes);
}

}  // namespace
}  // namespace echotrio::loadgen
