// The judge of the fidelity tests, by simulation: how often it is wrong about processes whose
// distributions are known.
#include "tests/fidelity/agreement.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace echotrio::fidelity {
namespace {

constexpr int kTrials = 2000;
constexpr int kMostRounds = 40;

double normal(Rng& rng) {
    const double u = 1 - rng.uniform();  // > 0
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * rng.uniform());
}

// A process has a pace of its own, and its waits are whole numbers of intervals beside it: each may
// be followed by another with the probability `again`.
double process_figure(Rng& rng, double level, double spread, double again) {
    const double pace = level * std::exp(spread * normal(rng));
    std::vector<double> waits;
    for (int i = 0; i < 10; ++i) {
        double intervals = 1;
        while (rng.uniform() < again) ++intervals;
        waits.push_back(pace * intervals);
    }
    return geometric_mean(waits);
}

struct Shares {
    double yes = 0, no = 0, open = 0;
};

// As the tests do it: a look after every round until it is settled or there are no more rounds.
Shares judged(double ours_over_theirs, double spread, double again = 0.3) {
    Rng rng(20261126);
    Shares shares;
    for (int trial = 0; trial < kTrials; ++trial) {
        Comparison comparison;
        for (int round = 0; round < kMostRounds && comparison.state() == Agreement::open; ++round) {
            const double ours = process_figure(rng, ours_over_theirs, spread, again);
            comparison.add(ours, process_figure(rng, 1, spread, again));
        }
        const Agreement state = comparison.state();
        (state == Agreement::yes  ? shares.yes
         : state == Agreement::no ? shares.no
                                  : shares.open) += 1.0 / kTrials;
    }
    return shares;
}

class Spread : public testing::TestWithParam<double> {};

TEST_P(Spread, OfTheSameDistributionItHardlyEverSaysDisagree) {
    const Shares shares = judged(1, GetParam());
    EXPECT_LE(shares.no, 0.01);
    EXPECT_GE(shares.yes + shares.open, 0.99);
}

TEST_P(Spread, OfThirtyPercentApartItNeverSaysAgree) {
    EXPECT_EQ(judged(1.3, GetParam()).yes, 0);
    EXPECT_EQ(judged(1 / 1.3, GetParam()).yes, 0);
}

INSTANTIATE_TEST_SUITE_P(Agreement, Spread, testing::Values(0.0, 0.02, 0.1, 0.3));

TEST(Agreement, IsFoundWhereProcessesHardlyDiffer) {
    EXPECT_GE(judged(1, 0.05, 0).yes, 0.99);
    EXPECT_GE(judged(1.3, 0.05, 0).no, 0.99);
    EXPECT_GE(judged(1.5, 0.05).no, 0.9);
}

TEST(Agreement, FewRoundsSettleNothing) {
    Comparison comparison;
    for (std::size_t i = 0; i + 1 < Comparison::kLeast; ++i) {
        comparison.add(1, 1);
        EXPECT_EQ(comparison.state(), Agreement::open);
    }
    comparison.add(1, 1);
    EXPECT_EQ(comparison.state(), Agreement::yes);
}

TEST(Agreement, TheIntervalIsStudents) {
    Comparison comparison({0.5, 2});
    for (const double log_ratio : {-0.1, 0.0, 0.1, -0.2, 0.0, 0.2}) {
        comparison.add(std::exp(log_ratio), 1);
    }
    // mean 0, standard error sqrt(0.02 / 6), t(0.99; 5) = 4.0321: +-0.2328
    EXPECT_EQ(comparison.words(),
              "ratio 1.000 (99 % interval 0.792 to 1.262 from 6 rounds), the band is 0.50 to 2.00");
    EXPECT_EQ(comparison.state(), Agreement::yes);
}

TEST(Agreement, TheResolutionWidensTheBandByItself) {
    // the band's ends: 1.1 x 2 + 0.5 and 0.9 x 2 - 0.5
    for (const auto& [ours, state] : {std::pair{2.69, Agreement::yes},
                                      {2.71, Agreement::no},
                                      {1.31, Agreement::yes},
                                      {1.29, Agreement::no}}) {
        Comparison comparison({0.9, 1.1, 0.5});
        for (std::size_t i = 0; i < Comparison::kLeast; ++i) comparison.add(ours, 2);
        EXPECT_EQ(comparison.state(), state) << ours;
    }
}

}  // namespace
}  // namespace echotrio::fidelity
