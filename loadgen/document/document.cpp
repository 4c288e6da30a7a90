#include "loadgen/document/document.hpp"

#include "loadgen/models/models.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace echotrio::loadgen {
namespace {

std::string axis_value(const Axis& axis, double value) {
    if (!axis.labels.empty()) {
        const auto index = static_cast<std::size_t>(std::max(value, 0.0));
        return index < axis.labels.size() ? axis.labels[index] : "";
    }
    if (axis.unit == "us") return format_value(value, Unit::microseconds);
    if (axis.unit == "bytes") return format_value(value, Unit::bytes);
    return format_count(value);
}

}  // namespace

std::vector<Tint> tints_of(const std::vector<std::string>& variants) {
    std::vector<Tint> tints;
    for (const Model& model : models()) tints.push_back({std::string(model.name), model.colour});
    for (const std::string& variant : variants) {
        const bool known = std::any_of(tints.begin(), tints.end(),
                                       [&](const Tint& tint) { return tint.variant == variant; });
        if (!known) tints.push_back({variant, tints.size()});
    }
    return tints;
}

Table table_of(const Chart& chart) {
    Table table;
    table.columns = {{chart.x.title, chart.x.labels.empty(), 0}};
    std::set<double> xs;
    for (const Series& series : chart.series) {
        table.columns.push_back({series.name, true, 0});
        for (const ChartPoint& point : series.points) xs.insert(point.x);
    }
    const auto y_axis = [&](const Series& series) -> const Axis& {
        return series.second ? chart.second : chart.y;
    };
    for (const double x : xs) {
        std::vector<TableCell> row{{chart.x.unit.empty() && chart.x.labels.empty()
                                        ? format_short(x)
                                        : axis_value(chart.x, x)}};
        for (const Series& series : chart.series) {
            const auto found = std::find_if(series.points.begin(), series.points.end(),
                                            [x](const ChartPoint& p) { return p.x == x; });
            if (found == series.points.end()) {
                row.push_back({"", Mark::muted});
                continue;
            }
            const Axis& axis = y_axis(series);
            std::string text = axis_value(axis, found->y);
            if (found->low && found->high) {
                text += fmt::format(" ({} to {})", axis_value(axis, *found->low),
                                    axis_value(axis, *found->high));
            }
            row.push_back({std::move(text), found->invalid ? Mark::invalid : Mark::plain});
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace echotrio::loadgen
