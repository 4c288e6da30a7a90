// The verdict cards: what the data say about each workload, worded from the comparisons.
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

std::string headline_of(const Digest& digest, const std::string& workload) {
    const Workload* w = find_workload(digest.plan.workloads, workload);
    return w != nullptr ? w->headline : "throughput_rps";
}

std::string at_level(const Level& level) {
    std::string text = fmt::format("at {} connection{}", format_exact_count(level.connections),
                                   level.connections == 1 ? "" : "s");
    if (level.rate > 0) text += fmt::format(" and {} requests/s", format_count(level.rate));
    return text;
}

// The largest level at which at least two models have the figure: where they part most.
const Level* telling_level(const Digest& digest, const std::string& workload,
                           const std::string& metric) {
    const Level* found = nullptr;
    for (const Level& level : digest.levels) {
        if (level.workload != workload) continue;
        const bool compared = std::any_of(
            digest.comparisons.begin(), digest.comparisons.end(),
            [&](const Comparison& c) { return c.level == level && c.metric == metric; });
        if (compared) found = &level;
    }
    return found;
}

// The models at this level by the metric, the best first.
std::vector<const Cell*> ranking(const Digest& digest, const Level& level, const Metric& metric) {
    std::vector<const Cell*> cells;
    for (const Cell& cell : digest.cells) {
        const Spread* spread = cell.level == level ? cell.value(metric.key) : nullptr;
        if (spread != nullptr && spread->valid) cells.push_back(&cell);
    }
    std::stable_sort(cells.begin(), cells.end(), [&](const Cell* a, const Cell* b) {
        const double x = a->value(metric.key)->median, y = b->value(metric.key)->median;
        return metric.more_is_better ? x > y : x < y;
    });
    return cells;
}

std::optional<Card> level_card(const Digest& digest, const std::string& workload) {
    const Metric* metric = find_metric(headline_of(digest, workload));
    if (metric == nullptr) return std::nullopt;
    const Level* level = telling_level(digest, workload, metric->key);
    if (level == nullptr) return std::nullopt;
    const auto ranked = ranking(digest, *level, *metric);
    if (ranked.size() < 2) return std::nullopt;
    Card card;
    card.topic = workload;
    // The best against the last says how much the choice matters; the others follow.
    for (std::size_t i = ranked.size() - 1; i > 0; --i) {
        const Comparison* c =
            digest.comparison(*level, metric->key, ranked[0]->variant, ranked[i]->variant);
        if (c == nullptr) continue;
        if (!card.sentence.empty()) {
            card.more.push_back(c->sentence);
            continue;
        }
        const bool differs = c->finding == Direction::more || c->finding == Direction::less;
        card.mark = differs ? Mark::best : Mark::muted;
        card.value = fmt::format("{} {}x", ranked[0]->variant, format_ratio(c->ratio.value));
        if (c->finding == Direction::not_known) card.value += ", uncertain";
        if (c->finding == Direction::no_difference) card.value = "no difference shown";
        card.sentence = fmt::format("{}: {}", at_level(*level), c->sentence);
    }
    if (card.sentence.empty()) return std::nullopt;
    card.chart = level_chart(digest, *level, *metric, "story-" + workload);
    return card;
}

constexpr double kGiB = 1 << 30;

// Connections per GiB, a bar a model.
Chart memory_chart(std::vector<const MemorySlope*> slopes) {
    std::sort(slopes.begin(), slopes.end());  // as they lie in the digest: in the variants' order
    Chart chart;
    chart.title = "connections per GiB";
    chart.kind = Chart::Kind::bars;
    chart.horizontal = true;
    double least = HUGE_VAL, most = 0;
    for (const MemorySlope* slope : slopes) {
        const Bounds bytes = slope->total.slope_interval;
        ChartPoint point{static_cast<double>(chart.x.labels.size()), kGiB / slope->total.slope};
        least = std::min(least, point.y);
        most = std::max(most, point.y);
        if (bytes.low > 0) {
            point.low = kGiB / bytes.high;
            point.high = kGiB / bytes.low;
        }
        chart.x.labels.push_back(slope->variant);
        chart.series.push_back({slope->variant, slope->variant, {std::move(point)}});
    }
    chart.y = {chart.title, most > kWide * least, "", {}};
    return chart;
}

// Memory is told as connections per GiB, from the slopes.
std::optional<Card> memory_card(const Digest& digest, const std::string& workload) {
    std::vector<const MemorySlope*> slopes;
    for (const MemorySlope& slope : digest.memory) {
        if (slope.workload == workload && slope.total.slope > 0) slopes.push_back(&slope);
    }
    if (slopes.size() < 2) return std::nullopt;
    std::stable_sort(slopes.begin(), slopes.end(),
                     [](const auto* a, const auto* b) { return a->total.slope < b->total.slope; });
    Card card;
    card.topic = workload;
    card.value =
        fmt::format("{} {}x", slopes.front()->variant,
                    format_ratio(slopes.back()->total.slope / slopes.front()->total.slope));
    card.mark = Mark::best;
    for (const MemorySlope* slope : slopes) {
        const Bounds bytes = slope->total.slope_interval;
        std::string interval = "no lower bound to the memory";
        if (bytes.low > 0) {
            interval = fmt::format("95 % interval {} to {}", format_count(kGiB / bytes.high),
                                   format_count(kGiB / bytes.low));
        }
        const std::string line =
            fmt::format("{} holds {} connections per GiB ({}), {} each, kernel included",
                        slope->variant, format_count(kGiB / slope->total.slope), interval,
                        format_value(slope->total.slope, Unit::bytes));
        if (card.sentence.empty()) {
            card.sentence = line;
        } else {
            card.more.push_back(line);
        }
    }
    card.chart = memory_chart(slopes);
    card.chart->id = "story-" + workload;
    return card;
}

}  // namespace

Section story_section(const Digest& digest) {
    Cards cards;
    std::vector<std::string> workloads;
    for (const Level& level : digest.levels) {
        if (workloads.empty() || workloads.back() != level.workload) {
            workloads.push_back(level.workload);
        }
    }
    for (const std::string& workload : workloads) {
        auto card = memory_card(digest, workload);
        if (!card) card = level_card(digest, workload);
        if (card) cards.cards.push_back(std::move(*card));
    }
    Section section{"story", "What the figures say", {}};
    section.last_on_console = true;
    section.short_title = "Findings";
    if (cards.cards.empty()) {
        section.blocks.push_back(
            Paragraph{"Too few valid trials to compare models.", Mark::flagged});
    } else {
        section.blocks.push_back(std::move(cards));
    }
    return section;
}

}  // namespace echotrio::loadgen
