#include "loadgen/report/chart_parts.hpp"

#include "common/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace echotrio::loadgen {
namespace {

// Bars that differ by more need a logarithmic axis.
constexpr double kWide = 20;

std::string first_reason(const Cell& cell) {
    return cell.reasons.empty() ? "INVALID" : cell.reasons.front().first.what;
}

}  // namespace

const char* axis_unit(Unit unit) {
    return unit == Unit::microseconds ? "us" : unit == Unit::bytes ? "bytes" : "";
}

ChartPoint point_of(double x, const Cell& cell, const Spread& spread) {
    ChartPoint point{x, spread.median, {}, {}, !spread.valid, {}};
    if (spread.count > 1) {
        point.low = spread.least;
        point.high = spread.most;
    }
    if (point.invalid) point.note = first_reason(cell);
    if (cell.starved()) {
        point.note = served_text(cell);
    }
    return point;
}

ChartPoint point_of(double x, const Estimate& estimate) {
    ChartPoint point{x, estimate.value};
    if (estimate.interval) {
        point.low = estimate.interval->low;
        point.high = estimate.interval->high;
    }
    return point;
}

void add_series(Chart& chart, Series series) {
    if (!series.points.empty()) chart.series.push_back(std::move(series));
}

Series over_connections(const std::string& variant, const std::vector<const Cell*>& cells,
                        std::string_view metric) {
    Series series{variant, variant, {}};
    for (const Cell* cell : cells) {
        const auto x = static_cast<double>(cell->level.connections);
        if (const Spread* y = cell->value(metric)) series.points.push_back(point_of(x, *cell, *y));
    }
    return series;
}

Chart bar_chart(const std::string& id, const std::string& title, const char* unit) {
    Chart chart;
    chart.id = id;
    chart.title = title;
    chart.kind = Chart::Kind::bars;
    chart.horizontal = true;
    chart.y = {title, false, unit, {}};
    return chart;
}

void add_bar(Chart& chart, const std::string& variant, ChartPoint point) {
    point.x = static_cast<double>(chart.x.labels.size());
    chart.x.labels.push_back(variant);
    chart.series.push_back({variant, variant, {std::move(point)}});
}

void scale_bars(Chart& chart) {
    double least = HUGE_VAL, most = 0;
    for (const Series& series : chart.series) {
        for (const ChartPoint& point : series.points) {
            least = std::min(least, point.y);
            most = std::max(most, point.y);
        }
    }
    chart.y.logarithmic = least > 0 && most > kWide * least;
}

Chart level_chart(const Digest& digest, const Level& level, const Metric& metric,
                  const std::string& id) {
    Chart chart = bar_chart(id, metric.title, axis_unit(metric.unit));
    chart.title += ", " + format_plural(level.connections, "connection");
    if (level.server_cpus > 0) chart.title += " on " + given_cpus(level.server_cpus);
    for (const Cell* cell : cells_at(digest, level)) {
        const Spread* spread = cell->value(metric.key);
        if (spread != nullptr) add_bar(chart, cell->variant, point_of(0, *cell, *spread));
    }
    scale_bars(chart);
    return chart;
}

void label_levels(Chart& chart, const std::vector<Level>& levels) {
    for (const Level& level : levels) {
        std::string label =
            fmt::format("{} x {}", level.workload, format_exact_count(level.connections));
        if (level.server_cpus > 0) label += " on " + given_cpus(level.server_cpus);
        chart.x.labels.push_back(std::move(label));
    }
}

Series bars_at(const Digest& digest, const std::vector<Level>& levels, const std::string& variant,
               std::string_view metric) {
    Series series{variant, variant, {}};
    for (std::size_t i = 0; i < levels.size(); ++i) {
        const Cell* cell = digest.cell(variant, levels[i]);
        const Spread* spread = cell == nullptr ? nullptr : cell->value(metric);
        if (spread == nullptr) continue;
        series.points.push_back(point_of(static_cast<double>(i), *cell, *spread));
    }
    return series;
}

Chart ratio_chart(const std::string& id, const std::string& title) {
    Chart chart;
    chart.id = id;
    chart.title = title;
    chart.kind = Chart::Kind::scatter;
    chart.horizontal = true;
    chart.reference = 1;
    chart.y = {"ratio", true, "x", {}};
    return chart;
}

void add_ratio(Chart& chart, const std::string& variant, const std::string& label,
               const Estimate& ratio, const std::string& note) {
    const auto series = std::find_if(chart.series.begin(), chart.series.end(),
                                     [&](const Series& s) { return s.name == variant; });
    CHECK(series != chart.series.end());
    ChartPoint point = point_of(static_cast<double>(chart.x.labels.size()),
                                Estimate{ratio.value, telling_interval(ratio)});
    point.note = note;
    chart.x.labels.push_back(label);
    series->points.push_back(std::move(point));
}

}  // namespace echotrio::loadgen
