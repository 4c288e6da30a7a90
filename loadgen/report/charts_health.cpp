// Charts of what stands behind the figures: ratios with their intervals, waits, the time line of a
// long trial, and the health of the generator.
#include "loadgen/models/models.hpp"
#include "loadgen/report/chart_parts.hpp"
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {

std::vector<Chart> ratio_charts(const Digest& digest) {
    Chart chart = ratio_chart("ratios", "Ratios of models, with 95 % intervals");
    chart.caption =
        "Larger over smaller figure at each workload's largest level, in the colour of the larger. "
        "An interval that reaches 1 shows no difference.";
    chart.x.title = "comparison";
    for (const std::string& variant : digest.variants) {
        chart.series.push_back({variant, variant, {}});
    }
    for (const std::string& workload : workloads_of(digest)) {
        const std::string headline = headline_of(digest, workload);
        std::optional<Level> largest;  // of those that were compared
        for (const Comparison& c : digest.comparisons) {
            if (c.level.workload == workload && c.metric == headline) largest = c.level;
        }
        for (const Comparison& c : digest.comparisons) {
            if (c.level != largest || c.metric != headline) continue;
            add_ratio(chart, c.numerator,
                      fmt::format(
                          "{}{}: {} / {}", workload,
                          c.level.server_cpus == 0 ? "" : " on " + given_cpus(c.level.server_cpus),
                          c.numerator, c.denominator),
                      c.ratio, c.sentence);
        }
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
    const auto levels = largest_levels(digest);
    label_levels(chart, levels);
    for (const std::string& variant : digest.variants) {
        std::vector<Series> waits;
        waits.push_back(bars_at(digest, levels, variant, "run_queue_us_per_request"));
        waits.back().name = fmt::format("{}: CPU, per request", variant);
        for (const Model& model : models()) {
            if (model.own_wait.series.empty()) continue;
            waits.push_back(bars_at(digest, levels, variant, model.own_wait.metric));
            waits.back().name = fmt::format("{}: {}", variant, model.own_wait.series);
            waits.back().dashed = true;  // the model's own wait, not the system's
        }
        for (Series& series : waits) add_series(chart, std::move(series));
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
        if (cell.level.server_cpus > 0) {
            chart.title += " on " + given_cpus(cell.level.server_cpus);
        }
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
        for (Series* series : {&due, &done, &flight, &p99}) add_series(chart, std::move(*series));
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
    for (Series* series : {&busy, &wait, &hiccup}) add_series(chart, std::move(*series));
    if (chart.series.empty()) return {};
    return {std::move(chart)};
}

}  // namespace echotrio::loadgen
