// What the servers cost besides time: memory before, at the peak and after the connections have
// closed; CPU time, faults and waits per request, with the model's own waits beside them.
#include "loadgen/models/models.hpp"
#include "loadgen/report/columns.hpp"
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <vector>

namespace echotrio::loadgen {
namespace {

// The level of the most connections, of the silent workloads or of the others, where the figure is
// known.
std::vector<Level> most_connections(const Digest& digest, bool silent, const char* metric) {
    const Level* most = nullptr;
    for (const Level& level : digest.levels) {
        if (is_silent(digest, level.workload) != silent) continue;
        if (most == nullptr || level.connections > most->connections) most = &level;
    }
    if (most == nullptr || !has_figure(digest, *most, metric)) return {};
    return {*most};
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

// What the model itself says that it waited for, with what that is.
TableCell own_wait_cell(const Cell& cell) {
    for (const Model& model : models()) {
        const Spread* spread = cell.value(model.own_wait.metric);
        if (spread == nullptr) continue;
        return {fmt::format("{} {}", model.own_wait.what,
                            format_value(spread->median, Unit::microseconds))};
    }
    return {"unavailable", Mark::muted};
}

std::vector<Section> returned_section(const Digest& digest) {
    std::vector<Level> levels;
    for (const bool silent : {true, false}) {
        for (Level& level : most_connections(digest, silent, "memory_after")) {
            levels.push_back(std::move(level));
        }
    }
    Table table = level_table(digest, levels,
                              {workload_column(),
                               connections_column(3),
                               model_column(),
                               metric_column("memory_before", 2),
                               metric_column("memory_peak", 1),
                               metric_column("memory_after", 1),
                               {{"given back", true}, returned_cell},
                               metric_column("rss_peak", 3)});
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

std::vector<Section> ready_section(const Digest& digest) {
    std::vector<Level> levels;
    for (const bool silent : {true, false}) {
        for (Level& level : most_connections(digest, silent, "time_to_ready_us")) {
            levels.push_back(std::move(level));
        }
    }
    Table table = level_table(digest, levels,
                              {workload_column(), connections_column(3), model_column(),
                               metric_column("time_to_ready_us", 1)});
    if (table.rows.empty()) return {};
    Section section{"time-to-ready", "From start to ready", {}};
    section.blocks.push_back(std::move(table));
    section.blocks.push_back(Paragraph{
        "From the moment when the command is started until it takes connections, to about a "
        "millisecond. Of our prefork its workers stand by then; another server may take "
        "connections before it has any.",
        Mark::muted});
    return {std::move(section)};
}

std::vector<Section> scheduling_section(const Digest& digest) {
    std::vector<Level> levels = largest_levels(digest);
    std::erase_if(levels, [&](const Level& level) {
        return is_silent(digest, level.workload) ||
               !has_figure(digest, level, "cpu_us_per_request");
    });
    const auto is_known = [&](const Metric& metric) {
        return std::any_of(levels.begin(), levels.end(), [&](const Level& level) {
            return has_figure(digest, level, metric.key);
        });
    };
    std::vector<CellColumn> columns{workload_column(), connections_column(3), model_column()};
    for (const Metric& metric : metrics()) {
        if (!metric.use.per_request || !is_known(metric)) continue;
        columns.push_back(metric_column(metric.key, 2));
    }
    const bool own_waits = std::any_of(models().begin(), models().end(), [&](const Model& model) {
        return std::any_of(levels.begin(), levels.end(), [&](const Level& level) {
            return has_figure(digest, level, model.own_wait.metric);
        });
    });
    if (own_waits) columns.push_back({{"own wait", true, 1}, own_wait_cell});
    Table table = level_table(digest, levels, std::move(columns));
    if (table.rows.empty()) return {};
    Section section{"scheduling", "CPU time and waits per request", {}};
    section.blocks.push_back(std::move(table));
    std::string notes =
        "At each workload's largest level, all processes and threads of the server together. "
        "Samples of the kernel tell user from system time; of less than a second of CPU time in "
        "a window there are too few. \"CPUs busy\" is the whole machine, client included. "
        "Switches and run-queue waits end with their thread: where threads come and go within "
        "the window (churn) they are lower bounds.";
    if (own_waits) {
        notes +=
            " Own wait is what the model says of itself: the 99th percentile of waits for the "
            "global lock or of the loop's lag, the mean wait of a worker for its turn to accept.";
    }
    section.blocks.push_back(Paragraph{std::move(notes), Mark::muted});
    return {std::move(section)};
}

}  // namespace

std::vector<Section> server_sections(const Digest& digest) {
    std::vector<Section> sections = returned_section(digest);
    for (Section& section : ready_section(digest)) sections.push_back(std::move(section));
    for (Section& section : scheduling_section(digest)) sections.push_back(std::move(section));
    return sections;
}

}  // namespace echotrio::loadgen
