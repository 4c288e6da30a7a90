// Intervals that cover as often as they say, and comparisons that see no difference where none is.
#include "loadgen/analysis/bootstrap.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace echotrio::loadgen {
namespace {

using Values = std::vector<double>;

TEST(Bootstrap, OfAMeanIsNearTheTInterval) {
    Rng rng(1);
    Values sample;
    for (int i = 0; i < 40; ++i) sample.push_back(10 + rng.normal());
    const auto first_mean = [](const Samples& s) { return mean(s[0]); };
    const auto estimate = bootstrap({sample}, first_mean, Rng(2));
    const double half = student_t(0.95, 39) * std::sqrt(variance(sample) / 40);
    ASSERT_TRUE(estimate.interval);
    EXPECT_DOUBLE_EQ(estimate.value, mean(sample));
    EXPECT_NEAR(estimate.interval->low, mean(sample) - half, 0.1 * half);
    EXPECT_NEAR(estimate.interval->high, mean(sample) + half, 0.1 * half);
}

TEST(Bootstrap, RepeatsWithItsSeed) {
    const Values a{1.0, 1.2, 0.9, 1.1, 1.05};
    const Values b{2.0, 2.1, 1.8, 2.2, 2.05};
    const auto once = ratio_of_medians(a, b, Rng(7));
    const auto again = ratio_of_medians(a, b, Rng(7));
    EXPECT_EQ(once.value, again.value);
    EXPECT_EQ(once.interval->low, again.interval->low);
    EXPECT_EQ(once.interval->high, again.interval->high);
}

TEST(Bootstrap, DoesNotGuess) {
    EXPECT_FALSE(ratio_of_medians(Values{1}, Values{1, 2}, Rng(1)).interval);
    EXPECT_EQ(ratio_of_medians(Values{}, Values{1, 2}, Rng(1)).value, 0);
    EXPECT_EQ(ratio_of_medians(Values{1, 2}, Values{0, 0}, Rng(1)).value, 0);
    const auto no_number = [](const Samples&) -> double { return NAN; };
    const auto never = bootstrap({Values{1, 2, 3}}, no_number, Rng(1));
    EXPECT_FALSE(never.interval);
}

struct Noise {
    std::string name;
    double (*draw)(Rng&);
};

class AgainstItself : public testing::TestWithParam<std::tuple<Noise, int>> {};

// The same program twice, with as many repetitions as experiments have.
TEST_P(AgainstItself, NoDifferenceAtLeastNinetyFiveTimesInAHundred) {
    constexpr int kRounds = 500;
    const auto& [noise, repetitions] = GetParam();
    Rng rng(11);
    int none = 0;
    for (int round = 0; round < kRounds; ++round) {
        Values a;
        Values b;
        for (int i = 0; i < repetitions; ++i) {
            a.push_back(noise.draw(rng));
            b.push_back(noise.draw(rng));
        }
        const auto ratio = ratio_of_medians(a, b, rng.split(static_cast<std::uint64_t>(round)));
        none += ratio.interval->contains(1) ? 1 : 0;
    }
    EXPECT_GE(none, kRounds * 95 / 100);
    EXPECT_LE(none, kRounds * 99 / 100);  // wider than that sees nothing at all
}

INSTANTIATE_TEST_SUITE_P(
    Noise, AgainstItself,
    testing::Combine(
        testing::Values(
            Noise{"normal", [](Rng& r) { return 40'000 + 400 * r.normal(); }},
            Noise{"skewed", [](Rng& r) { return 40'000 * std::exp(-0.1 * r.exponential()); }},
            Noise{"wide", [](Rng& r) { return std::exp(0.5 * r.normal()); }},
            Noise{"two_modes",
                  [](Rng& r) { return (r.below(4) == 0 ? 900 : 1000) + 5 * r.normal(); }}),
        testing::Values(3, 5, 7)),
    [](const auto& shape) {
        return std::get<0>(shape.param).name + std::to_string(std::get<1>(shape.param));
    });

TEST(Ratio, SeesAndCoversARealDifference) {
    Rng rng(12);
    int seen = 0;
    int covered = 0;
    for (int round = 0; round < 300; ++round) {
        Values a;
        Values b;
        for (int i = 0; i < 5; ++i) {
            a.push_back(1.42 * (1 + 0.02 * rng.normal()));
            b.push_back(1 + 0.02 * rng.normal());
        }
        const auto ratio = ratio_of_medians(a, b, rng.split(static_cast<std::uint64_t>(round)));
        seen += ratio.interval->low > 1 ? 1 : 0;
        covered += ratio.interval->contains(1.42) ? 1 : 0;
    }
    EXPECT_EQ(seen, 300);
    EXPECT_GE(covered, 300 * 94 / 100);
}

}  // namespace
}  // namespace echotrio::loadgen
