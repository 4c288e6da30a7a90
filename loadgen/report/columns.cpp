#include "loadgen/report/columns.hpp"

namespace echotrio::loadgen {
namespace {

TableCell figure_cell(const Cell& cell, const Metric& metric, const char* missing) {
    const Spread* spread = cell.value(metric.key);
    if (spread == nullptr) return {missing, Mark::muted};
    return {format_value(spread->median, metric.unit), spread->valid ? Mark::plain : Mark::invalid};
}

}  // namespace

Table level_table(const Digest& digest, const std::vector<Level>& levels,
                  const std::vector<CellColumn>& columns) {
    std::vector<std::vector<const Cell*>> groups;
    groups.reserve(levels.size());
    for (const Level& level : levels) groups.push_back(cells_at(digest, level));
    return table_of(columns, groups);
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

CellColumn rate_column() {
    const auto rate = [](const Cell& cell) { return TableCell{format_count(cell.level.rate)}; };
    return {{"rate", true}, rate, true};
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
