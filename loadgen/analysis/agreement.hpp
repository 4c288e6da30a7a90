// Whether two figures are the same for practical purposes, from rounds in which both were measured.
// Pure.
#pragma once

#include "loadgen/analysis/statistics.hpp"
#include "loadgen/results/prediction.hpp"

#include <span>

namespace echotrio::loadgen {

// Ratios from 1 / 1.25 to 1.25 count as the same.
inline constexpr double kSameWithin = 1.25;

// Agrees where the whole interval of the ratio lies within that, differs where all of it lies
// outside (two one-sided tests turned into an interval: Schuirmann 1987). Else, and without an
// interval, inconclusive.
Agreement agreement_of(const Estimate& ratio);

// numerator / denominator with its interval of 95 %, each pair from one round (see Ratio::paired).
// The value is 0, without an interval, where there are no pairs or a figure is not above 0; below
// two pairs there is no interval. Precondition: of equal length.
Estimate ratio_within_rounds(std::span<const double> numerator,
                             std::span<const double> denominator);

// Of the values; otherwise as ratio_within_rounds().
Estimate geometric_mean(std::span<const double> values);

// Of two figures that have intervals but no rounds in common: as far apart and as near as these
// allow, so rather too wide. No interval where one is missing or not above 0.
Estimate ratio_of_figures(const Ranged& numerator, const Ranged& denominator);

Ranged ranged(const Estimate& estimate);

}  // namespace echotrio::loadgen
