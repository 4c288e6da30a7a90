#include "loadgen/analysis/usl.hpp"

#include "common/base/check.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace echotrio::loadgen {
namespace {

using Point3 = std::array<double, 3>;  // sigma, kappa, lambda
constexpr int kSigma = 0;
constexpr int kKappa = 1;
constexpr int kLambda = 2;

double denominator(const Point3& p, double n) {
    return 1 + p[kSigma] * (n - 1) + p[kKappa] * n * (n - 1);
}

Point3 gradient(const Point3& p, double n) {
    const double d = denominator(p, n);
    const double by_denominator = -p[kLambda] * n / (d * d);
    return {by_denominator * (n - 1), by_denominator * n * (n - 1), n / d};
}

double residuals(std::span<const ScalingPoint> points, const Point3& p) {
    double sum = 0;
    for (const ScalingPoint& point : points) {
        const double d = denominator(p, point.n);
        if (!(d > 0)) return std::numeric_limits<double>::infinity();
        const double rest = point.x - p[kLambda] * point.n / d;
        sum += rest * rest;
    }
    return sum;
}

// The best lambda for given sigma and kappa: the model is linear in it.
double best_lambda(std::span<const ScalingPoint> points, const Point3& p) {
    double xy = 0;
    double yy = 0;
    for (const ScalingPoint& point : points) {
        const double y = point.n / denominator(p, point.n);
        xy += point.x * y;
        yy += y * y;
    }
    return xy / yy;
}

struct Normal {
    Eigen::MatrixXd matrix;
    Eigen::VectorXd slope;
};

Normal normal_equations(std::span<const ScalingPoint> points, const Point3& p,
                        const std::vector<int>& free) {
    const auto size = static_cast<Eigen::Index>(free.size());
    Normal normal{Eigen::MatrixXd::Zero(size, size), Eigen::VectorXd::Zero(size)};
    for (const ScalingPoint& point : points) {
        const Point3 g = gradient(p, point.n);
        const double rest = point.x - p[kLambda] * point.n / denominator(p, point.n);
        for (Eigen::Index i = 0; i < size; ++i) {
            const double gi = g[static_cast<std::size_t>(free[static_cast<std::size_t>(i)])];
            normal.slope(i) += gi * rest;
            for (Eigen::Index k = 0; k < size; ++k) {
                normal.matrix(i, k) +=
                    gi * g[static_cast<std::size_t>(free[static_cast<std::size_t>(k)])];
            }
        }
    }
    return normal;
}

// Levenberg and Marquardt over the free parameters, the others staying 0. Parameters may leave the
// bounds: who asks for a bounded fit compares the faces.
Point3 minimise(std::span<const ScalingPoint> points, Point3 p, const std::vector<int>& free) {
    double damping = 1e-3;
    double rss = residuals(points, p);
    for (int step = 0; step < 500 && damping < 1e15; ++step) {
        const Normal normal = normal_equations(points, p, free);
        Eigen::MatrixXd matrix = normal.matrix;
        matrix.diagonal() *= 1 + damping;
        const Eigen::VectorXd move = matrix.ldlt().solve(normal.slope);
        Point3 next = p;
        for (std::size_t i = 0; i < free.size(); ++i) {
            next[static_cast<std::size_t>(free[i])] += move(static_cast<Eigen::Index>(i));
        }
        const double next_rss = residuals(points, next);
        if (!(next_rss < rss)) {
            damping *= 10;
            continue;
        }
        const bool settled = rss - next_rss <= 1e-15 * rss;
        p = next;
        rss = next_rss;
        damping = std::max(damping / 10, 1e-12);
        if (settled) break;
    }
    return p;
}

// A start from n / x = (1 + sigma (n - 1) + kappa n (n - 1)) / lambda, which is linear in what is
// sought and so has one solution.
Point3 start(std::span<const ScalingPoint> points, const std::vector<int>& free) {
    const auto rows = static_cast<Eigen::Index>(points.size());
    const auto columns = static_cast<Eigen::Index>(free.size());
    Eigen::MatrixXd design(rows, columns);
    Eigen::VectorXd target(rows);
    for (Eigen::Index row = 0; row < rows; ++row) {
        const ScalingPoint& point = points[static_cast<std::size_t>(row)];
        // In proportion to x, so that all points weigh alike.
        target(row) = point.n;
        for (Eigen::Index i = 0; i < columns; ++i) {
            const int which = free[static_cast<std::size_t>(i)];
            const double term = which == kLambda  ? 1
                                : which == kSigma ? point.n - 1
                                                  : point.n * (point.n - 1);
            design(row, i) = point.x * term;
        }
    }
    const Eigen::VectorXd solution = design.colPivHouseholderQr().solve(target);
    Point3 p{0, 0, 0};
    const double per_lambda = solution(columns - 1);  // lambda is always free, and the last
    for (Eigen::Index i = 0; i + 1 < columns; ++i) {
        const double value = per_lambda > 0 ? solution(i) / per_lambda : 0;
        p[static_cast<std::size_t>(free[static_cast<std::size_t>(i)])] = std::max(value, 0.0);
    }
    p[kLambda] = best_lambda(points, p);
    return p;
}

struct Candidate {
    Point3 at{};
    std::vector<int> free;
    double rss = std::numeric_limits<double>::infinity();
};

// The bounded optimum lies inside, or on a face, where the parameters at their bound are 0: the
// best of the fits that keep within the bounds.
Candidate bounded_fit(std::span<const ScalingPoint> points, ScalingModel model) {
    std::vector<std::vector<int>> faces{{kLambda}};
    if (model != ScalingModel::linear) faces.push_back({kSigma, kLambda});
    if (model == ScalingModel::usl) {
        faces.push_back({kKappa, kLambda});
        faces.push_back({kSigma, kKappa, kLambda});
    }
    Candidate best;
    for (const auto& free : faces) {
        const Point3 p = minimise(points, start(points, free), free);
        const double rss = residuals(points, p);
        if (p[kSigma] >= 0 && p[kKappa] >= 0 && rss < best.rss) best = {p, free, rss};
    }
    return best;
}

Bounds around(double value, double half) {
    return {std::max(0.0, value - half), value + half};
}

ScalingFit fit(std::span<const ScalingPoint> points, ScalingModel model) {
    const Candidate found = bounded_fit(points, model);
    ScalingFit fit;
    fit.model = model;
    fit.at = {found.at[kSigma], found.at[kKappa], found.at[kLambda]};
    fit.rss = found.rss;
    const auto is_free = [&](int which) {
        return std::find(found.free.begin(), found.free.end(), which) != found.free.end();
    };
    fit.sigma_at_bound = model != ScalingModel::linear && !is_free(kSigma);
    fit.kappa_at_bound = model == ScalingModel::usl && !is_free(kKappa);
    double squares = 0;
    for (const ScalingPoint& point : points) {
        squares += point.x * point.x;
        fit.largest_n = std::max(fit.largest_n, point.n);
    }
    // Exact data leave rounding alone, which must not decide between the models.
    const double floor = 1e-20 * squares;
    const std::size_t parameters = static_cast<std::size_t>(model) + 1;
    fit.bic = bic(points.size(), std::max(fit.rss, floor), parameters);

    fit.free = found.free;
    fit.degrees = static_cast<double>(points.size()) - static_cast<double>(found.free.size());
    if (fit.degrees < 1) return fit;
    const Eigen::MatrixXd covariance =
        normal_equations(points, found.at, found.free).matrix.inverse() * (fit.rss / fit.degrees);
    const double t = student_t(0.95, fit.degrees);
    for (std::size_t i = 0; i < found.free.size(); ++i) {
        const auto row = static_cast<Eigen::Index>(i);
        for (Eigen::Index k = 0; k < covariance.cols(); ++k) {
            fit.covariance.push_back(covariance(row, k));
        }
        const double half = t * std::sqrt(covariance(row, row));
        if (!std::isfinite(half)) continue;
        const double value = found.at[static_cast<std::size_t>(found.free[i])];
        (found.free[i] == kSigma   ? fit.sigma
         : found.free[i] == kKappa ? fit.kappa
                                   : fit.lambda) = around(value, half);
    }
    return fit;
}

std::size_t count_distinct(std::span<const ScalingPoint> points) {
    std::set<double> distinct;
    for (const ScalingPoint& point : points) distinct.insert(point.n);
    return distinct.size();
}

ScalingModel prefer(const ScalingFit& linear, const ScalingFit& amdahl, const ScalingFit& full) {
    // The simpler one where they are equal.
    if (linear.bic <= amdahl.bic && linear.bic <= full.bic) return ScalingModel::linear;
    return amdahl.bic <= full.bic ? ScalingModel::amdahl : ScalingModel::usl;
}

std::optional<double> holdout(std::span<const ScalingPoint> points, ScalingModel model,
                              double largest) {
    std::vector<ScalingPoint> rest;
    std::vector<double> measured;
    for (const ScalingPoint& point : points) {
        if (point.n < largest) {
            rest.push_back(point);
        } else {
            measured.push_back(point.x);
        }
    }
    if (count_distinct(rest) + 1 < kDistinctN) return std::nullopt;
    const double truth = median(measured);
    return (fit(rest, model).at.throughput(largest) - truth) / truth;
}

void bootstrap_over_repetitions(std::span<const ScalingPoint> points, Rng rng,
                                ScalingStudy& study) {
    constexpr int kDraws = 500;
    std::set<std::uint64_t> names;
    for (const ScalingPoint& point : points) names.insert(point.repetition);
    study.repetitions = names.size();
    if (names.size() < kRepetitions) return;
    const std::vector<std::uint64_t> repetitions(names.begin(), names.end());
    std::vector<double> sigma;
    std::vector<double> kappa;
    std::vector<double> lambda;
    for (int draw = 0; draw < kDraws; ++draw) {
        std::vector<ScalingPoint> drawn;
        for (std::size_t i = 0; i < repetitions.size(); ++i) {
            const auto name = repetitions[static_cast<std::size_t>(rng.below(repetitions.size()))];
            for (const ScalingPoint& point : points) {
                if (point.repetition == name) drawn.push_back(point);
            }
        }
        if (count_distinct(drawn) < 3) continue;
        const Point3 p = bounded_fit(drawn, ScalingModel::usl).at;
        sigma.push_back(p[kSigma]);
        kappa.push_back(p[kKappa]);
        lambda.push_back(p[kLambda]);
    }
    const auto bounds = [](const std::vector<double>& values) {
        return Bounds{quantile(values, 0.025), quantile(values, 0.975)};
    };
    study.bootstrap_sigma = bounds(sigma);
    study.bootstrap_kappa = bounds(kappa);
    study.bootstrap_lambda = bounds(lambda);
}

}  // namespace

const char* name_of(ScalingModel model) {
    constexpr const char* kNames[] = {"linear", "amdahl", "usl"};
    return kNames[static_cast<int>(model)];
}

double UslParameters::throughput(double n) const {
    return lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

std::optional<double> UslParameters::peak_n() const {
    if (!(kappa > 0) || sigma >= 1) return std::nullopt;
    return std::sqrt((1 - sigma) / kappa);
}

std::optional<double> UslParameters::limit() const {
    if (!(sigma > 0)) return std::nullopt;
    return lambda / sigma;
}

std::optional<double> UslParameters::concurrency_at(double x) const {
    // kappa x N^2 + ((sigma - kappa) x - lambda) N + (1 - sigma) x = 0, the smaller root.
    const double a = kappa * x;
    const double b = (sigma - kappa) * x - lambda;
    const double c = (1 - sigma) * x;
    const double discriminant = b * b - 4 * a * c;
    if (!(x > 0) || b >= 0 || discriminant < 0) return std::nullopt;
    return 2 * c / (-b + std::sqrt(discriminant));
}

std::optional<double> UslParameters::concurrency_at_time(double r) const {
    // kappa N^2 + (sigma - kappa) N + 1 - sigma - lambda r = 0, the positive root.
    const double b = sigma - kappa;
    const double c = 1 - sigma - lambda * r;
    if (c > 0 || (kappa == 0 && !(b > 0))) return std::nullopt;
    const double root = std::sqrt(b * b - 4 * kappa * c);
    return b + root > 0 ? -2 * c / (b + root) : (root - b) / (2 * kappa);
}

ScalingFit::Prediction ScalingFit::predict(double n) const {
    Prediction prediction{at.throughput(n), std::nullopt, n > kExtrapolation * largest_n};
    if (covariance.size() != free.size() * free.size() || degrees < 1) return prediction;
    const Point3 g = gradient({at.sigma, at.kappa, at.lambda}, n);
    double variance = 0;
    for (std::size_t i = 0; i < free.size(); ++i) {
        for (std::size_t k = 0; k < free.size(); ++k) {
            variance += g[static_cast<std::size_t>(free[i])] * covariance[i * free.size() + k] *
                        g[static_cast<std::size_t>(free[k])];
        }
    }
    const double half = student_t(0.95, degrees) * std::sqrt(std::max(variance, 0.0));
    prediction.interval = Bounds{std::max(0.0, prediction.x - half), prediction.x + half};
    return prediction;
}

const ScalingFit& ScalingStudy::best() const {
    if (preferred == ScalingModel::linear) return linear;
    return preferred == ScalingModel::amdahl ? amdahl : full;
}

Result<ScalingStudy> study_scaling(std::span<const ScalingPoint> points, Rng rng) {
    for (const ScalingPoint& point : points) {
        if (!(point.n > 0) || !(point.x > 0) || !std::isfinite(point.n) ||
            !std::isfinite(point.x)) {
            return Error{fmt::format("a scaling fit needs n > 0 and x > 0, got n = {}, x = {}",
                                     point.n, point.x)};
        }
    }
    ScalingStudy study;
    study.points = points.size();
    study.distinct = count_distinct(points);
    if (study.distinct < kDistinctN) {
        return Error{
            fmt::format("a scaling fit needs at least {} distinct concurrencies, got {}: "
                        "measure at more of them, up to where throughput bends",
                        kDistinctN, study.distinct)};
    }
    study.linear = fit(points, ScalingModel::linear);
    study.amdahl = fit(points, ScalingModel::amdahl);
    study.full = fit(points, ScalingModel::usl);
    study.preferred = prefer(study.linear, study.amdahl, study.full);
    study.holdout_error = holdout(points, study.preferred, study.full.largest_n);
    bootstrap_over_repetitions(points, rng, study);
    return study;
}

}  // namespace echotrio::loadgen
