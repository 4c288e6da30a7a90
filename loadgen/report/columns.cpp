#include "loadgen/report/columns.hpp"

#include <algorithm>

namespace echotrio::loadgen {
namespace {

TableCell figure_cell(const Cell& cell, const Metric& metric, const char* missing) {
    const Spread* spread = cell.value(metric.key);
    if (spread == nullptr) return {missing, Mark::muted};
    return {format_value(spread->median, metric.unit), spread->valid ? Mark::plain : Mark::invalid};
}

CellColumn cpus_column() {
    return {{"CPUs"}, [](const Cell& cell) { return TableCell{cpus_short(cpus_of(cell))}; }};
}

// Before the model, or at the end.
void insert_cpus(std::vector<CellColumn>& columns) {
    const auto model = std::find_if(columns.begin(), columns.end(), [](const CellColumn& column) {
        return column.head.title == "model";
    });
    columns.insert(model, cpus_column());
}

}  // namespace

Table level_table(const Digest& digest, const std::vector<Level>& levels,
                  std::vector<CellColumn> columns) {
    std::vector<std::vector<const Cell*>> groups;
    groups.reserve(levels.size());
    for (const Level& level : levels) groups.push_back(cells_at(digest, level));
    const std::vector<std::string> had = cpus_words(digest, levels);
    if (had.size() > 1) insert_cpus(columns);
    Table table = table_of(columns, groups);
    table.caption = had.size() > 1    ? std::string(kCpusColumn)
                    : had.size() == 1 ? "CPUs: " + had.front()
                                      : std::string();
    return table;
}

CellColumn workload_column() {
    return {{"workload"}, [](const Cell& cell) { return TableCell{cell.level.workload}; }, true};
}

CellColumn connections_column(int importance) {
    const auto count = [](const Cell& cell) {
        return TableCell{format_exact_count(cell.level.connections)};
    };
    return {{"connections", true, importance}, count, true};
}

bool any_rate(const std::vector<Level>& levels) {
    return std::any_of(levels.begin(), levels.end(),
                       [](const Level& level) { return level.rate > 0; });
}

TableCell rate_cell(const Level& level) {
    return level.rate > 0 ? TableCell{format_count(level.rate)} : TableCell{"-", Mark::muted};
}

CellColumn rate_column() {
    return {{"rate", true}, [](const Cell& cell) { return rate_cell(cell.level); }};
}

CellColumn model_column() {
    return {{"model"}, [](const Cell& cell) { return TableCell{cell.variant}; }};
}

CellColumn metric_column(const char* metric, int importance) {
    const Metric& of = *find_metric(metric);
    return {{of.title, true, importance},
            [&of](const Cell& cell) { return figure_cell(cell, of, "unavailable"); }};
}

CellColumn ranked_column(const Digest& digest, const char* metric, int importance) {
    const Metric& of = *find_metric(metric);
    return {
        {of.title, true, importance}, [&](const Cell& cell) {
            TableCell shown = figure_cell(cell, of, "-");
            if (of.of_all_connections && cell.starved()) shown.mark = Mark::muted;
            if (shown.mark == Mark::plain && clear_best(digest, cell.level, of) == cell.variant) {
                shown.mark = Mark::best;
            }
            return shown;
        }};
}

}  // namespace echotrio::loadgen
