// Intervals of ratios that cover as often as they say, and comparisons that see no difference where
// none is.
#include "loadgen/analysis/ratio.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <utility>

namespace echotrio::loadgen {
namespace {

using Values = std::vector<double>;

TEST(Ratio, IsTheGeometricMeanOfTheRounds) {
    const auto ratio = Ratio::paired(Values{2, 8}, Values{1, 1}, Rng(1));
    ASSERT_TRUE(ratio);
    EXPECT_NEAR(ratio->value(), 4, 1e-12);
    EXPECT_EQ(ratio->rounds(), 2U);
    // By hand: log 2 and log 8, t of one degree of freedom.
    const double half = 12.706 * std::log(2.0);
    EXPECT_NEAR(std::log(ratio->interval()->high), std::log(4.0) + half, 1e-3);
    EXPECT_NEAR(*ratio->p_value(), 2 / 3.141592653589793 * std::atan(0.5), 1e-9);
}

TEST(Ratio, DoesNotGuess) {
    const auto once = Ratio::paired(Values{1.5}, Values{1}, Rng(1));
    ASSERT_TRUE(once);
    EXPECT_FALSE(once->interval());
    EXPECT_FALSE(once->p_value());
    EXPECT_FALSE(Ratio::paired(Values{}, Values{}, Rng(1)));
    EXPECT_FALSE(Ratio::paired(Values{1, 0}, Values{1, 1}, Rng(1)));
    EXPECT_FALSE(Ratio::unpaired(Values{1, 2}, Values{}));
    EXPECT_FALSE(Ratio::unpaired(Values{1}, Values{2, 3})->interval());
}

TEST(Ratio, WithoutAnySpreadIsExact) {
    const auto same = Ratio::paired(Values{2, 2}, Values{2, 2}, Rng(1));
    EXPECT_EQ(same->p_value(), 1);
    EXPECT_TRUE(same->interval()->contains(1));
    const auto twice = Ratio::paired(Values{2, 2}, Values{1, 1}, Rng(1));
    EXPECT_EQ(twice->p_value(), 0);
    EXPECT_GT(twice->interval()->low, 1.99);
}

TEST(Ratio, RepeatsWithItsSeed) {
    Values a, b;
    Rng rng(3);
    for (std::size_t i = 0; i < kManyRounds; ++i) {
        a.push_back(1 + 0.1 * rng.uniform());
        b.push_back(1 + 0.1 * rng.uniform());
    }
    const auto once = Ratio::paired(a, b, Rng(7)), again = Ratio::paired(a, b, Rng(7));
    EXPECT_EQ(once->interval()->low, again->interval()->low);
    EXPECT_EQ(once->p_value(), again->p_value());
}

// What a round was like cancels out; apart it would drown the difference.
TEST(Ratio, KeepsThePairing) {
    Rng rng(4);
    Values a, b;
    for (int round = 0; round < 5; ++round) {
        const double weather = std::exp(rng.normal());
        a.push_back(1.1 * weather * (1 + 0.01 * rng.normal()));
        b.push_back(weather * (1 + 0.01 * rng.normal()));
    }
    EXPECT_LT(*Ratio::paired(a, b, Rng(1))->p_value(), 0.001);
    EXPECT_GT(*Ratio::unpaired(a, b)->p_value(), 0.5);
}

// Whoever reads the interval and whoever reads the p value are told the same.
TEST(Ratio, IntervalAndPValueAgreeAtEveryLevel) {
    Rng rng(5);
    for (int trial = 0; trial < 60; ++trial) {
        const std::size_t rounds = 2 + static_cast<std::size_t>(rng.below(2 * kManyRounds));
        Values a, b;
        for (std::size_t i = 0; i < rounds; ++i) {
            a.push_back(std::exp(0.1 + 0.2 * rng.exponential()));
            b.push_back(std::exp(0.2 * rng.normal()));
        }
        for (const auto& ratio : {Ratio::paired(a, b, rng.split(rounds)), Ratio::unpaired(a, b)}) {
            for (const double alpha : {0.5, 0.05, 0.01, 1e-3, 1e-5, 1e-9}) {
                EXPECT_EQ(*ratio->p_value() <= alpha, !ratio->interval(alpha)->contains(1))
                    << rounds << " rounds, p " << *ratio->p_value() << ", alpha " << alpha;
            }
        }
    }
}

struct Noise {
    std::string name;
    double (*draw)(Rng&);
};

class Coverage : public testing::TestWithParam<std::tuple<Noise, int>> {};

// A ratio of 1.42 in rounds that are themselves fast or slow, with as many of them as experiments
// have.
TEST_P(Coverage, IsNinetyFiveOfAHundred) {
    const auto& [noise, rounds] = GetParam();
    constexpr double kTrue = 1.42;
    const bool resampled = rounds >= static_cast<int>(kManyRounds);
    const int experiments = resampled ? 600 : 4000;
    Rng rng(11);
    int covered = 0;
    for (int i = 0; i < experiments; ++i) {
        Values a, b;
        for (int round = 0; round < rounds; ++round) {
            const double weather = std::exp(0.3 * rng.normal());
            a.push_back(kTrue * weather * noise.draw(rng));
            b.push_back(weather * noise.draw(rng));
        }
        const auto ratio = Ratio::paired(a, b, rng.split(static_cast<std::uint64_t>(i)));
        covered += ratio->interval()->contains(kTrue) ? 1 : 0;
    }
    // Two standard errors of the simulation itself.
    const double error = 2 * std::sqrt(0.05 * 0.95 / experiments);
    EXPECT_GE(covered, experiments * (0.945 - error));
    EXPECT_LE(covered, experiments * 0.99);  // wider than that sees nothing at all
}

INSTANTIATE_TEST_SUITE_P(
    Noise, Coverage,
    testing::Combine(
        testing::Values(
            Noise{"normal", [](Rng& r) { return 40'000 + 400 * r.normal(); }},
            Noise{"skewed", [](Rng& r) { return 40'000 * std::exp(-0.1 * r.exponential()); }},
            Noise{"wide", [](Rng& r) { return std::exp(0.5 * r.normal()); }},
            Noise{"two_modes",
                  [](Rng& r) { return (r.below(4) == 0 ? 900 : 1000) + 5 * r.normal(); }}),
        testing::Values(3, 5, 8, 25)),
    [](const auto& shape) {
        return std::get<0>(shape.param).name + std::to_string(std::get<1>(shape.param));
    });

}  // namespace
}  // namespace echotrio::loadgen
