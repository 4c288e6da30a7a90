// Intervals by resampling, and the comparison of two sets of repetitions that rests on them. Pure
// and repeatable: the seed is the caller's.
#pragma once

#include "common/base/rng.hpp"
#include "loadgen/analysis/statistics.hpp"

#include <functional>
#include <span>
#include <vector>

namespace echotrio::loadgen {

inline constexpr int kResamples = 4000;

// One figure computed from samples that are resampled independently, with replacement.
using Samples = std::vector<std::vector<double>>;
using Statistic = std::function<double(const Samples&)>;

// The statistic with its percentile interval (Efron). Resamples whose statistic is not finite are
// left out. No interval when one sample has fewer than two values, or when more than a tenth of the
// resamples is left out.
Estimate bootstrap(const Samples& samples, const Statistic& statistic, Rng rng,
                   double confidence = 0.95, int resamples = kResamples);

// median(numerator) / median(denominator) with the interval of the ratio. From five repetitions a
// side it is the bootstrap's, which then covers as often as it says (simulated over shapes of noise
// in tests/unit/analysis); with two to four no resampling does, and it is Welch's t interval of
// the difference of the logarithms. The value is 0, without an interval, when a sample is empty or
// holds a value that is not above 0.
inline constexpr std::size_t kBootstrapRepetitions = 5;
Estimate ratio_of_medians(std::span<const double> numerator, std::span<const double> denominator,
                          Rng rng, double confidence = 0.95);

}  // namespace echotrio::loadgen
