// The tables of a comparison: a row per model and level, the best figure marked where the interval
// of its ratio to the next one excludes 1, and every doubt named below the table.
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace echotrio::loadgen {
namespace {

struct Figure {
    const char* metric;
    int importance;
    const char* ranked_by = nullptr;  // the metric of its comparisons; null = the same
};

std::vector<Figure> figures_for(const Workload* workload) {
    if (workload != nullptr && workload->silent) {
        return {{"memory", 0}, {"pss", 1}, {"p50_us", 3}};
    }
    if (workload != nullptr && !workload->classes.empty()) {
        return {{"throughput_rps", 1},
                {"small_p50_us", 1},
                {"small_p99_us", 0},
                {"heavy_p50_us", 2},
                {"cpu_us_per_request", 2, "requests_per_cpu_s"},
                {"memory", 3}};
    }
    return {{"throughput_rps", 0},
            {"p50_us", 2},
            {"p99_us", 1},
            {"cpu_us_per_request", 1, "requests_per_cpu_s"},
            {"memory", 2}};
}

bool ranks(const Cell& cell, const Metric& metric) {
    const Spread* spread = cell.value(metric.key);
    return spread != nullptr && spread->valid && !(metric.of_all_connections && cell.starved());
}

// The variant whose figure is the best at this level beyond doubt; empty when there is none.
std::string clear_best(const Digest& digest, const Level& level, const Figure& figure) {
    const Metric& metric = *find_metric(figure.metric);
    const auto better = [&](const Cell* a, const Cell* b) {
        const double x = a->value(metric.key)->median, y = b->value(metric.key)->median;
        return metric.more_is_better ? x > y : x < y;
    };
    std::vector<const Cell*> cells;
    for (const Cell& cell : digest.cells) {
        if (cell.level == level && ranks(cell, metric)) cells.push_back(&cell);
    }
    if (cells.size() < 2) return {};
    std::stable_sort(cells.begin(), cells.end(), better);
    const char* key = figure.ranked_by != nullptr ? figure.ranked_by : figure.metric;
    const Comparison* c = digest.comparison(level, key, cells[0]->variant, cells[1]->variant);
    const bool clear =
        c != nullptr && (c->finding == Direction::more || c->finding == Direction::less);
    return clear ? cells[0]->variant : std::string();
}

TableCell figure_cell(const Cell& cell, const Figure& figure, const std::string& best) {
    const Metric& metric = *find_metric(figure.metric);
    const Spread* spread = cell.value(figure.metric);
    if (spread == nullptr) return {"-", Mark::muted};
    Mark mark = best == cell.variant ? Mark::best : Mark::plain;
    if (!spread->valid) mark = Mark::invalid;
    if (metric.of_all_connections && cell.starved()) mark = Mark::muted;
    return {format_value(spread->median, metric.unit), mark};
}

// Half the range of the repetitions as a share of the median.
TableCell spread_cell(const Cell& cell, const char* metric) {
    const Spread* spread = cell.value(metric);
    if (spread == nullptr || spread->count < 2 || spread->median <= 0) return {"", Mark::muted};
    const double half = (spread->most - spread->least) / 2 / spread->median;
    return {fmt::format("{:.0f} %", std::ceil(half * 100)), Mark::muted};
}

// What a reader must know before using the row's figures, in a few words.
TableCell remark_cell(const Cell& cell) {
    std::vector<std::string> words;
    Mark mark = Mark::plain;
    if (cell.counted == 0) {
        mark = Mark::invalid;
        words.push_back("INVALID");
    }
    if (cell.starved()) {
        mark = std::max(mark, Mark::flagged);
        words.push_back(fmt::format("served {} of {}", format_exact_count(cell.served),
                                    format_exact_count(cell.connections)));
    }
    if (cell.overloaded) {
        mark = std::max(mark, Mark::flagged);
        words.push_back("overloaded");
    }
    if (cell.counted > 0 && cell.counted < cell.trials.size()) {
        words.push_back(fmt::format("{} of {} trials count", cell.counted, cell.trials.size()));
    }
    std::set<std::string> checks;
    for (const auto& [flag, times] : cell.flags) {
        const bool said = flag.check == "fairness" && cell.starved();
        if (!said) checks.insert(flag.check);
    }
    for (const std::string& check : checks) words.push_back("!" + check);
    return {fmt::format("{}", fmt::join(words, ", ")), words.empty() ? Mark::plain : mark};
}

Table workload_table(const Digest& digest, const std::string& workload) {
    const Workload* described = find_workload(digest.plan.workloads, workload);
    const auto figures = figures_for(described);
    const bool rates = std::any_of(digest.levels.begin(), digest.levels.end(), [&](const Level& l) {
        return l.workload == workload && l.rate > 0;
    });
    Table table;
    table.columns = {{"connections", true, 0}};
    if (rates) table.columns.push_back({"rate", true, 0});
    table.columns.push_back({"model", false, 0});
    for (const Figure& figure : figures) {
        table.columns.push_back({find_metric(figure.metric)->title, true, figure.importance});
        if (&figure == &figures.front()) table.columns.push_back({"±", true, 4});
    }
    table.columns.push_back({"remarks", false, 0});
    for (const Level& level : digest.levels) {
        if (level.workload != workload) continue;
        std::vector<std::string> best;
        for (const Figure& figure : figures) best.push_back(clear_best(digest, level, figure));
        if (!table.rows.empty()) table.breaks.push_back(table.rows.size());
        bool first = true;
        for (const Cell& cell : digest.cells) {
            if (cell.level != level) continue;
            std::vector<TableCell> row{{first ? format_exact_count(level.connections) : ""}};
            if (rates) row.push_back({first ? format_count(level.rate) : ""});
            row.push_back({cell.variant});
            for (std::size_t i = 0; i < figures.size(); ++i) {
                row.push_back(figure_cell(cell, figures[i], best[i]));
                if (i == 0) row.push_back(spread_cell(cell, figures[i].metric));
            }
            row.push_back(remark_cell(cell));
            table.rows.push_back(std::move(row));
            first = false;
        }
    }
    return table;
}

}  // namespace

std::string title_of(const Digest& digest, const std::string& workload) {
    const Workload* described = find_workload(digest.plan.workloads, workload);
    return described == nullptr ? workload : fmt::format("{}: {}", workload, described->title);
}

std::vector<Section> workload_sections(const Digest& digest,
                                       const std::optional<Objective>& objective) {
    std::vector<Section> sections;
    for (const Level& level : digest.levels) {
        if (!sections.empty() && sections.back().id == level.workload) continue;
        Section section{level.workload, title_of(digest, level.workload), {}};
        for (Chart& chart : workload_charts(digest, level.workload, objective)) {
            section.blocks.push_back(std::move(chart));
        }
        section.blocks.push_back(workload_table(digest, level.workload));
        sections.push_back(std::move(section));
    }
    return sections;
}

std::vector<Section> memory_sections(const Digest& digest) {
    if (digest.memory.empty() && digest.pools.empty()) return {};
    Table table;
    table.columns = {{"model", false, 0},
                     {"per connection", true, 0},
                     {"95 % interval", true, 1},
                     {"connections/GiB", true, 0}};
    for (const MemoryPart& part : memory_parts()) table.columns.push_back({part.title, true, 2});
    table.columns.push_back({"counts", true, 3});
    bool few_levels = false;
    for (const MemorySlope& slope : digest.memory) {
        const double bytes = slope.total.slope;
        std::vector<TableCell> row{
            {slope.variant},
            {format_value(bytes, Unit::bytes)},
            {fmt::format("{} to {}", format_value(slope.total.slope_interval.low, Unit::bytes),
                         format_value(slope.total.slope_interval.high, Unit::bytes))},
            {bytes > 0 ? format_count((1 << 30) / bytes) : "-"}};
        for (const MemoryPart& part : memory_parts()) {
            const auto found = slope.parts.find(part.key);
            row.push_back(found == slope.parts.end()
                              ? TableCell{"unavailable", Mark::muted}
                              : TableCell{format_value(found->second, Unit::bytes)});
        }
        row.push_back({fmt::format("{}", slope.levels)});
        few_levels = few_levels || slope.levels < 4;
        table.rows.push_back(std::move(row));
    }
    for (const FixedPool& pool : digest.pools) {
        std::vector<TableCell> row(table.columns.size(), {"-", Mark::muted});
        row[0] = {pool.variant};
        row[1] = {format_value(pool.bytes, Unit::bytes)};
        row[2] = {fmt::format("a pool of {}", format_exact_count(pool.processes))};
        row[3] = {format_count((1 << 30) / pool.bytes)};
        table.rows.push_back(std::move(row));
    }
    Section section{"memory", "Memory per connection, kernel included", {}};
    section.short_title = "Memory";
    for (Chart& chart : memory_charts(digest)) section.blocks.push_back(std::move(chart));
    section.blocks.push_back(std::move(table));
    section.blocks.push_back(Paragraph{
        "The slope of a line through all trials with silent connections; its parts add up. What "
        "the system does not tell is not in the total.",
        Mark::muted});
    if (!digest.pools.empty()) {
        section.blocks.push_back(Paragraph{
            "A pool of processes that all stood before the first connection does not grow: its "
            "memory is divided by its processes, which is as many connections as it serves.",
            Mark::muted});
    }
    if (few_levels) {
        section.blocks.push_back(Paragraph{
            "! Fewer than four connection counts: the slope rests on too little to see a bend.",
            Mark::flagged});
    }
    return {std::move(section)};
}

std::vector<Section> cross_check_sections(const Experiment& experiment) {
    Table table;
    table.columns = {{"connections", true, 3}, {"model", false, 0},      {"loadgen req/s", true, 0},
                     {"other req/s", true, 0}, {"difference", true, 0},  {"loadgen p50", true, 2},
                     {"other p50", true, 2},   {"loadgen p99", true, 1}, {"other p99", true, 1}};
    std::map<std::pair<std::uint64_t, std::string>, std::vector<const Trial*>> by_place;
    std::set<std::string> tools, errors;
    for (const Trial& trial : experiment.trials) {
        if (!trial.cross_check) continue;
        tools.insert(trial.cross_check->tool);
        if (!trial.cross_check->error.empty()) errors.insert(trial.cross_check->error);
        if (!trial.cross_check->error.empty() || trial.superseded) continue;
        by_place[{trial.point.level.connections, trial.point.variant}].push_back(&trial);
    }
    if (tools.empty()) return {};
    const auto median_of = [](const std::vector<const Trial*>& trials, const auto& of) {
        std::vector<double> values;
        for (const Trial* trial : trials) {
            if (const std::optional<double> value = of(*trial)) values.push_back(*value);
        }
        return values.empty() ? std::optional<double>() : median(values);
    };
    const auto text = [](std::optional<double> value, Unit unit) {
        return TableCell{value ? format_value(*value, unit) : "-"};
    };
    for (const auto& [place, trials] : by_place) {
        const auto ours = median_of(
            trials, [](const Trial& t) { return std::optional(t.result.throughput_rps); });
        const auto other = median_of(
            trials, [](const Trial& t) { return std::optional(t.cross_check->throughput_rps); });
        table.rows.push_back(
            {{format_exact_count(place.first)},
             {place.second},
             text(ours, Unit::per_second),
             text(other, Unit::per_second),
             {fmt::format("{:+.1f} %", (*other / *ours - 1) * 100)},
             text(median_of(trials, [](const Trial& t) { return t.result.latency_us.p50; }),
                  Unit::microseconds),
             text(median_of(trials, [](const Trial& t) { return t.cross_check->p50_us; }),
                  Unit::microseconds),
             text(median_of(trials, [](const Trial& t) { return t.result.latency_us.p99; }),
                  Unit::microseconds),
             text(median_of(trials, [](const Trial& t) { return t.cross_check->p99_us; }),
                  Unit::microseconds)});
    }
    Section section{
        "cross-check",
        fmt::format("Cross-check: {} on the same server processes", fmt::join(tools, ", ")),
        {}};
    if (!table.rows.empty()) section.blocks.push_back(std::move(table));
    for (const std::string& error : errors) {
        section.blocks.push_back(Paragraph{"! " + error, Mark::flagged});
    }
    return {std::move(section)};
}

}  // namespace echotrio::loadgen
