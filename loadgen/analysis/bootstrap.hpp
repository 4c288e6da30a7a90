// Intervals by resampling, and the comparison of two sets of repetitions that rests on them. Pure
// and repeatable: the seed is the caller's.
#pragma once

#include "common/base/rng.hpp"
#include "loadgen/analysis/statistics.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

inline constexpr int kResamples = 10'000;

// The tail of the percentile interval that a sample of n needs for that confidence: Hesterberg's
// expanded percentile interval (The American Statistician 69, 2015, section 4.3), which makes good
// that resampling a small sample understates its spread: Phi(-sqrt(n / (n - 1)) t(n - 1)).
// Precondition: n >= 2.
double expanded_tail(std::size_t n, double confidence);

// One figure computed from samples that are resampled independently, with replacement.
using Samples = std::vector<std::vector<double>>;
using Statistic = std::function<double(const Samples&)>;

// The statistic with its expanded percentile interval (n is the smallest sample's size).
// Resamples whose statistic is not finite are left out. No interval when one sample has fewer than
// two values, or when more than a tenth of the resamples is left out.
Estimate bootstrap(const Samples& samples, const Statistic& statistic, Rng rng,
                   double confidence = 0.95, int resamples = kResamples);

// median(numerator) / median(denominator) with its bootstrap interval over the repetitions. The
// value is 0, without an interval, when a sample is empty or a median is not above 0.
Estimate ratio_of_medians(std::span<const double> numerator, std::span<const double> denominator,
                          Rng rng, double confidence = 0.95);

enum class Difference { none, higher, lower, unknown };
// Whether the ratio's interval excludes 1; unknown without an interval.
Difference difference_of(const Estimate& ratio);

// "coroutine handles 1.42 times as many requests per CPU-second as threads, 95 % interval 1.38 to
// 1.47", or that no difference was seen, or that there are too few repetitions. `verb_phrase` says
// what with "%" for the ratio: "handles % times as many requests per CPU-second as".
std::string comparison_sentence(std::string_view subject, std::string_view verb_phrase,
                                std::string_view other, const Estimate& ratio);

}  // namespace echotrio::loadgen
