#include "loadgen/claims/rule.hpp"

#include <algorithm>
#include <utility>

namespace echotrio::loadgen {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool in_any(const std::vector<Zone>& zones, const ClaimFigure& figure) {
    return std::any_of(zones.begin(), zones.end(),
                       [&](const Zone& zone) { return zone.holds(figure); });
}

}  // namespace

bool Zone::holds(const ClaimFigure& figure) const {
    if (!figure.sure()) return false;
    if (with_ends) return low <= *figure.low && *figure.high <= high;
    return low < *figure.low && *figure.high < high;
}

Threshold above(std::string figure, double supported, double refuted) {
    return {std::move(figure), {{.low = supported}}, {{.high = refuted}}};
}

Threshold below(std::string figure, double supported, double refuted) {
    return {std::move(figure), {{.high = supported}}, {{.low = refuted}}};
}

Threshold within(std::string figure, double low, double high) {
    return {std::move(figure), {{low, high, true}}, {{-kInfinity, low}, {high, kInfinity}}};
}

Threshold outside(std::string figure, Zone beyond, Zone same) {
    return {std::move(figure), {{-kInfinity, beyond.low}, {beyond.high, kInfinity}}, {same}};
}

ClaimVerdict verdict_of(const Rule& rule, const std::vector<ClaimFigure>& figures) {
    bool all_for = true, one_against = false;
    for (const Threshold& threshold : rule) {
        const ClaimFigure* figure = find_figure(figures, threshold.figure);
        if (figure == nullptr || !figure->sure()) return ClaimVerdict::inconclusive;
        all_for = all_for && in_any(threshold.supported, *figure);
        one_against = one_against || in_any(threshold.refuted, *figure);
    }
    if (all_for) return ClaimVerdict::supported;
    return one_against ? ClaimVerdict::refuted : ClaimVerdict::inconclusive;
}

}  // namespace echotrio::loadgen
