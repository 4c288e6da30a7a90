// Many comparisons at once, and experiments that end when their intervals are narrow: what is
// called a difference is one, and intervals cover as often as they say.
#include "loadgen/analysis/discoveries.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace echotrio::loadgen {
namespace {

using Values = std::vector<double>;

// The example of Benjamini and Hochberg (1995), table 1: 15 p values, four of which are discoveries
// at 5 %, where Bonferroni's rule has three.
const Values kExample{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                      0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};

TEST(Discoveries, OfThePublishedExample) {
    const Discoveries found = discoveries(kExample);
    EXPECT_EQ(found.compared, 15U);
    EXPECT_EQ(found.differences, 4U);
    EXPECT_DOUBLE_EQ(found.alpha, 4 * 0.05 / 15);
    EXPECT_TRUE(found.is_difference(0.0095));
    EXPECT_FALSE(found.is_difference(0.0201));
}

TEST(Discoveries, AdjustedPValuesSayTheSame) {
    const Values raised = adjusted(kExample);
    EXPECT_NEAR(raised[0], 0.0015, 1e-9);
    EXPECT_NEAR(raised[3], 0.035625, 1e-9);
    EXPECT_NEAR(raised[4], 0.0603, 1e-9);
    EXPECT_EQ(raised[14], 1);
    EXPECT_TRUE(std::is_sorted(raised.begin(), raised.end()));
    Values turned(kExample.rbegin(), kExample.rend());
    const Values again = adjusted(turned);
    EXPECT_TRUE(std::equal(again.begin(), again.end(), raised.rbegin()));
}

TEST(Discoveries, OfNothingAndOfOne) {
    EXPECT_EQ(discoveries(Values{}).compared, 0U);
    EXPECT_FALSE(discoveries(Values{}).is_difference(0));
    EXPECT_DOUBLE_EQ(discoveries(Values{0.04}).alpha, 0.05);
    EXPECT_EQ(discoveries(Values{0.06}).differences, 0U);
    EXPECT_FALSE(discoveries(Values{0.06}).is_difference(0.01)) << "none was found";
}

// One report: three servers at many levels, each pair compared, so that the comparisons of a level
// hang together. In a part of the levels nothing differs.
struct Report {
    std::vector<Ratio> ratios;
    std::vector<double> truth;  // logarithms
};

Report simulate(Rng& rng, int levels, int equal_levels, int rounds) {
    constexpr double kNoise = 0.05;
    Report report;
    for (int level = 0; level < levels; ++level) {
        double effects[3] = {0, 0, 0};
        if (level >= equal_levels) {
            for (double& effect : effects) effect = 0.06 * rng.normal();
        }
        std::vector<Values> servers(3);
        for (int round = 0; round < rounds; ++round) {
            const double weather = 0.3 * rng.normal();
            for (std::size_t s = 0; s < 3; ++s) {
                servers[s].push_back(std::exp(weather + effects[s] + kNoise * rng.normal()));
            }
        }
        for (const auto& [a, b] : {std::pair(0, 1), {0, 2}, {1, 2}}) {
            report.ratios.push_back(*Ratio::paired(servers[static_cast<std::size_t>(a)],
                                                   servers[static_cast<std::size_t>(b)], rng));
            report.truth.push_back(effects[a] - effects[b]);
        }
    }
    return report;
}

class Reports : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(Reports, HoldTheFalseDiscoveryRateAndTheCoverageOfWhatTheyName) {
    constexpr int kReports = 600, kLevels = 20;
    const auto& [equal_levels, rounds] = GetParam();
    Rng rng(21);
    double false_share = 0, uncovered_share = 0, square = 0;
    for (int i = 0; i < kReports; ++i) {
        const Report report = simulate(rng, kLevels, equal_levels, rounds);
        Values p_values;
        for (const Ratio& ratio : report.ratios) p_values.push_back(*ratio.p_value());
        const Discoveries found = discoveries(p_values);
        double named = 0, wrong = 0, uncovered = 0;
        for (std::size_t k = 0; k < report.ratios.size(); ++k) {
            const Bounds interval = *report.ratios[k].interval(found.alpha);
            ASSERT_EQ(found.is_difference(p_values[k]),
                      found.differences > 0 && !interval.contains(1));
            if (!found.is_difference(p_values[k])) continue;
            ++named;
            wrong += report.truth[k] == 0 ? 1 : 0;
            uncovered += interval.contains(std::exp(report.truth[k])) ? 0 : 1;
        }
        EXPECT_EQ(named, static_cast<double>(found.differences));
        false_share += named > 0 ? wrong / named : 0;
        uncovered_share += named > 0 ? uncovered / named : 0;
        square += named > 0 ? (wrong / named) * (wrong / named) : 0;
    }
    const double rate = false_share / kReports;
    const double error = std::sqrt((square / kReports - rate * rate) / kReports);
    EXPECT_LE(rate, kFalseDiscoveryRate + 2 * error);
    EXPECT_LE(uncovered_share / kReports, 0.05 + 2 * std::max(error, 0.005));
}

INSTANTIATE_TEST_SUITE_P(SharesThatAreEqual, Reports,
                         testing::Combine(testing::Values(0, 10, 20), testing::Values(3, 5, 10)));

class Sequential : public testing::TestWithParam<double> {};

// Rounds until the interval is narrow, as --precision asks for it; the same ratio of spread and
// precision at which stopping at the first narrow look covers least, and others around it.
TEST_P(Sequential, IntervalsCoverAlsoWhenTheyDecideHowManyRoundsThereAre) {
    constexpr int kExperiments = 2500;
    constexpr std::size_t kLeast = 8, kMost = 100;  // rounds
    constexpr double kTrue = 1.3, kPrecision = 0.05;
    const double noise = std::log(1 + kPrecision) / GetParam();
    Rng rng(31);
    int covered = 0;
    for (int i = 0; i < kExperiments; ++i) {
        Values a, b;
        while (a.size() < kMost) {
            const double weather = std::exp(0.3 * rng.normal());
            a.push_back(kTrue * weather * std::exp(noise * rng.normal()));
            b.push_back(weather);
            if (a.size() >= kLeast && is_narrow(a, b, kPrecision)) break;
        }
        covered += Ratio::paired(a, b, rng)->interval()->contains(kTrue) ? 1 : 0;
    }
    const double error = std::sqrt(0.05 * 0.95 / kExperiments);  // of the simulation itself
    EXPECT_GE(covered, kExperiments * (0.93 - error));
    EXPECT_LE(covered, kExperiments * (0.97 + error));
}

INSTANTIATE_TEST_SUITE_P(PrecisionOverSpread, Sequential, testing::Values(0.5, 0.6, 0.7, 1.0, 2.5));

TEST(Narrow, IsNotALuckyLook) {
    const Values one(8, 1.0);
    Values steady{1.30, 1.31, 1.29, 1.30, 1.31, 1.29, 1.30, 1.31};
    EXPECT_TRUE(is_narrow(steady, one, 0.05));
    EXPECT_FALSE(is_narrow(steady, one, 0.001));
    EXPECT_FALSE(is_narrow(Values{1.3, 1.3, 1.3}, Values{1, 1, 1}, 0.05)) << "too few looks";
    Values settling{0.5, 2.0, 1.3, 1.3, 1.3, 1.3, 1.3, 1.3};
    EXPECT_FALSE(is_narrow(settling, one, 0.05));
}

}  // namespace
}  // namespace echotrio::loadgen
