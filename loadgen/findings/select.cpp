#include "loadgen/findings/select.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

std::vector<const Cell*> cells_where(const Digest& digest, const auto& wanted) {
    std::vector<const Cell*> cells;
    for (const Cell& cell : digest.cells) {
        if (wanted(cell)) cells.push_back(&cell);
    }
    return cells;
}

// The most CPUs that a server was given at one of these levels and that a trial counts at; where
// none counts, the most. 0: none, or its share.
std::uint64_t told_cpus(const Digest& digest, const std::vector<Level>& levels) {
    std::uint64_t most = 0, counted = 0;
    for (const Level& level : levels) {
        most = std::max(most, level.server_cpus);
        const auto cells = cells_at(digest, level);
        const bool counts = std::any_of(cells.begin(), cells.end(),
                                        [](const Cell* cell) { return cell->counted > 0; });
        if (counts) counted = std::max(counted, level.server_cpus);
    }
    return counted > 0 ? counted : most;
}

}  // namespace

const Workload* workload_of(const Digest& digest, std::string_view name) {
    return find_workload(digest.plan.workloads, name);
}

bool is_silent(const Digest& digest, std::string_view workload) {
    const Workload* found = workload_of(digest, workload);
    return found != nullptr && found->silent;
}

std::string headline_of(const Digest& digest, std::string_view workload) {
    const Workload* found = workload_of(digest, workload);
    return found != nullptr ? found->headline : "throughput_rps";
}

std::vector<std::string> workloads_of(const Digest& digest) {
    std::vector<std::string> names;  // levels of a workload follow each other
    for (const Level& level : digest.levels) {
        if (names.empty() || names.back() != level.workload) names.push_back(level.workload);
    }
    return names;
}

std::vector<Level> levels_of(const Digest& digest, std::string_view workload) {
    std::vector<Level> levels = digest.levels;
    std::erase_if(levels, [&](const Level& level) { return level.workload != workload; });
    return levels;
}

std::vector<Level> largest_levels(const Digest& digest) {
    std::vector<Level> levels;
    for (const std::string& workload : workloads_of(digest)) {
        levels.push_back(curve_of(digest, workload).back());
    }
    return levels;
}

std::vector<Level> curve_of(const Digest& digest, std::string_view workload) {
    std::vector<Level> levels = levels_of(digest, workload);
    const std::uint64_t most = told_cpus(digest, levels);
    std::erase_if(levels, [&](const Level& level) { return level.server_cpus != most; });
    return levels;
}

std::vector<const Cell*> cells_at(const Digest& digest, const Level& level) {
    return cells_where(digest, [&](const Cell& cell) { return cell.level == level; });
}

std::vector<const Cell*> cells_of(const Digest& digest, std::string_view variant,
                                  std::string_view workload) {
    const std::vector<Level> curve = curve_of(digest, workload);
    return cells_where(digest, [&](const Cell& cell) {
        return cell.variant == variant &&
               std::find(curve.begin(), curve.end(), cell.level) != curve.end();
    });
}

CpusHad cpus_of(const Cell& cell) {
    for (const Trial* trial : cell.trials) {
        if (const CpusHad cpus = trial->cpus(); cpus != CpusHad{}) return cpus;
    }
    return {};
}

std::vector<std::string> cpus_words(const Digest& digest, const std::vector<Level>& levels) {
    std::vector<std::string> all;
    for (const Level& level : levels) {
        for (const Cell* cell : cells_at(digest, level)) {
            std::string words = cpus_words(cpus_of(*cell));
            if (std::find(all.begin(), all.end(), words) != all.end()) continue;
            all.push_back(std::move(words));
        }
    }
    return all;
}

std::string cpus_words_of(const Digest& digest, std::string_view workload) {
    return fmt::format("{}", fmt::join(cpus_words(digest, levels_of(digest, workload)), "; "));
}

std::string cpus_words_of_curve(const Digest& digest, std::string_view workload) {
    return fmt::format("{}", fmt::join(cpus_words(digest, curve_of(digest, workload)), "; "));
}

bool has_figure(const Digest& digest, const Level& level, std::string_view metric) {
    const auto cells = cells_at(digest, level);
    return std::any_of(cells.begin(), cells.end(),
                       [&](const Cell* cell) { return cell->value(metric) != nullptr; });
}

std::vector<const Cell*> ranking(const Digest& digest, const Level& level, const Metric& metric) {
    auto cells = cells_at(digest, level);
    std::erase_if(cells, [&](const Cell* cell) {
        const Spread* spread = cell->value(metric.key);
        return spread == nullptr || !spread->valid ||
               (metric.of_all_connections && cell->starved());
    });
    std::stable_sort(cells.begin(), cells.end(), [&](const Cell* a, const Cell* b) {
        const double x = a->value(metric.key)->median, y = b->value(metric.key)->median;
        return metric.more_is_better ? x > y : x < y;
    });
    return cells;
}

std::string better_of(const Comparison& comparison, const Metric& metric) {
    const bool more = comparison.finding == Direction::more;
    if (!more && comparison.finding != Direction::less) return {};
    return more == metric.more_is_better ? comparison.numerator : comparison.denominator;
}

std::string clear_best(const Digest& digest, const Level& level, const Metric& metric) {
    const auto ranked = ranking(digest, level, metric);
    if (ranked.size() < 2) return {};
    const Metric& by =
        metric.use.ranked_by != nullptr ? *find_metric(metric.use.ranked_by) : metric;
    const std::string& first = ranked[0]->variant;
    const Comparison* c = digest.comparison(level, by.key, first, ranked[1]->variant);
    // Medians rank, of all trials; the ratio is of the rounds that both share.
    return c != nullptr && better_of(*c, by) == first ? first : std::string();
}

}  // namespace echotrio::loadgen
