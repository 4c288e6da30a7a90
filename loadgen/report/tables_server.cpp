// What the servers cost besides time: memory before, at the peak and after the connections have
// closed; CPU time, faults and waits per request, with the model's own waits beside them.
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// The level of the most connections, of the silent workloads or of the others.
const Level* largest_level(const Digest& digest, bool silent) {
    const Level* largest = nullptr;
    for (const Level& level : digest.levels) {
        const Workload* workload = find_workload(digest.plan.workloads, level.workload);
        if ((workload != nullptr && workload->silent) != silent) continue;
        if (largest == nullptr || level.connections > largest->connections) largest = &level;
    }
    return largest;
}

TableCell value_cell(const Cell& cell, const char* metric) {
    const Spread* spread = cell.value(metric);
    if (spread == nullptr) return {"unavailable", Mark::muted};
    return {format_value(spread->median, find_metric(metric)->unit),
            spread->valid ? Mark::plain : Mark::invalid};
}

// Of what grew with the connections, how much is the system's again.
TableCell returned_cell(const Cell& cell) {
    const Spread* before = cell.value("memory_before");
    const Spread* peak = cell.value("memory_peak");
    const Spread* after = cell.value("memory_after");
    if (before == nullptr || peak == nullptr || after == nullptr) {
        return {"unavailable", Mark::muted};
    }
    constexpr double kNoise = 0.02;  // of what it had before: pages come and go
    const double grown = peak->median - before->median;
    if (grown <= kNoise * before->median) return {"did not grow", Mark::muted};
    return {fmt::format("{:.0f} %", 100 * (peak->median - after->median) / grown)};
}

std::vector<TableCell> row_of(const Cell& cell, bool first) {
    return {{first ? cell.level.workload : ""},
            {first ? format_exact_count(cell.level.connections) : ""},
            {cell.variant}};
}

// What the model itself says that it waited for, with what that is.
TableCell own_wait_cell(const Cell& cell) {
    for (const auto& [metric, name] :
         {std::pair("lock_wait_p99_us", "lock"), std::pair("loop_lag_p99_us", "loop lag"),
          std::pair("accept_wait_us", "to accept")}) {
        const Spread* spread = cell.value(metric);
        if (spread == nullptr) continue;
        return {fmt::format("{} {}", name, format_value(spread->median, Unit::microseconds))};
    }
    return {"unavailable", Mark::muted};
}

bool has(const Digest& digest, const Level& level, const char* metric) {
    return std::any_of(digest.cells.begin(), digest.cells.end(), [&](const Cell& cell) {
        return cell.level == level && cell.value(metric) != nullptr;
    });
}

std::vector<Section> returned_section(const Digest& digest) {
    Table table;
    table.columns = {{"workload"},
                     {"connections", true, 3},
                     {"model"},
                     {"before", true, 2},
                     {"peak", true, 1},
                     {"after", true, 1},
                     {"given back", true},
                     {"resident at most", true, 3}};
    for (const bool silent : {true, false}) {
        const Level* level = largest_level(digest, silent);
        if (level == nullptr || !has(digest, *level, "memory_after")) continue;
        if (!table.rows.empty()) table.breaks.push_back(table.rows.size());
        bool first = true;
        for (const Cell& cell : digest.cells) {
            if (cell.level != *level) continue;
            auto row = row_of(cell, std::exchange(first, false));
            for (const char* metric : {"memory_before", "memory_peak", "memory_after"}) {
                row.push_back(value_cell(cell, metric));
            }
            row.push_back(returned_cell(cell));
            row.push_back(value_cell(cell, "rss_peak"));
            table.rows.push_back(std::move(row));
        }
    }
    if (table.rows.empty()) return {};
    Section section{"memory-returned", "Memory before, at the peak and after", {}};
    section.blocks.push_back(std::move(table));
    section.blocks.push_back(Paragraph{
        "PSS, page tables and kernel stacks of the whole server: before the first connection, the "
        "most while all were open, and when all had closed. A pool that keeps its workers (here it "
        "is told to) gives nothing back before they leave. \"Resident at most\" is each process's "
        "highest RSS, added up: it catches short peaks and counts shared pages again.",
        Mark::muted});
    return {std::move(section)};
}

std::vector<Section> scheduling_section(const Digest& digest) {
    constexpr const char* kMetrics[] = {
        "user_us_per_request",   "system_us_per_request",   "machine_cpus",
        "voluntary_per_request", "involuntary_per_request", "run_queue_us_per_request",
        "faults_per_request"};
    Table table;
    table.columns = {{"workload"}, {"connections", true, 3}, {"model"}};
    for (const char* metric : kMetrics) {
        table.columns.push_back({find_metric(metric)->title, true, 2});
    }
    table.columns.push_back({"own wait", true, 1});
    for (const Workload& workload : digest.plan.workloads) {
        if (workload.silent) continue;
        const Level* largest = nullptr;
        for (const Level& level : digest.levels) {
            if (level.workload == workload.name) largest = &level;  // they ascend
        }
        if (largest == nullptr || !has(digest, *largest, "user_us_per_request")) continue;
        if (!table.rows.empty()) table.breaks.push_back(table.rows.size());
        bool first = true;
        for (const Cell& cell : digest.cells) {
            if (cell.level != *largest) continue;
            auto row = row_of(cell, std::exchange(first, false));
            for (const char* metric : kMetrics) row.push_back(value_cell(cell, metric));
            row.push_back(own_wait_cell(cell));
            table.rows.push_back(std::move(row));
        }
    }
    if (table.rows.empty()) return {};
    Section section{"scheduling", "CPU time and waits per request", {}};
    section.blocks.push_back(std::move(table));
    section.blocks.push_back(Paragraph{
        "At each workload's largest level, all processes and threads of the server together. "
        "\"CPUs "
        "busy\" is the whole machine, client included. Switches and run-queue waits end with their "
        "thread: where threads come and go within the window (churn) they are lower bounds. Own "
        "wait is what the model says of itself: the 99th percentile of waits for the global lock "
        "or "
        "of the loop's lag, the mean wait of a worker for its turn to accept.",
        Mark::muted});
    return {std::move(section)};
}

}  // namespace

std::vector<Section> server_sections(const Digest& digest) {
    std::vector<Section> sections = returned_section(digest);
    for (Section& section : scheduling_section(digest)) sections.push_back(std::move(section));
    return sections;
}

}  // namespace echotrio::loadgen
