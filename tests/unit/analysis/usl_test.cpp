// The scaling law against published fits, planted parameters and its own inverse.
#include "loadgen/analysis/usl.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

namespace echotrio::loadgen {
namespace {

using Points = std::vector<ScalingPoint>;

Points read_points(const std::string& name) {
    std::ifstream file(std::string(ECHOTRIO_TEST_DATA) + "/usl/" + name);
    Points points;
    std::string line;
    std::getline(file, line);
    EXPECT_EQ(line, "n,x");
    char comma = 0;
    ScalingPoint point;
    while (file >> point.n >> comma >> point.x) points.push_back(point);
    EXPECT_FALSE(points.empty());
    return points;
}

ScalingStudy study(const Points& points) {
    auto result = study_scaling(points, Rng(1));
    EXPECT_TRUE(result.ok());
    return std::move(*result);
}

TEST(Usl, FitsTheRaytracer) {
    const ScalingStudy s = study(read_points("raytracer.csv"));
    EXPECT_NEAR(s.full.at.sigma, 0.05777078, 5e-8);
    EXPECT_EQ(s.full.at.kappa, 0);
    EXPECT_TRUE(s.full.kappa_at_bound);
    EXPECT_FALSE(s.full.sigma_at_bound);
    EXPECT_NEAR(s.full.at.lambda, 21.84884, 5e-5);
    EXPECT_NEAR(s.full.rss, 697.2378, 5e-4);
    EXPECT_FALSE(s.full.kappa);  // at its bound there is no standard error
    EXPECT_TRUE(s.full.sigma);
    EXPECT_FALSE(s.full.at.peak_n());
    EXPECT_NEAR(s.full.predict(96).x, 323.3, 0.05);
    EXPECT_NEAR(s.full.predict(128).x, 335.5, 0.05);
    EXPECT_TRUE(s.full.predict(96).extrapolated);
    EXPECT_FALSE(s.full.predict(80).extrapolated);  // 1.25 x 64
    EXPECT_EQ(s.preferred, ScalingModel::amdahl);
    EXPECT_EQ(s.amdahl.at.kappa, 0);
    EXPECT_NEAR(s.amdahl.at.sigma, s.full.at.sigma, 1e-9);
}

TEST(Usl, FitsTheRaytracersFirstSix) {
    Points points = read_points("raytracer.csv");
    const double measured_later = points.back().x;
    points.resize(6);
    const ScalingStudy s = study(points);
    EXPECT_NEAR(s.full.at.sigma, 0.02444404, 5e-8);
    EXPECT_NEAR(s.full.at.kappa, 0.00162680928, 5e-11);
    EXPECT_NEAR(s.full.at.lambda, 20.8560453, 5e-6);
    const double peak = s.full.at.throughput(*s.full.at.peak_n());
    EXPECT_NEAR(peak, 203.49, 0.005);
    EXPECT_LT(peak, measured_later);  // which is why extrapolation is marked
    EXPECT_TRUE(s.full.predict(64).extrapolated);
}

TEST(Usl, FitsSpecSdm) {
    const ScalingStudy s = study(read_points("specsdm91.csv"));
    EXPECT_NEAR(s.full.at.sigma, 0.02772848, 5e-8);
    EXPECT_NEAR(s.full.at.kappa, 1.04365484e-4, 5e-12);
    EXPECT_NEAR(s.full.at.lambda, 89.99523, 5e-5);
    EXPECT_NEAR(*s.full.at.peak_n(), 96.52, 0.005);
    EXPECT_NEAR(s.full.at.throughput(*s.full.at.peak_n()), 1884, 0.5);
    EXPECT_NEAR(*s.full.at.limit(), 3245.589, 0.005);
    EXPECT_NEAR(s.full.sigma->low, 0.00240, 5e-6);
    EXPECT_NEAR(s.full.sigma->high, 0.05305, 1e-5);
    EXPECT_NEAR(s.full.kappa->low, 4.918e-5, 5e-9);
    EXPECT_NEAR(s.full.kappa->high, 1.5955e-4, 5e-9);
    EXPECT_NEAR(s.full.lambda->low, 50.53, 0.005);
    EXPECT_NEAR(s.full.lambda->high, 129.46, 0.005);
    EXPECT_EQ(s.preferred, ScalingModel::usl);
    ASSERT_TRUE(s.holdout_error);
    EXPECT_LT(std::abs(*s.holdout_error), 0.2);
}

TEST(Usl, InvertsItself) {
    const UslParameters p{0.0277, 1.0437e-4, 89.995};
    for (double n = 0.5; n < *p.peak_n(); n += 0.75) {
        const double x = p.throughput(n);
        EXPECT_NEAR(*p.concurrency_at(x), n, 1e-6 * n);
        EXPECT_NEAR(*p.concurrency_at_time(n / x), n, 1e-6 * n);
    }
    const double peak = p.throughput(*p.peak_n());
    EXPECT_FALSE(p.concurrency_at(peak * 1.0001));
    EXPECT_TRUE(p.concurrency_at(peak * 0.9999));
    EXPECT_FALSE(p.concurrency_at(0));
    EXPECT_FALSE(p.concurrency_at_time(0.5 / p.lambda));
    const UslParameters linear{0, 0, 10};
    EXPECT_NEAR(*linear.concurrency_at(50), 5, 1e-12);
    EXPECT_FALSE(linear.limit());
    EXPECT_FALSE(linear.peak_n());
    const UslParameters amdahl{0.1, 0, 10};
    EXPECT_NEAR(*amdahl.limit(), 100, 1e-12);
    EXPECT_FALSE(amdahl.concurrency_at(100.001));
    EXPECT_NEAR(*amdahl.concurrency_at_time(amdahl.concurrency_at(70).value() / 70),
                *amdahl.concurrency_at(70), 1e-9);
    EXPECT_NEAR(amdahl.throughput(*amdahl.concurrency_at(99)), 99, 1e-9);
}

TEST(Usl, ChoosesTheModelThatMadeTheData) {
    Rng rng(3);
    const auto made = [&](const UslParameters& p) {
        Points points;
        for (const double n : {1, 2, 4, 8, 16, 32, 64, 128}) {
            for (std::uint64_t r = 1; r <= 5; ++r) {
                points.push_back({n, p.throughput(n) + 20 * rng.normal(), r});
            }
        }
        return study(points).preferred;
    };
    EXPECT_EQ(made({0, 0, 100}), ScalingModel::linear);
    EXPECT_EQ(made({0.05, 0, 1000}), ScalingModel::amdahl);
    EXPECT_EQ(made({0.02, 0.0005, 1000}), ScalingModel::usl);
}

TEST(Usl, FitsExactData) {
    const UslParameters p{0.03, 2e-4, 100};
    Points points;
    for (const double n : {1, 2, 4, 8, 16, 32, 64}) points.push_back({n, p.throughput(n)});
    const ScalingStudy s = study(points);
    EXPECT_NEAR(s.full.at.sigma, 0.03, 1e-9);
    EXPECT_NEAR(s.full.at.kappa, 2e-4, 1e-11);
    EXPECT_NEAR(s.full.at.lambda, 100, 1e-6);
    EXPECT_EQ(s.preferred, ScalingModel::usl);
    EXPECT_NEAR(*s.holdout_error, 0, 1e-6);
    Points straight;
    for (const double n : {1, 2, 4, 8, 16, 32}) straight.push_back({n, 7 * n});
    EXPECT_EQ(study(straight).preferred, ScalingModel::linear);
}

TEST(Usl, RecoversPlantedParameters) {
    constexpr int kRounds = 400;
    const UslParameters truth{0.02, 2e-4, 1000};
    Rng rng(4);
    int sigma = 0;
    int kappa = 0;
    int lambda = 0;
    int curve = 0;
    for (int round = 0; round < kRounds; ++round) {
        Points points;
        for (const double n : {1, 2, 4, 8, 16, 32, 64, 128, 192}) {
            points.push_back({n, truth.throughput(n) + 150 * rng.normal()});
        }
        const ScalingStudy s = study(points);
        sigma += s.full.sigma && s.full.sigma->contains(truth.sigma) ? 1 : 0;
        kappa += s.full.kappa && s.full.kappa->contains(truth.kappa) ? 1 : 0;
        lambda += s.full.lambda && s.full.lambda->contains(truth.lambda) ? 1 : 0;
        curve += s.full.predict(100).interval->contains(truth.throughput(100)) ? 1 : 0;
    }
    for (const int covered : {sigma, kappa, lambda, curve}) {
        EXPECT_GE(covered, kRounds * 92 / 100);
        EXPECT_LE(covered, kRounds * 98 / 100);
    }
}

TEST(Usl, ResamplesWholeRepetitions) {
    const UslParameters truth{0.02, 2e-4, 1000};
    Rng rng(5);
    Points points;
    for (std::uint64_t r = 1; r <= 8; ++r) {
        const double whole = 1 + 0.03 * rng.normal();  // the machine's mood, one repetition long
        for (const double n : {1, 2, 4, 8, 16, 32, 64, 128}) {
            points.push_back({n, whole * truth.throughput(n) + 20 * rng.normal(), r});
        }
    }
    const ScalingStudy s = study(points);
    EXPECT_EQ(s.repetitions, 8U);
    ASSERT_TRUE(s.bootstrap_lambda);
    EXPECT_TRUE(s.bootstrap_lambda->contains(truth.lambda));
    EXPECT_TRUE(s.bootstrap_kappa->contains(truth.kappa));
    EXPECT_TRUE(s.bootstrap_sigma->contains(truth.sigma));
    for (ScalingPoint& point : points) point.repetition = point.repetition % 4;
    EXPECT_FALSE(study(points).bootstrap_lambda);  // four are too few
}

TEST(Usl, RefusesWithTheReason) {
    Points points;
    for (const double n : {1, 2, 4, 8, 16, 16, 1}) points.push_back({n, 10 * n});
    const auto few = study_scaling(points, Rng(1));
    ASSERT_FALSE(few.ok());
    EXPECT_EQ(few.error().message,
              "a scaling fit needs at least 6 distinct concurrencies, got 5: measure at more of "
              "them, up to where throughput bends");
    points.push_back({32, 0});
    EXPECT_FALSE(study_scaling(points, Rng(1)).ok());
    points.back() = {-1, 5};
    EXPECT_FALSE(study_scaling(points, Rng(1)).ok());
    points.back() = {NAN, 5};
    EXPECT_FALSE(study_scaling(points, Rng(1)).ok());
}

TEST(Usl, SurvivesOddData) {
    Rng rng(6);
    for (int round = 0; round < 300; ++round) {
        Points points;
        for (int i = 0; i < 8; ++i) {
            points.push_back({1 + 100 * rng.uniform(), std::exp(12 * rng.normal())});
        }
        const auto result = study_scaling(points, Rng(1));
        ASSERT_TRUE(result.ok());
        EXPECT_GE(result->full.at.sigma, 0);
        EXPECT_GE(result->full.at.kappa, 0);
        EXPECT_LE(result->full.rss, result->amdahl.rss * (1 + 1e-9));
        EXPECT_LE(result->amdahl.rss, result->linear.rss * (1 + 1e-9));
    }
}

}  // namespace
}  // namespace echotrio::loadgen
