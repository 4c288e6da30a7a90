// The Universal Scalability Law (Gunther, Guerrilla Capacity Planning, 2007):
//
//     X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)),   sigma >= 0, kappa >= 0
//
// fitted to measured throughput X at a mean number N of requests in flight (not of connections that
// are open). lambda: throughput of one alone; sigma: the share that queues for something held by
// one at a time (contention); kappa: what agreeing with each other costs (coherency). kappa = 0 is
// Amdahl's law, both 0 is linear. Pure.
#pragma once

#include "common/base/result.hpp"
#include "common/base/rng.hpp"
#include "loadgen/analysis/statistics.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace echotrio::loadgen {

struct UslParameters {
    double sigma = 0, kappa = 0, lambda = 0;

    double throughput(double n) const;
    // Where X is largest and what it is there; empty when it only grows (kappa = 0), or falls from
    // the start (sigma >= 1).
    std::optional<double> peak_n() const;
    // What X tends to with kappa = 0: lambda / sigma; empty when sigma = 0.
    std::optional<double> limit() const;
    // The N that gives throughput x, up to the peak; empty beyond it.
    std::optional<double> concurrency_at(double x) const;
    // By Little's law R = N / X: the N at which a request takes r; empty when even one takes
    // longer.
    std::optional<double> concurrency_at_time(double r) const;
};

struct ScalingPoint {
    double n = 0, x = 0;
    std::uint64_t repetition = 1;  // points of one repetition are resampled together
};

enum class ScalingModel { linear, amdahl, usl };
const char* name_of(ScalingModel model);

// One of the three models, fitted. Parameters that the model lacks are 0.
struct ScalingFit {
    ScalingModel model = ScalingModel::usl;
    UslParameters at;
    double rss = 0;  // residual sum of squares
    double bic = 0;
    bool sigma_at_bound = false, kappa_at_bound = false;
    // 95 %, by Student t with n - (free parameters) degrees of freedom, cut at the bound; empty for
    // what the model lacks or what is at its bound.
    std::optional<Bounds> sigma, kappa, lambda;
    std::vector<double> covariance;  // of the free parameters, row by row
    std::vector<int> free;           // which these are: 0 sigma, 1 kappa, 2 lambda
    double degrees = 0;
    double largest_n = 0;  // measured

    struct Prediction {
        double x = 0;
        std::optional<Bounds> interval;  // 95 % of the mean curve, by the delta method
        bool extrapolated = false;       // n > kExtrapolation x the largest measured N
    };
    Prediction predict(double n) const;
};

inline constexpr double kExtrapolation = 1.25;
inline constexpr std::size_t kDistinctN = 6;

struct ScalingStudy {
    ScalingFit full;                             // the bounded three-parameter fit
    ScalingFit linear, amdahl;                   // its rivals
    ScalingModel preferred = ScalingModel::usl;  // by BIC
    // Leaving out the largest N: how far the preferred model's prediction there is from what was
    // measured, as a share of it. Extrapolation is the question that a plan asks.
    std::optional<double> holdout_error;
    // 95 % percentile intervals of the three parameters over resampled repetitions; empty below
    // kRepetitions of them.
    std::optional<Bounds> bootstrap_sigma, bootstrap_kappa, bootstrap_lambda;
    std::size_t points = 0, distinct = 0, repetitions = 0;

    const ScalingFit& best() const;
};
inline constexpr std::size_t kRepetitions = 5;

// Error: fewer than 6 distinct N, or a value that is not above 0, with what to measure instead.
Result<ScalingStudy> study_scaling(std::span<const ScalingPoint> points, Rng rng);

}  // namespace echotrio::loadgen
