#include "loadgen/report/document.hpp"

#include "loadgen/report/metrics.hpp"

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

Table table_of(const Chart& chart) {
    Table table;
    table.columns = {{chart.x.title, chart.x.labels.empty(), 0}};
    std::set<double> xs;
    for (const Series& series : chart.series) {
        table.columns.push_back({series.name, true, 0});
        for (const ChartPoint& point : series.points) xs.insert(point.x);
    }
    for (const double x : xs) {
        std::vector<TableCell> row{{axis_value(chart.x, x)}};
        for (const Series& series : chart.series) {
            const auto found = std::find_if(series.points.begin(), series.points.end(),
                                            [x](const ChartPoint& p) { return p.x == x; });
            if (found == series.points.end()) {
                row.push_back({"", Mark::muted});
                continue;
            }
            std::string text = axis_value(chart.y, found->y);
            if (found->low && found->high) {
                text += fmt::format(" ({} to {})", axis_value(chart.y, *found->low),
                                    axis_value(chart.y, *found->high));
            }
            row.push_back({std::move(text), found->invalid ? Mark::invalid : Mark::plain});
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace echotrio::loadgen
