// The charts of a comparison. Each is plain data, so that its table (table_of) and the picture on
// the page show the same figures.
#include "loadgen/analysis/usl.hpp"
#include "loadgen/record/summary.hpp"
#include "loadgen/report/chart_parts.hpp"
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

constexpr double kObjectiveUs = 10'000;  // the line that latencies are seen against

// The law of the throughput, where enough levels were measured to fit one.
std::optional<Series> fit_of(const std::vector<const Cell*>& cells, const std::string& variant) {
    std::vector<ScalingPoint> points;
    for (const Cell* cell : cells) {
        if (cell->starved() || cell->overloaded) continue;
        for (const Trial* trial : cell->trials) {
            if (!trial->counts() || trial->result.mean_in_flight <= 0) continue;
            points.push_back({trial->result.mean_in_flight, trial->result.throughput_rps,
                              trial->point.repetition});
        }
    }
    const auto study = study_scaling(points, Rng(1));
    if (!study) return std::nullopt;
    const ScalingFit& fit = study->best();
    Series series{
        fmt::format("{}, fit ({})", variant, name_of(fit.model)), variant, {}, true, false};
    series.band = true;
    constexpr int kSteps = 24;
    for (int i = 0; i <= kSteps; ++i) {
        const double n = std::pow(fit.largest_n, static_cast<double>(i) / kSteps);
        const auto predicted = fit.predict(n);
        ChartPoint point{n, predicted.x, {}, {}, false, {}};
        if (predicted.interval) {
            point.low = predicted.interval->low;
            point.high = predicted.interval->high;
        }
        series.points.push_back(std::move(point));
    }
    return series;
}

Chart throughput_chart(const Digest& digest, const std::string& workload) {
    Chart chart;
    chart.id = workload + "-throughput";
    chart.title = "Throughput against connections";
    chart.caption =
        "Median of the repetitions; bars: their range. Dashed, where at least six levels were "
        "measured: the scaling law fitted over the mean number in flight, with its 95 % band.";
    chart.x = {"connections (for the fit: in flight)", true, "", {}};
    chart.y = {"requests/s", false, "1/s", {}};
    for (const std::string& variant : digest.variants) {
        const auto cells = cells_of(digest, variant, workload);
        chart.series.push_back(over_connections(variant, cells, "throughput_rps"));
        if (auto fit = fit_of(cells, variant)) chart.series.push_back(std::move(*fit));
    }
    return chart;
}

Chart latency_chart(const Digest& digest, const std::string& workload,
                    const std::optional<Objective>& objective) {
    Chart chart;
    chart.id = workload + "-latency";
    chart.title = "Latency against achieved throughput";
    chart.caption =
        "A point per level, joined in the order of connections; solid p50, dashed p99, dotted "
        "p99.9 (off at first). Levels where connections starved are left out: their percentiles "
        "are those of the lucky ones.";
    chart.x = {"achieved requests/s", false, "1/s", {}};
    chart.y = {"latency", true, "us", {}};
    chart.reference = objective ? micros(objective->limit) : kObjectiveUs;
    chart.reference_name = objective ? format_objective(*objective) : "10 ms, for the eye";
    for (const std::string& variant : digest.variants) {
        for (const char* key : {"p50_us", "p99_us", "p99_9_us"}) {
            Series series{fmt::format("{} {}", variant, find_metric(key)->title), variant, {}};
            series.dashed = std::string_view(key) == "p99_us";
            series.dotted = series.off = std::string_view(key) == "p99_9_us";
            for (const Cell* cell : cells_of(digest, variant, workload)) {
                const Spread* x = cell->value("throughput_rps");
                const Spread* y = cell->value(key);
                if (x == nullptr || y == nullptr || cell->starved()) continue;
                series.points.push_back(point_of(x->median, *cell, *y));
            }
            add_series(chart, std::move(series));
        }
    }
    return chart;
}

// x = 1 / (1 - p): every decade is another nine.
Chart percentile_chart(const Digest& digest, const Level& level) {
    Chart chart;
    chart.id = fmt::format("{}-percentiles", level.workload);
    chart.title =
        fmt::format("Latency by percentile, {}", format_plural(level.connections, "connection"));
    if (level.server_cpus > 0) chart.title += " on " + given_cpus(level.server_cpus);
    chart.caption =
        "All repetitions merged. Each step to the right by a factor of ten is another nine: 10 is "
        "p90, 100 p99. Curves end where the samples run out.";
    chart.x = {"1 / (1 - percentile)", true, "", {}};
    chart.y = {"latency", true, "us", {}};
    for (const std::string& variant : digest.variants) {
        const Cell* cell = digest.cell(variant, level);
        if (cell == nullptr) continue;
        Histogram merged;
        for (const Trial* trial : cell->trials) {
            if (cell->counted == 0 || trial->counts()) merged.add(trial->result.latency);
        }
        Series series{variant, variant, {}};
        series.markers = false;
        for (int i = 0; i <= 40; ++i) {
            const double x = std::pow(10, i / 10.0);
            const auto y = supported_percentile_us(merged, 100 - 100 / x);
            if (!y) break;
            series.points.push_back({x, *y, {}, {}, cell->counted == 0, {}});
        }
        add_series(chart, std::move(series));
    }
    return chart;
}

// One bar per model and workload, at the largest level of each.
Chart cost_chart(const Digest& digest, const char* id, const char* title, const char* caption,
                 const char* metric) {
    Chart chart;
    chart.id = id;
    chart.title = title;
    chart.caption = caption;
    chart.kind = Chart::Kind::bars;
    const Metric& of = *find_metric(metric);
    chart.y = {of.title, true, axis_unit(of.unit), {}};
    chart.x.title = "workload";
    const auto levels = largest_levels(digest);
    label_levels(chart, levels);
    for (const std::string& variant : digest.variants) {
        add_series(chart, bars_at(digest, levels, variant, metric));
    }
    return chart;
}

}  // namespace

std::vector<Chart> workload_charts(const Digest& digest, const std::string& workload,
                                   const std::optional<Objective>& objective) {
    std::vector<Chart> charts;
    const auto levels = curve_of(digest, workload);
    if (is_silent(digest, workload) || levels.empty()) return charts;
    const bool several = std::any_of(levels.begin(), levels.end(), [&](const Level& level) {
        return level.connections != levels.front().connections;
    });
    if (several) {
        charts.push_back(throughput_chart(digest, workload));
        charts.push_back(latency_chart(digest, workload, objective));
    }
    const bool told = several || levels.back().rate > 0;  // the throughput
    const char* figure = told ? "cpu_us_per_request" : "throughput_rps";
    charts.push_back(percentile_chart(digest, levels.back()));
    charts.push_back(
        level_chart(digest, levels.back(), *find_metric(figure), workload + "-figure"));
    charts.back().caption = "Median of the repetitions; whiskers: their range.";
    std::erase_if(charts, [](const Chart& chart) { return chart.series.empty(); });
    if (levels.back().server_cpus == 0) return charts;
    for (Chart& chart : charts) {
        chart.caption += fmt::format(" The server on {}.", given_cpus(levels.back().server_cpus));
    }
    return charts;
}

std::vector<Chart> cost_charts(const Digest& digest) {
    std::vector<Chart> charts{
        cost_chart(digest, "cpu-per-request", "CPU time per request",
                   "Of the whole process group, user and system. On loopback a part of the "
                   "server's receiving runs in the sender, and of its sending in the receiver: an "
                   "estimate.",
                   "cpu_us_per_request"),
        cost_chart(digest, "switches-per-request", "Context switches per request",
                   "Voluntary and involuntary, of all processes and threads of the server.",
                   "switches_per_request")};
    std::erase_if(charts, [](const Chart& chart) { return chart.series.empty(); });
    return charts;
}

std::vector<Chart> memory_charts(const Digest& digest) {
    if (digest.memory.empty()) return {};
    Chart stack;
    stack.id = "memory-per-connection";
    stack.title = "Memory per connection, by what it is for";
    stack.caption =
        fmt::format("Slopes over the connection counts that were held whole, {}; the parts add up.",
                    words_of(least_known(digest.memory)));
    stack.kind = Chart::Kind::stacked;
    stack.x.title = "model";
    stack.y = {"per connection", false, "bytes", {}};
    for (const MemorySlope& slope : digest.memory) stack.x.labels.push_back(slope.variant);
    const auto add_part = [&](const char* title, const auto& bytes_of) {
        Series series{title, "", {}};
        for (std::size_t i = 0; i < digest.memory.size(); ++i) {
            const std::optional<double> bytes = bytes_of(digest.memory[i]);
            if (bytes) series.points.push_back({static_cast<double>(i), *bytes, {}, {}, false, {}});
        }
        add_series(stack, std::move(series));
    };
    for (const MemoryPart& part : memory_parts()) {
        add_part(part.title,
                 [&](const MemorySlope& slope) { return counted_part(slope, part.key); });
    }
    add_part("kernel objects, from Slab", [](const MemorySlope& slope) {
        return slope.kernel == KernelPart::from_slab ? std::optional(slope.from_slab->value)
                                                     : std::nullopt;
    });
    Chart growth;
    growth.id = "memory-growth";
    growth.title = "Memory against silent connections";
    growth.caption =
        "PSS, page tables and kernel stacks of the whole process group. A pool stops growing at "
        "its last worker: what comes later waits in the backlog.";
    growth.x = {"connections", true, "", {}};
    growth.y = {"memory", true, "bytes", {}};
    for (const std::string& variant : digest.variants) {
        const auto cells = cells_of(digest, variant, digest.memory.front().workload);
        add_series(growth, over_connections(variant, cells, "memory"));
    }
    return {std::move(stack), std::move(growth)};
}

}  // namespace echotrio::loadgen
