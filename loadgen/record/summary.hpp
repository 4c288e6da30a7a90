// A histogram in the few numbers that reports show.
#pragma once

#include "loadgen/record/histogram.hpp"

#include <cstdint>
#include <optional>

namespace echotrio::loadgen {

// A percentile that too few samples support is empty.
struct LatencySummary {
    std::uint64_t count = 0;
    std::optional<double> mean, stddev, min, p50, p90, p99, p99_9, p99_99, max;
};

// How many samples a percentile needs before it is told: so many that all of them lie below it with
// a probability of at most 2.5 % (n >= ln 0.025 / ln p): 36 at p90, 368 at p99, 3,688 at p99.9,
// 36,887 at p99.99; up to p50 one is enough, beyond p99.99 none.
std::uint64_t samples_needed(double percentile);

// The percentile in microseconds, or empty where too few samples support it.
std::optional<double> supported_percentile_us(const Histogram& histogram, double percentile);

LatencySummary summarise(const Histogram& histogram);

}  // namespace echotrio::loadgen
