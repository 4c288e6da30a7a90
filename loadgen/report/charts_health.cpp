// Charts of what stands behind the figures: ratios with their intervals, waits, the time line of a
// long trial, and the health of the generator.
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

Series waits_of(const Digest& digest, const std::vector<Level>& levels, const std::string& variant,
                const char* name, const auto& figure) {
    Series series{fmt::format("{}: {}", variant, name), variant, {}};
    for (std::size_t i = 0; i < levels.size(); ++i) {
        const Cell* cell = digest.cell(variant, levels[i]);
        if (cell == nullptr) continue;
        std::vector<double> values;
        for (const Trial* trial : cell->trials) {
            if (const std::optional<double> value = figure(*trial)) values.push_back(*value);
        }
        if (values.empty()) continue;
        const auto [least, most] = std::minmax_element(values.begin(), values.end());
        series.points.push_back(
            {static_cast<double>(i), median(values), *least, *most, cell->counted == 0, {}});
    }
    return series;
}

}  // namespace

std::vector<Chart> ratio_charts(const Digest& digest) {
    Chart chart;
    chart.id = "ratios";
    chart.title = "Ratios of models, with 95 % intervals";
    chart.caption =
        "Larger over smaller figure at each workload's largest level, in the colour of the larger. "
        "An interval that reaches 1 shows no difference.";
    chart.kind = Chart::Kind::scatter;
    chart.horizontal = true;
    chart.reference = 1;
    chart.x.title = "comparison";
    chart.y = {"ratio", true, "x", {}};
    std::vector<const Comparison*> shown;
    for (auto c = digest.comparisons.rbegin(); c != digest.comparisons.rend(); ++c) {
        const Workload* workload = find_workload(digest.plan.workloads, c->level.workload);
        if (c->metric != (workload != nullptr ? workload->headline : "throughput_rps")) continue;
        const bool smaller_level = std::any_of(shown.begin(), shown.end(), [&](const auto* other) {
            return other->level.workload == c->level.workload && other->level != c->level;
        });
        if (!smaller_level) shown.push_back(&*c);
    }
    for (const std::string& variant : digest.variants) {
        chart.series.push_back({variant, variant, {}});
    }
    for (auto c = shown.rbegin(); c != shown.rend(); ++c) {
        ChartPoint point{static_cast<double>(chart.x.labels.size()), (*c)->ratio.value};
        point.note = (*c)->sentence;
        if ((*c)->ratio.interval) {
            point.low = (*c)->ratio.interval->low;
            point.high = (*c)->ratio.interval->high;
        }
        chart.x.labels.push_back(
            fmt::format("{}: {} / {}", (*c)->level.workload, (*c)->numerator, (*c)->denominator));
        const auto series =
            std::find_if(chart.series.begin(), chart.series.end(),
                         [&](const Series& s) { return s.name == (*c)->numerator; });
        series->points.push_back(std::move(point));
    }
    std::erase_if(chart.series, [](const Series& series) { return series.points.empty(); });
    if (chart.series.empty()) return {};
    return {std::move(chart)};
}

std::vector<Chart> wait_charts(const Digest& digest) {
    Chart chart;
    chart.id = "waits";
    chart.title = "What a request waits for inside the server";
    chart.caption =
        "Wait for a CPU (run queue) per request, and the model's own waits from its /stats: for "
        "the global lock, for the event loop (hatched).";
    chart.kind = Chart::Kind::bars;
    chart.x.title = "workload";
    chart.y = {"wait", true, "us", {}};
    std::vector<Level> levels;
    for (const Level& level : digest.levels) {
        if (!levels.empty() && levels.back().workload == level.workload) levels.pop_back();
        levels.push_back(level);
    }
    for (const Level& level : levels) {
        chart.x.labels.push_back(fmt::format("{} x {}", level.workload, level.connections));
    }
    for (const std::string& variant : digest.variants) {
        for (Series& series : std::vector<Series>{
                 waits_of(digest, levels, variant, "CPU, per request",
                          find_metric("run_queue_us_per_request")->of),
                 waits_of(digest, levels, variant, "global lock, p99",
                          [](const Trial& t) { return own_figure(t, "/gil/wait_p99_us"); }),
                 waits_of(digest, levels, variant, "event loop lag, p99",
                          [](const Trial& t) { return own_figure(t, "/loop/lag_p99_us"); })}) {
            series.dashed = series.name.find("CPU") == std::string::npos;
            if (!series.points.empty()) chart.series.push_back(std::move(series));
        }
    }
    if (chart.series.empty()) return {};
    return {std::move(chart)};
}

std::vector<Chart> timeline_charts(const Digest& digest) {
    constexpr std::size_t kLeastSeconds = 5;
    std::vector<Chart> charts;
    for (const Cell& cell : digest.cells) {
        const auto longest = std::max_element(
            cell.trials.begin(), cell.trials.end(), [](const Trial* a, const Trial* b) {
                return a->result.intervals.size() < b->result.intervals.size();
            });
        const auto& intervals = (*longest)->result.intervals;
        if (intervals.size() < kLeastSeconds || charts.size() >= 12) continue;
        Chart chart;
        chart.id = fmt::format("timeline-{}", charts.size() + 1);
        chart.title = fmt::format("Time line: {} x {}, {}", cell.level.workload,
                                  format_exact_count(cell.level.connections), cell.variant);
        chart.caption =
            "One trial, second by second: requests/s and requests in flight (left), p99 (right).";
        chart.x = {"seconds", false, "", {}};
        chart.y = {"requests", true, "", {}};
        chart.second = {"p99", true, "us", {}};
        Series due{"offered/s", "", {}}, done{"achieved/s", cell.variant, {}},
            flight{"in flight", cell.variant, {}}, p99{"p99", "", {}};
        due.dashed = flight.dashed = true;
        p99.dotted = p99.second = true;
        for (const Interval& i : intervals) {
            if (i.due > 0) due.points.push_back({i.at_s, static_cast<double>(i.due)});
            done.points.push_back({i.at_s, static_cast<double>(i.completed)});
            flight.points.push_back({i.at_s, static_cast<double>(i.in_flight)});
            if (i.p99_us) p99.points.push_back({i.at_s, *i.p99_us});
        }
        for (Series* series : {&due, &done, &flight, &p99}) {
            if (!series->points.empty()) chart.series.push_back(std::move(*series));
        }
        charts.push_back(std::move(chart));
    }
    return charts;
}

std::vector<Chart> generator_charts(const Experiment& experiment) {
    Chart chart;
    chart.id = "generator-health";
    chart.title = "Health of the generator, trial by trial";
    chart.caption =
        "CPU share of its busiest thread, the share of the window that a thread waited for a CPU, "
        "and the machine's own stalls (right). INVALID trials are drawn as crosses.";
    chart.kind = Chart::Kind::scatter;
    chart.x = {"trial, in the order of the experiment", false, "", {}};
    chart.y = {"% of the window", false, "", {}};
    chart.second = {"machine stall", true, "us", {}};
    Series busy{"busiest thread, %", "", {}}, wait{"waiting for a CPU, %", "", {}},
        hiccup{"machine stall, p99", "", {}};
    hiccup.second = true;
    double number = 0;
    for (const Trial& trial : experiment.trials) {
        ++number;
        const RunResult& r = trial.result;
        if (r.generator.threads == 0) continue;
        const bool invalid = !r.verdict.valid;
        const std::string note =
            fmt::format("{} x {}, {}{}", trial.point.level.workload, trial.point.level.connections,
                        trial.point.variant, invalid ? ", INVALID" : "");
        busy.points.push_back({number, r.generator.busiest_thread * 100, {}, {}, invalid, note});
        wait.points.push_back({number, r.generator.run_queue_wait * 100, {}, {}, invalid, note});
        if (r.machine.hiccup_p99_us) {
            hiccup.points.push_back({number, *r.machine.hiccup_p99_us, {}, {}, invalid, note});
        }
    }
    for (Series* series : {&busy, &wait, &hiccup}) {
        if (!series->points.empty()) chart.series.push_back(std::move(*series));
    }
    if (chart.series.empty()) return {};
    return {std::move(chart)};
}

}  // namespace echotrio::loadgen
