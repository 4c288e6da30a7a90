// The tables of a comparison: a row per model and level, the best figure marked where the interval
// of its ratio to the next one excludes 1, and every doubt named below the table.
#include "loadgen/report/columns.hpp"
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
};

bool has_class(const Workload& workload, std::string_view name) {
    const auto& classes = workload.load.classes;
    return std::any_of(classes.begin(), classes.end(),
                       [&](const RequestClass& one) { return one.name == name; });
}

std::vector<Figure> figures_for(const Workload* workload) {
    if (workload != nullptr && workload->silent) {
        return {{"memory", 0}, {"pss", 1}, {"p50_us", 3}};
    }
    // classes of other names are in the figures of all requests
    if (workload != nullptr && has_class(*workload, "small") && has_class(*workload, "heavy")) {
        return {{"throughput_rps", 1}, {"small_p50_us", 1},       {"small_p99_us", 0},
                {"heavy_p50_us", 2},   {"cpu_us_per_request", 2}, {"memory", 3}};
    }
    if (workload != nullptr && !workload->shares.empty()) {
        return {{"cpu_us_per_request", 0}, {"p99_us", 0}, {"p50_us", 2}, {"throughput_rps", 2}};
    }
    return {{"throughput_rps", 0},
            {"p50_us", 2},
            {"p99_us", 1},
            {"cpu_us_per_request", 1},
            {"memory", 2}};
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
    const auto levels = levels_of(digest, workload);
    std::vector<CellColumn> columns{connections_column(0)};
    if (any_rate(levels)) columns.push_back(rate_column());
    columns.push_back(model_column());
    bool first = true;
    for (const Figure& figure : figures_for(workload_of(digest, workload))) {
        columns.push_back(ranked_column(digest, figure.metric, figure.importance));
        if (!std::exchange(first, false)) continue;
        const char* metric = figure.metric;
        columns.push_back(
            {{"±", true, 4}, [metric](const Cell& cell) { return spread_cell(cell, metric); }});
    }
    columns.push_back({{"remarks"}, remark_cell});
    return level_table(digest, levels, std::move(columns));
}

constexpr double kGiB = 1 << 30;

// "290,000 to 321,000", of the bytes' interval.
std::string per_gib_interval(const Bounds& bytes) {
    if (!(bytes.high > 0)) return "-";
    const std::string low = format_count(kGiB / bytes.high);
    if (!(bytes.low > 0)) return low + " or more";
    return fmt::format("{} to {}", low, format_count(kGiB / bytes.low));
}

// What the totals hold, and where it comes from.
std::vector<Paragraph> memory_notes(const Digest& digest) {
    std::vector<Paragraph> notes{
        {"The slope of a line through all trials with silent connections.", Mark::muted}};
    const auto have = [&](KernelPart part) {
        return std::any_of(digest.memory.begin(), digest.memory.end(),
                           [&](const MemorySlope& slope) { return slope.kernel == part; });
    };
    if (have(KernelPart::read)) {
        notes.front().text += " Its parts add up, kernel included.";
    }
    if (have(KernelPart::from_slab)) {
        notes.push_back(
            {"Only root can read the kernel's objects apart. Here they are the slope of "
             "SUnreclaim in /proc/meminfo, which is the whole machine's, less what it did without "
             "new connections for as long, less the generator's own ends; and what an end takes of "
             "reclaimable slab. Places that ended tasks left free are filled first: of processes "
             "and threads it is a lower bound.",
             Mark::muted});
    }
    if (have(KernelPart::unknown)) {
        std::map<std::string, std::vector<std::string>> models;  // by reason
        for (const MemorySlope& slope : digest.memory) {
            if (slope.kernel != KernelPart::unknown) continue;
            models[slope.why_unknown].push_back(slope.variant);
        }
        std::vector<std::string> reasons;
        reasons.reserve(models.size());
        for (const auto& [why, whose] : models) {
            reasons.push_back(fmt::format("{}: {}", fmt::join(whose, ", "), why));
        }
        notes.push_back(
            {fmt::format("! User memory only (PSS): totals and connections per GiB lack "
                         "what the kernel holds ({}). Measure as root, or with {} or "
                         "more connection counts on a quiet machine.",
                         fmt::join(reasons, "; "), kMemoryLevels),
             Mark::flagged});
    }
    return notes;
}

// The parts of a slope, and the whole.
std::vector<ColumnOf<MemorySlope>> slope_columns() {
    const auto bytes = [](double value) { return format_value(value, Unit::bytes); };
    std::vector<ColumnOf<MemorySlope>> columns{
        {{"model"}, [](const MemorySlope& slope) { return TableCell{slope.variant}; }},
        {{"per connection", true},
         [=](const MemorySlope& slope) { return TableCell{bytes(slope.total.slope)}; }},
        {{"95 % interval", true, 1},
         [=](const MemorySlope& slope) {
             const Bounds& bounds = slope.total.slope_interval;
             return TableCell{fmt::format("{} to {}", bytes(bounds.low), bytes(bounds.high))};
         }},
        {{"connections/GiB", true},
         [](const MemorySlope& slope) {
             const double each = slope.total.slope;
             return TableCell{each > 0 ? format_count(kGiB / each) : "-"};
         }},
        {{"95 % of these", true, 1},
         [](const MemorySlope& slope) {
             return TableCell{per_gib_interval(slope.total.slope_interval)};
         }},
        {{"kernel's part", false, 1}, [](const MemorySlope& slope) {
             const bool known = slope.kernel != KernelPart::unknown;
             return TableCell{source_of(slope.kernel), known ? Mark::plain : Mark::flagged};
         }}};
    for (const MemoryPart& part : memory_parts()) {
        columns.push_back({{part.title, true, 2}, [=](const MemorySlope& slope) {
                               const auto found = slope.parts.find(part.key);
                               return found == slope.parts.end()
                                          ? TableCell{"unavailable", Mark::muted}
                                          : TableCell{bytes(found->second)};
                           }});
    }
    columns.push_back({{"kernel objects, from Slab", true, 2}, [=](const MemorySlope& slope) {
                           return slope.from_slab ? TableCell{bytes(slope.from_slab->value)}
                                                  : TableCell{"-", Mark::muted};
                       }});
    columns.push_back({{"counts", true, 3}, [](const MemorySlope& slope) {
                           return TableCell{fmt::format("{}", slope.levels)};
                       }});
    return columns;
}

// The trials of one model at one number of connections that another tool loaded too.
struct Checked {
    std::uint64_t connections = 0;
    std::string variant;
    std::vector<const Trial*> trials{};
};

using TrialFigure = std::function<std::optional<double>(const Trial&)>;

std::optional<double> median_of(const Checked& checked, const TrialFigure& of) {
    std::vector<double> values;
    for (const Trial* trial : checked.trials) {
        if (const std::optional<double> value = of(*trial)) values.push_back(*value);
    }
    return values.empty() ? std::optional<double>() : median(values);
}

std::vector<ColumnOf<Checked>> check_columns() {
    struct Pair {
        std::string name;
        int importance;
        Unit unit;
        TrialFigure ours, other;
    };
    const Pair pairs[] = {
        {"req/s", 0, Unit::per_second,
         [](const Trial& t) { return std::optional(t.result.throughput_rps); },
         [](const Trial& t) { return std::optional(t.cross_check->throughput_rps); }},
        {"p50", 2, Unit::microseconds, [](const Trial& t) { return t.result.latency_us.p50; },
         [](const Trial& t) { return t.cross_check->p50_us; }},
        {"p99", 1, Unit::microseconds, [](const Trial& t) { return t.result.latency_us.p99; },
         [](const Trial& t) { return t.cross_check->p99_us; }}};
    std::vector<ColumnOf<Checked>> columns{
        {{"connections", true, 3},
         [](const Checked& c) { return TableCell{format_exact_count(c.connections)}; }},
        {{"model"}, [](const Checked& c) { return TableCell{c.variant}; }}};
    for (const Pair& pair : pairs) {
        for (const auto& [who, of] : {std::pair("loadgen ", pair.ours), {"other ", pair.other}}) {
            columns.push_back({{who + pair.name, true, pair.importance},
                               [figure = of, unit = pair.unit](const Checked& checked) {
                                   const auto value = median_of(checked, figure);
                                   return TableCell{value ? format_value(*value, unit) : "-"};
                               }});
        }
    }
    const auto difference = [rate = pairs[0]](const Checked& c) {
        const double ratio = *median_of(c, rate.other) / *median_of(c, rate.ours);
        if (!std::isfinite(ratio)) return TableCell{"-"};  // no reply came
        return TableCell{fmt::format("{:+.1f} %", (ratio - 1) * 100)};
    };
    columns.insert(columns.begin() + 4, {{"difference", true}, difference});
    return columns;
}

}  // namespace

std::string title_of(const Digest& digest, const std::string& workload) {
    const Workload* described = workload_of(digest, workload);
    return described == nullptr ? workload : fmt::format("{}: {}", workload, described->title);
}

std::vector<Section> workload_sections(const Digest& digest,
                                       const std::optional<Objective>& objective) {
    std::vector<Section> sections;
    for (const std::string& workload : workloads_of(digest)) {
        Section section{workload, title_of(digest, workload), {}};
        for (Chart& chart : workload_charts(digest, workload, objective)) {
            section.blocks.push_back(std::move(chart));
        }
        section.blocks.push_back(workload_table(digest, workload));
        sections.push_back(std::move(section));
    }
    return sections;
}

std::vector<Section> memory_sections(const Digest& digest) {
    if (digest.memory.empty() && digest.pools.empty()) return {};
    Table table = table_of(slope_columns(), digest.memory);
    const bool few_levels = std::any_of(digest.memory.begin(), digest.memory.end(),
                                        [](const auto& slope) { return slope.levels < 4; });
    for (const FixedPool& pool : digest.pools) {
        std::vector<TableCell> row(table.columns.size(), {"-", Mark::muted});
        row[0] = {pool.variant};
        row[1] = {format_value(pool.bytes.value, Unit::bytes)};
        row[2] = {fmt::format("a pool of {}", format_exact_count(pool.processes))};
        row[3] = {format_count(kGiB / pool.bytes.value)};
        row[4] = {pool.bytes.interval ? per_gib_interval(*pool.bytes.interval) : "-"};
        row[5] = {source_of(KernelPart::unknown), Mark::flagged};
        table.rows.push_back(std::move(row));
    }
    const KernelPart known = least_known(digest.memory);  // unknown, if pools are all there is
    const bool pools_tell_less = known != KernelPart::unknown && !digest.pools.empty();
    if (!digest.memory.empty()) {
        table.caption = "CPUs: " + cpus_words_of(digest, digest.memory.front().workload);
    }
    Section section{"memory",
                    fmt::format("Memory per connection, {}{}", words_of(known),
                                pools_tell_less ? "; of a pool user memory only" : ""),
                    {}};
    section.short_title = "Memory";
    for (Chart& chart : memory_charts(digest)) section.blocks.push_back(std::move(chart));
    section.blocks.push_back(std::move(table));
    for (Paragraph& note : memory_notes(digest)) section.blocks.push_back(std::move(note));
    if (!digest.pools.empty()) {
        section.blocks.push_back(Paragraph{
            "A pool of processes that all stood before the first connection does not grow: its "
            "user memory is divided by its processes, which is as many connections as it serves.",
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
    std::map<std::pair<std::uint64_t, std::string>, std::vector<const Trial*>> by_place;
    std::set<std::string> tools, errors, had;
    for (const Trial& trial : experiment.trials) {
        if (!trial.cross_check) continue;
        tools.insert(trial.cross_check->tool);
        had.insert(cpus_words(trial.cpus()));
        if (!trial.cross_check->error.empty()) errors.insert(trial.cross_check->error);
        if (!trial.cross_check->error.empty() || trial.superseded) continue;
        by_place[{trial.point.level.connections, trial.point.variant}].push_back(&trial);
    }
    if (tools.empty()) return {};
    std::vector<Checked> rows;
    rows.reserve(by_place.size());
    for (auto& [place, trials] : by_place) {
        rows.push_back({place.first, place.second, std::move(trials)});
    }
    Table table = table_of(check_columns(), rows);
    table.caption =
        fmt::format("CPUs: {}; the other tool on the generator's", fmt::join(had, "; "));
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
