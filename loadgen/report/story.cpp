// The verdict cards: what the data say about each workload, worded from the comparisons.
#include "loadgen/report/chart_parts.hpp"
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

namespace echotrio::loadgen {
namespace {

std::string at_level(const Level& level) {
    std::string text = "at " + format_plural(level.connections, "connection");
    if (level.server_cpus > 0) text = fmt::format("on {}, {}", given_cpus(level.server_cpus), text);
    if (level.rate > 0) text += fmt::format(" and {} requests/s", format_count(level.rate));
    return text;
}

// Of the levels at which the most models can be compared by the figure, the largest: where they
// part most. Empty: they can't be anywhere.
std::optional<Level> telling_level(const Digest& digest, const std::vector<Level>& levels,
                                   const std::string& metric) {
    std::optional<Level> telling;
    std::ptrdiff_t most = 1;
    for (const Level& level : levels) {
        const auto pairs = std::count_if(
            digest.comparisons.begin(), digest.comparisons.end(),
            [&](const Comparison& c) { return c.level == level && c.metric == metric; });
        if (pairs < most) continue;
        most = pairs;
        telling = level;
    }
    return telling;
}

// Whether the comparison found what the ranking by medians says. One that found the contrary, over
// the rounds that both share, is no finding for a card.
bool is_finding(const Comparison& c, const Metric& metric, const Cell& best) {
    return better_of(c, metric) == best.variant;
}

// Whom the pairs call better; where they show nothing, the first by its median. (Medians of few
// rounds and the pairs in them can disagree; the pairs are what is judged.)
const Cell& better(const Comparison& c, const Metric& metric, const Cell& first,
                   const Cell& other) {
    return better_of(c, metric) == other.variant ? other : first;
}

// What the card's ratio is of; the ratio itself stands above it, its interval among the figures.
std::string sentence_of(const Digest& digest, const Comparison& c, const Metric& metric,
                        const Cell& best) {
    const std::string& other = c.numerator == best.variant ? c.denominator : c.numerator;
    std::string text;
    if (!is_finding(c, metric, best)) {
        text = fmt::format("in {} between {} and {}", metric.noun, c.numerator, c.denominator);
    } else if (metric.unit == Unit::per_second) {
        text = fmt::format("as many {} as {}", metric.noun, other);
    } else if (metric.more_is_better) {
        text = fmt::format("the {} of {}", metric.noun, other);
    } else {
        text = fmt::format("{} has so many times its {}", other, metric.noun);
    }
    text += ", " + at_level(c.level);
    for (const std::string& variant : {c.numerator, c.denominator}) {
        const Cell* cell = digest.cell(variant, c.level);
        if (cell != nullptr && cell->starved()) {
            text += fmt::format("; {} {}", variant, served_text(*cell));
        }
    }
    return text;
}

// The best against one between it and the last, in short.
std::string beside(const Comparison& c, const Metric& metric, const Cell& best) {
    const std::string& other = c.numerator == best.variant ? c.denominator : c.numerator;
    if (!is_finding(c, metric, best)) return fmt::format("no difference shown beside {}", other);
    return fmt::format("{} {}x beside {}", best.variant, format_ratio(c.ratio.value), other);
}

// The best against the last where the same servers had other CPUs, a line for each number of them.
void add_other_cpus(const Digest& digest, const Level& told, const Metric& metric, Card& card) {
    const std::vector<Level> all = levels_of(digest, told.workload);
    std::set<std::uint64_t> counts;
    for (const Level& level : all) counts.insert(level.server_cpus);
    counts.erase(told.server_cpus);
    for (const std::uint64_t count : counts) {
        std::vector<Level> levels = all;
        std::erase_if(levels, [&](const Level& level) { return level.server_cpus != count; });
        const auto level = telling_level(digest, levels, metric.key);
        const auto ranked = ranking(digest, level.value_or(levels.back()), metric);
        const Comparison* c = !level || ranked.size() < 2
                                  ? nullptr
                                  : digest.comparison(*level, metric.key, ranked.front()->variant,
                                                      ranked.back()->variant);
        if (c == nullptr) {
            card.more.push_back(fmt::format("on {}: too few trials count to compare the models",
                                            given_cpus(count)));
            card.precise.push_back(card.more.back());
            continue;
        }
        card.more.push_back(
            fmt::format("on {}: {}", given_cpus(count),
                        beside(*c, metric, better(*c, metric, *ranked[0], *ranked.back()))));
        card.precise.push_back(fmt::format("{}: {}", at_level(*level), c->sentence));
    }
}

// Where all answered the same rate their latencies can be compared as well, and what a request
// costs at the other rates.
void add_equal_rates(const Digest& digest, const Level& told, Card& card) {
    Level last = told;  // a sentence without its level is of that before it
    const auto add = [&](const Comparison& c) {
        card.precise.push_back(
            c.level == last ? c.sentence : fmt::format("{}: {}", at_level(c.level), c.sentence));
        last = c.level;
    };
    for (const Comparison& c : digest.comparisons) {
        if (c.level == told && c.metric == "p99_us") add(c);
    }
    for (const Comparison& c : digest.comparisons) {
        if (c.level == told || c.level.workload != told.workload) continue;
        if (c.metric == "requests_per_cpu_s" || c.metric == "p99_us") add(c);
    }
}

std::optional<Card> level_card(const Digest& digest, const std::string& workload) {
    const Metric* metric = find_metric(headline_of(digest, workload));
    if (metric == nullptr) return std::nullopt;
    const auto level = telling_level(digest, levels_of(digest, workload), metric->key);
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
        const Cell& best = better(*c, *metric, *ranked[0], *ranked[i]);
        if (!card.sentence.empty()) {
            card.precise.push_back(c->sentence);
            card.more.push_back(beside(*c, *metric, best));
            const bool nothing_so_far = card.mark == Mark::muted;
            if (nothing_so_far && is_finding(*c, *metric, best)) card.value = "not all told apart";
            continue;
        }
        const bool found = is_finding(*c, *metric, best);
        card.mark = found ? Mark::best : Mark::muted;
        card.value = fmt::format("{} {}x", best.variant, format_ratio(c->ratio.value));
        if (!found) card.value = "no difference shown";
        if (c->finding == Direction::not_known) card.value = "one round: no finding";
        card.precise = {fmt::format("{}: {}", at_level(*level), c->sentence)};
        card.sentence = sentence_of(digest, *c, *metric, best);
    }
    if (card.sentence.empty()) return std::nullopt;
    const Workload* described = workload_of(digest, workload);
    if (described != nullptr && !described->shares.empty()) add_equal_rates(digest, *level, card);
    add_other_cpus(digest, *level, *metric, card);
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

std::string memory_line(const MemorySlope& slope) {
    const Bounds bytes = slope.total.slope_interval;
    std::string interval = "no lower bound to the memory";
    if (bytes.low > 0) {
        interval = fmt::format("95 % interval {} to {}", format_count(kGiB / bytes.high),
                               format_count(kGiB / bytes.low));
    }
    return fmt::format("{} holds {} connections per GiB ({}), {} each, {}", slope.variant,
                       format_count(kGiB / slope.total.slope), interval,
                       format_value(slope.total.slope, Unit::bytes), words_of(slope.kernel));
}

// Who needs least, by `slopes` in rising order: it is the best only where its interval ends below
// those of all others.
Card ranked_memory(const std::vector<const MemorySlope*>& slopes) {
    std::vector<std::string> leaders;
    for (const MemorySlope* slope : slopes) {
        const bool apart =
            slope->total.slope_interval.low > slopes.front()->total.slope_interval.high;
        if (slope == slopes.front() || !apart) leaders.push_back(slope->variant);
    }
    Card card;
    if (leaders.size() == slopes.size()) {
        card.value = "no difference shown";
        card.mark = Mark::muted;
        return card;
    }
    card.value =
        fmt::format("{} {}x", fmt::join(leaders, " or "),
                    format_ratio(slopes.back()->total.slope / slopes.front()->total.slope));
    card.mark = leaders.size() == 1 ? Mark::best : Mark::muted;
    return card;
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
    Card card = ranked_memory(slopes);
    card.topic = workload;
    std::vector<std::string> each;
    std::vector<MemorySlope> told;
    for (const MemorySlope* slope : slopes) {
        told.push_back(*slope);
        each.push_back(
            fmt::format("{} {}", slope->variant, format_value(slope->total.slope, Unit::bytes)));
        card.precise.push_back(memory_line(*slope));
    }
    card.sentence = fmt::format("a connection takes: {}; {}", fmt::join(each, ", "),
                                words_of(least_known(told)));
    card.chart = memory_chart(slopes);
    card.chart->id = "story-" + workload;
    return card;
}

// How many of the headline ratios are as narrow as was asked for.
std::string precision_text(const Digest& digest) {
    std::size_t all = 0, narrow = 0;
    for (const Comparison& c : digest.comparisons) {
        if (c.metric != headline_of(digest, c.level.workload)) continue;
        ++all;
        const auto& interval = c.ratio.interval;
        const bool is = interval && interval->high <= c.ratio.value * (1 + digest.plan.precision);
        narrow += is ? 1 : 0;
    }
    return fmt::format(
        "Asked for: intervals of the headline ratios within {} %. So narrow are {} of {}.",
        format_short(digest.plan.precision * 100), narrow, all);
}

}  // namespace

std::string multiplicity_text(const Discoveries& found) {
    std::string sure = fmt::format("{:.4g}", (1 - found.alpha) * 100);
    if (sure == "100") sure = "more than 99.99";  // four digits can't tell
    return fmt::format(
        "{} compared, {} called a difference. Of those at most {:.0f} % are none, on average "
        "(false "
        "discovery rate, Benjamini-Hochberg). Each interval is one of {} %, so that 95 % hold "
        "over all that are named.",
        format_plural(found.compared, "ratio"), format_exact_count(found.differences),
        kFalseDiscoveryRate * 100, sure);
}

Section story_section(const Digest& digest) {
    Cards cards;
    for (const std::string& workload : workloads_of(digest)) {
        auto card = memory_card(digest, workload);
        if (!card) card = level_card(digest, workload);
        if (card) cards.cards.push_back(std::move(*card));
    }
    Section section{"story", "What the figures say", {}};
    section.last_on_console = true;
    section.short_title = "Summary";
    if (cards.cards.empty()) {
        section.blocks.push_back(
            digest.variants.size() == 1
                ? Paragraph{"One server was measured: there is nothing to compare it with.",
                            Mark::muted}
                : Paragraph{"Too few valid trials to compare models.", Mark::flagged});
        return section;
    }
    section.blocks.push_back(std::move(cards));
    const Discoveries found = discoveries_of(digest.comparisons);
    if (found.compared > 0) {
        section.blocks.push_back(Paragraph{multiplicity_text(found), Mark::muted});
    }
    if (digest.plan.precision > 0) {
        section.blocks.push_back(Paragraph{precision_text(digest), Mark::muted});
    }
    return section;
}

}  // namespace echotrio::loadgen
