#include "loadgen/findings/select.hpp"

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
    std::vector<std::string> names;
    for (const Level& level : largest_levels(digest)) names.push_back(level.workload);
    return names;
}

std::vector<Level> levels_of(const Digest& digest, std::string_view workload) {
    std::vector<Level> levels = digest.levels;
    std::erase_if(levels, [&](const Level& level) { return level.workload != workload; });
    return levels;
}

std::vector<Level> largest_levels(const Digest& digest) {
    std::vector<Level> levels;
    for (const Level& level : digest.levels) {
        if (!levels.empty() && levels.back().workload == level.workload) levels.pop_back();
        levels.push_back(level);
    }
    return levels;
}

std::vector<const Cell*> cells_at(const Digest& digest, const Level& level) {
    return cells_where(digest, [&](const Cell& cell) { return cell.level == level; });
}

std::vector<const Cell*> cells_of(const Digest& digest, std::string_view variant,
                                  std::string_view workload) {
    return cells_where(digest, [&](const Cell& cell) {
        return cell.variant == variant && cell.level.workload == workload;
    });
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

std::string clear_best(const Digest& digest, const Level& level, const Metric& metric) {
    const auto ranked = ranking(digest, level, metric);
    if (ranked.size() < 2) return {};
    const char* key = metric.use.ranked_by != nullptr ? metric.use.ranked_by : metric.key;
    const Comparison* c = digest.comparison(level, key, ranked[0]->variant, ranked[1]->variant);
    const bool clear =
        c != nullptr && (c->finding == Direction::more || c->finding == Direction::less);
    return clear ? ranked[0]->variant : std::string();
}

}  // namespace echotrio::loadgen
