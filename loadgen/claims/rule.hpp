// When figures speak for a sentence and when against it. Pure.
#pragma once

#include "loadgen/results/claim.hpp"

#include <limits>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// A part of the line of numbers.
struct Zone {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    bool with_ends = false;

    // Whether all of the figure's interval lies in it.
    bool holds(const ClaimFigure& figure) const;
};

// What one figure has to show.
struct Threshold {
    std::string figure;  // its key
    std::vector<Zone> supported, refuted;
};
// Supported beyond one number, refuted beyond the other; between the two nothing is decided.
Threshold above(std::string figure, double supported, double refuted);
Threshold below(std::string figure, double supported, double refuted);
// Supported from `low` to `high`, both included; refuted on either side of them.
Threshold within(std::string figure, double low, double high);
// Supported on either side of `beyond`; refuted, where it is not, inside `same`.
Threshold outside(std::string figure, Zone beyond, Zone same);

using Rule = std::vector<Threshold>;

// Supported where every figure speaks for it, refuted where one speaks against it. Inconclusive
// where neither is so, or where a figure is missing or has no interval.
ClaimVerdict verdict_of(const Rule& rule, const std::vector<ClaimFigure>& figures);

}  // namespace echotrio::loadgen
