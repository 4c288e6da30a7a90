#include "loadgen/analysis/statistics.hpp"

#include "common/base/check.hpp"

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace echotrio::loadgen {
namespace {

std::vector<double> sorted(std::span<const double> values) {
    std::vector<double> copy(values.begin(), values.end());
    std::sort(copy.begin(), copy.end());
    return copy;
}

// Precondition: not empty, sorted.
double quantile_of_sorted(const std::vector<double>& values, double q) {
    const double at = q * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    if (below + 1 >= values.size()) return values.back();
    const double part = at - static_cast<double>(below);
    return values[below] + part * (values[below + 1] - values[below]);
}

// Sum over groups of equal values of t (t - 1) (2 t + 5): the ties' part of Kendall's variance.
double tie_term(std::span<const double> values) {
    const std::vector<double> order = sorted(values);
    double sum = 0;
    for (auto from = order.begin(); from != order.end();) {
        const auto to = std::upper_bound(from, order.end(), *from);
        const auto t = static_cast<double>(to - from);
        sum += t * (t - 1) * (2 * t + 5);
        from = to;
    }
    return sum;
}

}  // namespace

Estimate scaled(const Estimate& estimate, double by) {
    Estimate result{estimate.value * by, std::nullopt};
    if (estimate.interval) {
        result.interval = Bounds{estimate.interval->low * by, estimate.interval->high * by};
    }
    return result;
}

double mean(std::span<const double> values) {
    if (values.empty()) return 0;
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance(std::span<const double> values) {
    if (values.size() < 2) return 0;
    const double centre = mean(values);
    double sum = 0;
    for (const double v : values) sum += (v - centre) * (v - centre);
    return sum / static_cast<double>(values.size() - 1);
}

double quantile(std::span<const double> values, double q) {
    return values.empty() ? 0 : quantile_of_sorted(sorted(values), std::clamp(q, 0.0, 1.0));
}

double median(std::span<const double> values) {
    return quantile(values, 0.5);
}

double student_t(double confidence, double df) {
    CHECK(df > 0);
    return boost::math::quantile(boost::math::students_t(df), (1 + confidence) / 2);
}

double student_t_tail(double t, double df) {
    CHECK(df > 0);
    return 2 * boost::math::cdf(boost::math::complement(boost::math::students_t(df), std::abs(t)));
}

double normal_quantile(double probability) {
    return boost::math::quantile(boost::math::normal(), probability);
}

Estimate median_with_interval(std::span<const double> values, double confidence) {
    const std::vector<double> order = sorted(values);
    Estimate estimate{median(values), std::nullopt};
    const std::size_t n = order.size();
    if (n == 0) return estimate;
    const boost::math::binomial below(static_cast<double>(n), 0.5);
    // [x(k), x(n+1-k)] misses the median with probability 2 P(Bin(n, 1/2) < k).
    for (std::size_t k = n / 2; k >= 1; --k) {
        if (1 - 2 * cdf(below, static_cast<double>(k - 1)) >= confidence) {
            estimate.interval = Bounds{order[k - 1], order[n - k]};
            break;
        }
    }
    return estimate;
}

bool objective_met(std::uint64_t samples, std::uint64_t over, double quantile, double confidence) {
    if (samples == 0 || over >= samples) return false;
    const boost::math::binomial misses(static_cast<double>(samples), 1 - quantile);
    // Were the true share of misses 1 - quantile, so few would be seen this rarely.
    return cdf(misses, static_cast<double>(over)) <= 1 - confidence;
}

std::optional<Line> theil_sen(std::span<const double> x, std::span<const double> y,
                              double confidence) {
    CHECK(x.size() == y.size());
    std::vector<double> slopes;
    slopes.reserve(x.size() * (x.size() + 1) / 2);
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t j = i + 1; j < x.size(); ++j) {
            if (x[i] != x[j]) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
        }
    }
    if (x.size() < 3 || slopes.empty()) return std::nullopt;
    std::sort(slopes.begin(), slopes.end());

    const auto n = static_cast<double>(x.size());
    const double sigma = std::sqrt((n * (n - 1) * (2 * n + 5) - tie_term(x) - tie_term(y)) / 18);
    const double spread = normal_quantile((1 + confidence) / 2) * sigma;
    const auto pairs = static_cast<double>(slopes.size());
    const auto at = [&](double rank) {  // 1-based, kept inside
        return slopes[static_cast<std::size_t>(std::clamp(std::round(rank), 1.0, pairs)) - 1];
    };
    Line line;
    line.slope = quantile_of_sorted(slopes, 0.5);
    line.intercept = median(y) - line.slope * median(x);
    line.slope_interval = {at((pairs - spread) / 2), at((pairs + spread) / 2 + 1)};
    return line;
}

std::optional<Line> least_squares(std::span<const double> x, std::span<const double> y,
                                  double confidence) {
    CHECK(x.size() == y.size());
    const double x_mean = mean(x);
    const double y_mean = mean(y);
    double xx = 0;
    double xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - x_mean) * (x[i] - x_mean);
        xy += (x[i] - x_mean) * (y[i] - y_mean);
    }
    if (x.size() < 3 || !(xx > 0)) return std::nullopt;
    Line line;
    line.slope = xy / xx;
    line.intercept = y_mean - line.slope * x_mean;
    double rss = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double rest = y[i] - line.intercept - line.slope * x[i];
        rss += rest * rest;
    }
    const double df = static_cast<double>(x.size()) - 2;
    const double half = student_t(confidence, df) * std::sqrt(rss / df / xx);
    line.slope_interval = {line.slope - half, line.slope + half};
    return line;
}

namespace {

struct UnitRootFit {
    double statistic = 0, rss = 0;
};

// step(t) = gamma level(t) + constant + sum of phi_i step(t - i), i = 1 ... lags, over the rows
// that `most_lags` leaves. Empty when the columns depend on each other or fit exactly.
std::optional<UnitRootFit> fit_unit_root(std::span<const double> series, Eigen::Index lags,
                                         Eigen::Index most_lags) {
    const auto level = [&](Eigen::Index t) { return series[static_cast<std::size_t>(t)]; };
    const auto step = [&](Eigen::Index t) { return level(t + 1) - level(t); };
    const Eigen::Index rows = static_cast<Eigen::Index>(series.size()) - 1 - most_lags;
    const Eigen::Index columns = lags + 2;
    Eigen::MatrixXd design(rows, columns);
    Eigen::VectorXd target(rows);
    for (Eigen::Index row = 0; row < rows; ++row) {
        const Eigen::Index t = row + most_lags;
        target(row) = step(t);
        design(row, 0) = level(t);
        design(row, 1) = 1;
        for (Eigen::Index i = 1; i <= lags; ++i) design(row, 1 + i) = step(t - i);
    }
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(design);
    if (rows <= columns || qr.rank() < columns) return std::nullopt;
    const Eigen::VectorXd fit = qr.solve(target);
    const double rss = (target - design * fit).squaredNorm();
    const Eigen::MatrixXd inverse = (design.transpose() * design).inverse();
    const double error = std::sqrt(rss / static_cast<double>(rows - columns) * inverse(0, 0));
    if (!(error > 0)) return std::nullopt;
    return UnitRootFit{fit(0) / error, rss};
}

}  // namespace

std::optional<double> dickey_fuller(std::span<const double> series) {
    if (series.size() < 8 || !(variance(series) > 0)) return std::nullopt;
    const auto most = static_cast<Eigen::Index>(std::cbrt(static_cast<double>(series.size() - 1)));
    const std::size_t rows = series.size() - 1 - static_cast<std::size_t>(most);
    std::optional<double> statistic;
    double least = std::numeric_limits<double>::infinity();
    for (Eigen::Index lags = 0; lags <= most; ++lags) {
        const auto fit = fit_unit_root(series, lags, most);
        if (!fit) continue;
        const double criterion = bic(rows, fit->rss, static_cast<std::size_t>(lags) + 2);
        if (criterion >= least) continue;
        least = criterion;
        statistic = fit->statistic;
    }
    return statistic;
}

double dickey_fuller_critical_5(std::size_t n) {
    const double t = 1 / static_cast<double>(n);
    return -2.86154 + t * (-2.8903 + t * (-4.234 + t * -40.04));
}

bool has_trend(std::span<const double> series) {
    constexpr std::size_t kUnitRootValues = 30;  // from here the critical value is worth its name
    std::vector<double> at(series.size());
    std::iota(at.begin(), at.end(), 0.0);
    const auto line = theil_sen(at, series);
    if (line && !line->slope_interval.contains(0)) return true;
    if (series.size() < kUnitRootValues) return false;
    const auto statistic = dickey_fuller(series);
    return statistic && *statistic > dickey_fuller_critical_5(series.size());
}

std::vector<double> thinned(std::span<const double> series, std::size_t most) {
    CHECK(most > 0);
    const std::size_t group = std::max<std::size_t>(1, (series.size() + most - 1) / most);
    std::vector<double> means;
    for (std::size_t i = 0; i + group <= series.size(); i += group) {
        means.push_back(mean(series.subspan(i, group)));
    }
    return means;
}

std::optional<double> anderson_darling_exponential(std::span<const double> values) {
    const std::vector<double> order = sorted(values);
    const std::size_t n = order.size();
    if (n < 2 || order.front() < 0) return std::nullopt;
    const double average = mean(values);
    if (order.front() == 0) return std::numeric_limits<double>::infinity();
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        // ln F(x_i) + ln(1 - F(x_(n+1-i))); the second is exact for the exponential.
        const double term = std::log(-std::expm1(-order[i] / average)) - order[n - 1 - i] / average;
        sum += (2 * static_cast<double>(i) + 1) * term;
    }
    return -static_cast<double>(n) - sum / static_cast<double>(n);
}

double bic(std::size_t n, double rss, std::size_t parameters) {
    const auto count = static_cast<double>(n);
    return count * std::log(rss / count) + static_cast<double>(parameters) * std::log(count);
}

}  // namespace echotrio::loadgen
