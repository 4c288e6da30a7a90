// The verdict cards: what the data say about each workload, worded from the comparisons.
#include "loadgen/report/chart_parts.hpp"
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

std::string at_level(const Level& level) {
    std::string text = "at " + format_plural(level.connections, "connection");
    if (level.rate > 0) text += fmt::format(" and {} requests/s", format_count(level.rate));
    return text;
}

// The largest level at which at least two models have the figure: where they part most.
std::optional<Level> telling_level(const Digest& digest, const std::string& workload,
                                   const std::string& metric) {
    auto levels = levels_of(digest, workload);
    std::erase_if(levels, [&](const Level& level) {
        return std::none_of(
            digest.comparisons.begin(), digest.comparisons.end(),
            [&](const Comparison& c) { return c.level == level && c.metric == metric; });
    });
    return levels.empty() ? std::nullopt : std::optional(levels.back());
}

std::optional<Card> level_card(const Digest& digest, const std::string& workload) {
    const Metric* metric = find_metric(headline_of(digest, workload));
    if (metric == nullptr) return std::nullopt;
    const auto level = telling_level(digest, workload, metric->key);
    if (!level) return std::nullopt;
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
    Chart chart = bar_chart("", "connections per GiB", "");
    for (const MemorySlope* slope : slopes) {
        const Bounds bytes = slope->total.slope_interval;
        ChartPoint point{0, kGiB / slope->total.slope};
        if (bytes.low > 0) {
            point.low = kGiB / bytes.high;
            point.high = kGiB / bytes.low;
        }
        add_bar(chart, slope->variant, std::move(point));
    }
    scale_bars(chart);
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
    for (const std::string& workload : workloads_of(digest)) {
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
