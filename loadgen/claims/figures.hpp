// Figures from repeated measurements, and how they read. Pure.
#pragma once

#include "loadgen/analysis/statistics.hpp"
#include "loadgen/claims/claims.hpp"
#include "loadgen/results/claim.hpp"

#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// What a figure is called, whose it is and in which unit; see ClaimFigure.
struct Named {
    std::string key, label, variant{}, unit{};
};

// Figures of both sides of a ratio: the i-th of each are of the same round.
struct FigurePairs {
    std::vector<double> numerator, denominator;
};

// The ratio within the rounds. From six of them on it is the median of theirs, with the interval
// that its order gives whatever the shape of the noise: one bad round of nine does not stretch it.
// With fewer the geometric mean, with Student's t. Empty where there are no pairs.
std::optional<ClaimFigure> ratio_figure(const ClaimContext& context, const Named& named,
                                        const FigurePairs& pairs);

// The ratio of what was not measured in the same rounds, with Welch's t of the logarithms. Empty
// where one side has no values.
std::optional<ClaimFigure> ratio_figure_apart(const Named& named,
                                              const std::vector<double>& numerator,
                                              const std::vector<double>& denominator);

// The median; its interval only from six values on. Empty where there are none.
std::optional<ClaimFigure> median_figure(const Named& named, const std::vector<double>& values);

// An estimate of `runs` measurements, with the interval that it has.
ClaimFigure estimated_figure(const Named& named, const Estimate& estimate, std::size_t runs);

// A number that is known without doubt: a count.
ClaimFigure exact_figure(const Named& named, double value);

// a - b, as far apart and as near as the two intervals allow. Precondition: both are sure.
ClaimFigure difference_figure(const Named& named, const ClaimFigure& a, const ClaimFigure& b);

// Those that there are.
std::vector<ClaimFigure> figures_of(std::initializer_list<std::optional<ClaimFigure>> some);

// "1.95 (95 % interval 1.90 to 2.01)", "4.90 ms (...)", "not measured"
std::string in_words(const std::optional<ClaimFigure>& figure);
// Without the interval.
std::string value_in_words(const std::optional<ClaimFigure>& figure);

// The figures as "evidence": each under its key, with its interval and its runs beside it where the
// key names a group.
void add_evidence(nlohmann::ordered_json& evidence, const std::vector<ClaimFigure>& figures);

}  // namespace echotrio::loadgen
