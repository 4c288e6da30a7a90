// Figures from repeated measurements, and how they read. Pure.
#pragma once

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

// median(numerator) / median(denominator) with its interval. Empty where one side has no values.
std::optional<ClaimFigure> ratio_figure(const ClaimContext& context, const Named& named,
                                        const std::vector<double>& numerator,
                                        const std::vector<double>& denominator);

// The median; its interval only from six values on. Empty where there are none.
std::optional<ClaimFigure> median_figure(const Named& named, const std::vector<double>& values);

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
