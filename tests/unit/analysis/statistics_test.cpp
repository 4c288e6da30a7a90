// Against published vectors, and against what the definitions promise.
#include "loadgen/analysis/statistics.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace echotrio::loadgen {
namespace {

using Values = std::vector<double>;

TEST(Moments, AreTheTextbooks) {
    const Values v{2, 4, 4, 4, 5, 5, 7, 9};
    EXPECT_DOUBLE_EQ(mean(v), 5);
    EXPECT_DOUBLE_EQ(variance(v), 32.0 / 7);
    EXPECT_DOUBLE_EQ(mean(Values{}), 0);
    EXPECT_DOUBLE_EQ(variance(Values{3}), 0);
}

TEST(Quantile, IsTypeSeven) {
    const Values v{7, 1, 3, 10};
    EXPECT_DOUBLE_EQ(quantile(v, 0), 1);
    EXPECT_DOUBLE_EQ(quantile(v, 1), 10);
    EXPECT_DOUBLE_EQ(median(v), 5);
    EXPECT_DOUBLE_EQ(quantile(v, 0.25), 2.5);  // R: quantile(c(7, 1, 3, 10), .25)
    EXPECT_DOUBLE_EQ(quantile(v, 0.9), 9.1);
    EXPECT_DOUBLE_EQ(median(Values{4}), 4);
    EXPECT_DOUBLE_EQ(median(Values{}), 0);
}

TEST(StudentT, IsThePublishedTable) {
    EXPECT_NEAR(student_t(0.95, 1), 12.706, 5e-4);
    EXPECT_NEAR(student_t(0.95, 4), 2.776, 5e-4);
    EXPECT_NEAR(student_t(0.99, 10), 3.169, 5e-4);
    EXPECT_NEAR(student_t(0.90, 30), 1.697, 5e-4);
    EXPECT_NEAR(student_t(0.95, 1e9), 1.960, 5e-4);
    EXPECT_NEAR(normal_quantile(0.975), 1.959964, 1e-6);
}

TEST(MedianInterval, IsOfOrderStatistics) {
    EXPECT_FALSE(median_with_interval(Values{1, 2, 3, 4, 5}).interval);  // covers 93.75 %
    const auto six = median_with_interval(Values{6, 1, 5, 2, 4, 3});     // 96.9 %
    EXPECT_DOUBLE_EQ(six.value, 3.5);
    ASSERT_TRUE(six.interval);
    EXPECT_DOUBLE_EQ(six.interval->low, 1);
    EXPECT_DOUBLE_EQ(six.interval->high, 6);
    Values twenty;
    for (int i = 1; i <= 20; ++i) twenty.push_back(i);
    const auto interval = *median_with_interval(twenty).interval;  // published: ranks 6 and 15
    EXPECT_DOUBLE_EQ(interval.low, 6);
    EXPECT_DOUBLE_EQ(interval.high, 15);
    EXPECT_FALSE(median_with_interval(Values{}).interval);
}

TEST(Objective, PassesAtNinetyNinePercentConfidence) {
    EXPECT_TRUE(objective_met(459, 0, 0.99));
    EXPECT_FALSE(objective_met(458, 0, 0.99));
    EXPECT_TRUE(objective_met(662, 1, 0.99));
    EXPECT_FALSE(objective_met(661, 1, 0.99));
    EXPECT_FALSE(objective_met(0, 0, 0.99));
    EXPECT_FALSE(objective_met(5, 5, 0.99));
    EXPECT_TRUE(objective_met(7, 0, 0.5));
    EXPECT_FALSE(objective_met(6, 0, 0.5));
}

TEST(TheilSen, IsSensExample) {
    // Sen 1968, section 6: slope 4, interval at 93 % from 3.71 to 4.38.
    const Values x{1, 2, 3, 4, 10, 12, 18};
    const Values y{9, 15, 19, 20, 45, 55, 78};
    const auto line = theil_sen(x, y, 0.93);
    ASSERT_TRUE(line);
    EXPECT_NEAR(line->slope, 4, 1e-9);
    EXPECT_NEAR(line->intercept, 4, 1e-9);
    EXPECT_NEAR(line->slope_interval.low, 3.71, 0.005);
    EXPECT_NEAR(line->slope_interval.high, 4.38, 0.005);
}

TEST(TheilSen, DoesNotMindOneOutlier) {
    Values x;
    Values y;
    for (int i = 0; i < 11; ++i) {
        x.push_back(i);
        y.push_back(3 * i + 2);
    }
    y[6] = 1e6;
    EXPECT_NEAR(theil_sen(x, y)->slope, 3, 1e-9);
    EXPECT_FALSE(theil_sen(Values{1, 1, 1}, Values{1, 2, 3}));
    EXPECT_FALSE(theil_sen(Values{1, 2}, Values{1, 2}));
    const auto flat = theil_sen(x, Values(11, 5.0));
    ASSERT_TRUE(flat);
    EXPECT_EQ(flat->slope, 0);
    EXPECT_TRUE(flat->slope_interval.contains(0));
}

TEST(TheilSen, CoversTheTrueSlope) {
    Rng rng(1);
    int covered = 0;
    for (int round = 0; round < 400; ++round) {
        Values x;
        Values y;
        for (int i = 0; i < 15; ++i) {
            x.push_back(i);
            y.push_back(2.0 * i + 3 * rng.normal());
        }
        covered += theil_sen(x, y)->slope_interval.contains(2) ? 1 : 0;
    }
    EXPECT_GE(covered, 400 * 92 / 100);
    EXPECT_LE(covered, 400 * 99 / 100);
}

TEST(LeastSquares, IsAnscombesFirstQuartet) {
    const Values x{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
    const Values y{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
    const auto line = least_squares(x, y);
    ASSERT_TRUE(line);
    EXPECT_NEAR(line->slope, 0.5000909, 1e-7);
    EXPECT_NEAR(line->intercept, 3.0000909, 1e-7);
    const double half = 2.262157 * 0.1179055;  // t at 9 degrees, the published standard error
    EXPECT_NEAR(line->slope_interval.low, 0.5000909 - half, 1e-5);
    EXPECT_NEAR(line->slope_interval.high, 0.5000909 + half, 1e-5);
    EXPECT_FALSE(least_squares(Values{1, 2}, Values{1, 2}));
    EXPECT_FALSE(least_squares(Values{1, 1, 1}, Values{1, 2, 3}));
}

TEST(DickeyFuller, CriticalValuesAreMacKinnons) {
    EXPECT_NEAR(dickey_fuller_critical_5(30), -2.9641, 5e-5);
    EXPECT_NEAR(dickey_fuller_critical_5(60), -2.9111, 5e-5);
    EXPECT_NEAR(dickey_fuller_critical_5(1'000'000'000), -2.86154, 1e-5);
}

TEST(DickeyFuller, TellsNoiseFromARandomWalk) {
    Rng rng(2);
    int noise_rejected = 0;
    int walk_rejected = 0;
    for (int round = 0; round < 400; ++round) {
        Values noise;
        Values walk{0};
        for (int i = 0; i < 60; ++i) {
            noise.push_back(rng.normal());
            walk.push_back(walk.back() + rng.normal());
        }
        noise_rejected += *dickey_fuller(noise) < dickey_fuller_critical_5(60) ? 1 : 0;
        walk_rejected += *dickey_fuller(walk) < dickey_fuller_critical_5(61) ? 1 : 0;
    }
    EXPECT_GE(noise_rejected, 400 * 95 / 100);
    EXPECT_LE(walk_rejected, 400 * 10 / 100);  // 5 % of them by chance
}

TEST(DickeyFuller, HasNoAnswerWithoutVariation) {
    EXPECT_FALSE(dickey_fuller(Values(50, 3.0)));
    EXPECT_FALSE(dickey_fuller(Values{1, 2, 1, 3}));
}

TEST(Trend, IsSeenByItsSlopeOrItsWandering) {
    Rng rng(3);
    Values noise;
    Values slope;
    for (int i = 0; i < 40; ++i) {
        noise.push_back(100 + rng.normal());
        slope.push_back(100 + 0.2 * i + rng.normal());
    }
    EXPECT_FALSE(has_trend(noise));
    EXPECT_TRUE(has_trend(slope));
    EXPECT_FALSE(has_trend(Values{}));
    EXPECT_EQ(thinned(Values{1, 3, 5, 7, 9}, 2), (Values{3}));
    EXPECT_EQ(thinned(Values{1, 3, 5, 7}, 2), (Values{2, 6}));
    EXPECT_EQ(thinned(Values{1, 3}, 5), (Values{1, 3}));
    EXPECT_TRUE(thinned(Values{}, 5).empty());
}

TEST(AndersonDarling, IsThePublishedFigure) {
    // Proschan 1963: intervals between failures of an aeroplane's air conditioning.
    const Values proschan{74, 57, 48, 29, 502, 12, 70, 21, 29, 386, 59, 27, 153, 26, 326};
    EXPECT_NEAR(*anderson_darling_exponential(proschan), 1.163271, 5e-7);
    Values grid;
    for (int i = 1; i <= 50; ++i) grid.push_back((i - 0.5) / 50);
    EXPECT_NEAR(*anderson_darling_exponential(grid), 2.945536, 5e-7);
    EXPECT_FALSE(anderson_darling_exponential(Values{1}));
    EXPECT_FALSE(anderson_darling_exponential(Values{1, -1}));
    EXPECT_EQ(*anderson_darling_exponential(Values{1, 0}), std::numeric_limits<double>::infinity());
}

TEST(AndersonDarling, RejectsOneExponentialSampleInTwenty) {
    Rng rng(6);
    int rejected = 0;
    for (int round = 0; round < 1000; ++round) {
        Values gaps;
        for (int i = 0; i < 200; ++i) gaps.push_back(0.01 * rng.exponential());
        rejected += *anderson_darling_exponential(gaps) * (1 + 0.6 / 200) > 1.341 ? 1 : 0;
    }
    EXPECT_GE(rejected, 30);
    EXPECT_LE(rejected, 70);
}

TEST(Bic, WeighsFitAgainstParameters) {
    EXPECT_NEAR(bic(10, 20, 2), 10 * std::log(2.0) + 2 * std::log(10.0), 1e-12);
    EXPECT_LT(bic(10, 20, 2), bic(10, 20, 3));
    EXPECT_LT(bic(10, 5, 3), bic(10, 20, 2));
}

}  // namespace
}  // namespace echotrio::loadgen
