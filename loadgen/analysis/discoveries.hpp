// Many comparisons in one report: which of them are differences, and at which level all of their
// intervals are printed. Pure.
#pragma once

#include "loadgen/analysis/ratio.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace echotrio::loadgen {

// Of the differences that a report names, at most this share is none, on average over reports.
inline constexpr double kFalseDiscoveryRate = 0.05;

struct Discoveries {
    std::size_t compared = 0, differences = 0;
    // The step-up rule of Benjamini and Hochberg (1995): a difference is what has a p value of at
    // most this. Intervals of this level are those of Benjamini and Yekutieli (2005): of the
    // intervals of differences 95 % cover, on average; those of all others include 1.
    double alpha = kFalseDiscoveryRate;

    bool is_difference(double p) const { return differences > 0 && p <= alpha; }
};

Discoveries discoveries(std::span<const double> p_values, double rate = kFalseDiscoveryRate);

// The p values as they are to be read beside the rate itself: p (i) * n / i, made monotone.
std::vector<double> adjusted(std::span<const double> p_values);

// Whether the interval reaches at most `precision` (0.05: to 1.05 times the ratio and to 1 / 1.05
// of it), and did so after each of the last kStillNarrow rounds. One narrow look is luck too often:
// who stops at the first has intervals that cover 92 times of 100 (simulated in
// tests/unit/analysis).
inline constexpr std::size_t kStillNarrow = 3;
bool is_narrow(std::span<const double> numerator, std::span<const double> denominator,
               double precision, double alpha = 0.05);

}  // namespace echotrio::loadgen
