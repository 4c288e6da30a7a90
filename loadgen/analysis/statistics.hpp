// The statistics behind the verdict, the comparisons and the plan: estimates with intervals, and
// tests. Pure. Ratios are in ratio.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace echotrio::loadgen {

struct Bounds {
    double low = 0, high = 0;
    bool contains(double x) const { return low <= x && x <= high; }
};

// A figure and how sure it is; no interval where the data are too few for one.
struct Estimate {
    double value = 0;
    std::optional<Bounds> interval;
};

// The figure and the ends of its interval, each times `by`. Precondition: by >= 0.
Estimate scaled(const Estimate& estimate, double by);

// Of nothing: 0.
double mean(std::span<const double> values);
double variance(std::span<const double> values);  // of the sample (n - 1); 0 below two values
// Linear interpolation between order statistics (Hyndman and Fan's type 7). q: 0 to 1.
double quantile(std::span<const double> values, double q);
double median(std::span<const double> values);

// Student's t: the quantile for a two-sided interval of that confidence. Precondition: df > 0.
double student_t(double confidence, double df);
// The chance of |t| or more. Precondition: df > 0.
double student_t_tail(double t, double df);
double normal_quantile(double probability);

// The median with the tightest order-statistic interval that covers it with at least
// `confidence`, by the binomial distribution; free of assumptions about the shape (David and
// Nagaraja, Order Statistics, 7.1). At 95 % it needs 6 values: with fewer there is no interval.
Estimate median_with_interval(std::span<const double> values, double confidence = 0.95);

// Does at most 1 - quantile of the requests miss the objective, at that confidence? Exact
// (binomial). For p99 at 99 %: 459 samples with none over the objective pass, 662 with one.
bool objective_met(std::uint64_t samples, std::uint64_t over, double quantile,
                   double confidence = 0.99);

struct Line {
    double slope = 0, intercept = 0;
    Bounds slope_interval;
};
// Theil and Sen's line: the median of the slopes of all pairs; the interval is Sen's (1968), from
// the distribution of Kendall's S with ties. Empty below three values or when all x are equal.
// Quadratic in the number of values.
std::optional<Line> theil_sen(std::span<const double> x, std::span<const double> y,
                              double confidence = 0.95);

// Ordinary least squares; the slope's interval by Student t with n - 2 degrees of freedom. Empty
// below three values or when all x are equal.
std::optional<Line> least_squares(std::span<const double> x, std::span<const double> y,
                                  double confidence = 0.95);

// Augmented Dickey-Fuller: the t statistic of the unit root in a regression with a constant and
// lagged differences, up to cbrt(n - 1) of them as BIC chooses. Below the critical value (MacKinnon
// 2010): stationary. Empty when there are too few values for the lags or they do not vary.
std::optional<double> dickey_fuller(std::span<const double> series);
double dickey_fuller_critical_5(std::size_t n);

// Does an evenly spaced series drift? Theil-Sen's 95 % interval excludes 0, or, from 30 values on,
// Dickey-Fuller's test can't refute a unit root at 5 %.
bool has_trend(std::span<const double> series);
// Means of equal runs of neighbours, at most `most` of them; an incomplete last run is left out.
std::vector<double> thinned(std::span<const double> series, std::size_t most);

// Anderson-Darling for the exponential distribution with an unknown mean, A2 as it is (Stephens'
// factor 1 + 0.6 / n for the critical values is the caller's). Empty below two values or when one
// is negative; infinite when one is 0.
std::optional<double> anderson_darling_exponential(std::span<const double> values);

// Schwarz's criterion for a least-squares fit: n ln(RSS / n) + parameters ln n. Smaller is better.
double bic(std::size_t n, double rss, std::size_t parameters);

}  // namespace echotrio::loadgen
