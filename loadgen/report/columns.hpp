// Tables out of columns: each says its head and what it shows of a row's subject.
#pragma once

#include "loadgen/document/document.hpp"
#include "loadgen/findings/select.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {

template <class Subject>
struct ColumnOf {
    Column head;
    std::function<TableCell(const Subject&)> cell;
    bool once = false;  // in the first row of a group only
};

// A row a subject, with a break between groups.
template <class Subject>
Table table_of(const std::vector<ColumnOf<Subject>>& columns,
               const std::vector<std::vector<const Subject*>>& groups) {
    Table table;
    for (const auto& column : columns) table.columns.push_back(column.head);
    for (const auto& group : groups) {
        if (!table.rows.empty() && !group.empty()) table.breaks.push_back(table.rows.size());
        for (const Subject* subject : group) {
            auto& row = table.rows.emplace_back();
            for (const auto& column : columns) {
                const bool blank = column.once && subject != group.front();
                row.push_back(blank ? TableCell{} : column.cell(*subject));
            }
        }
    }
    return table;
}
// All in one group.
template <class Subject>
Table table_of(const std::vector<ColumnOf<Subject>>& columns, const std::vector<Subject>& all) {
    std::vector<const Subject*> group;
    group.reserve(all.size());
    for (const Subject& subject : all) group.push_back(&subject);
    return table_of(columns, std::vector<std::vector<const Subject*>>{group});
}

// A row a model at each of these levels. The CPUs of both sides stand in the caption, or, where
// rows differ in them, in a column before the model.
using CellColumn = ColumnOf<Cell>;
Table level_table(const Digest& digest, const std::vector<Level>& levels,
                  std::vector<CellColumn> columns);

// `importance` as in Column.
CellColumn workload_column();
CellColumn connections_column(int importance);
// Where any of the levels has a rate.
bool any_rate(const std::vector<Level>& levels);
CellColumn rate_column();
TableCell rate_cell(const Level& level);
CellColumn model_column();
// The metric's median, or "unavailable".
CellColumn metric_column(const char* metric, int importance);
// The median with the best of its level marked. The digest must outlive the column.
CellColumn ranked_column(const Digest& digest, const char* metric, int importance);

}  // namespace echotrio::loadgen
