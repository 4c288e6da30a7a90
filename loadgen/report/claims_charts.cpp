// A small picture per claim: those of its figures that it names, side by side.
#include "loadgen/report/claims_report.hpp"

#include <utility>

namespace echotrio::loadgen {
namespace {

// The unit of a chart's axis, and what one of the figure's is in it.
std::pair<std::string, double> axis_unit(const std::string& unit) {
    if (unit == "ms") return {"us", 1000};
    if (unit == "ns") return {"us", 1e-3};
    return {unit, 1};
}

ChartPoint point_of(const ClaimFigure& figure, double x, double scale) {
    ChartPoint point{x, figure.value * scale};
    // The interval of what is exact is the value.
    if (!figure.sure() || !(*figure.low < *figure.high)) return point;
    point.low = *figure.low * scale;
    point.high = *figure.high * scale;
    return point;
}

}  // namespace

std::optional<Chart> claim_chart(const Claim& claim) {
    if (!claim.picture) return std::nullopt;
    Chart chart;
    chart.id = "claim-" + claim.id;
    chart.title = claim.picture->title;
    chart.kind = Chart::Kind::bars;
    chart.horizontal = true;
    chart.reference = claim.picture->reference;
    chart.y = {claim.picture->title, claim.picture->logarithmic, "", {}};
    for (const std::string& key : claim.picture->figures) {
        const ClaimFigure* figure = find_figure(claim.figures, key);
        if (figure == nullptr) continue;
        const auto [unit, scale] = axis_unit(figure->unit);
        chart.y.unit = unit;
        // A bar of nothing has no place on a logarithmic axis.
        if (!(figure->value > 0)) chart.y.logarithmic = false;
        const auto x = static_cast<double>(chart.x.labels.size());
        chart.x.labels.push_back(figure->label);
        chart.series.push_back({figure->label, figure->variant, {point_of(*figure, x, scale)}});
    }
    if (chart.series.empty()) return std::nullopt;
    return chart;
}

}  // namespace echotrio::loadgen
