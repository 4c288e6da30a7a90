// Two experiments as a document: what changed from the first to the second, as ratios.
#include "loadgen/analysis/discoveries.hpp"
#include "loadgen/report/chart_parts.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/overlay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace echotrio::loadgen {
namespace {

struct Change {
    const Cell* after = nullptr;
    std::string variant;  // without the experiment's name
    const Metric* metric = nullptr;
    Ratio estimated;   // second over first; the two were measured apart
    Estimate ratio{};  // with the interval that so many comparisons allow
    bool shown = false;
    bool better() const { return (ratio.value > 1) == metric->more_is_better; }
};

constexpr const char* kFigures[] = {"throughput_rps", "p50_us", "p99_us", "cpu_us_per_request",
                                    "memory"};

// With a given rate the throughput is what was asked for, and of silent connections only the memory
// is worth a line.
bool informative(const Metric& metric, const Level& level, const Digest& digest) {
    const Workload* workload = workload_of(digest, level.workload);
    if (workload == nullptr) return true;
    if (workload->silent) return metric.unit == Unit::bytes;
    return std::string_view(metric.key) != "throughput_rps" ||
           (level.rate == 0 && workload->load.rate.empty());
}

// The models of both, in the digest's order.
std::vector<std::string> common_variants(const Digest& digest,
                                         const std::vector<std::string>& names) {
    std::vector<std::string> found;
    const std::string first = overlaid_name("", names[0]);
    const auto& all = digest.variants;
    for (const std::string& variant : all) {
        if (!variant.ends_with(first)) continue;
        const std::string base = variant.substr(0, variant.size() - first.size());
        const bool both =
            std::find(all.begin(), all.end(), overlaid_name(base, names[1])) != all.end();
        if (both) found.push_back(base);
    }
    return found;
}

std::vector<Change> changes_of(const Digest& digest, const std::vector<std::string>& variants,
                               const std::vector<std::string>& names) {
    std::vector<Change> changes;
    for (const Level& level : digest.levels) {
        for (const std::string& variant : variants) {
            const Cell* before = digest.cell(overlaid_name(variant, names[0]), level);
            const Cell* after = digest.cell(overlaid_name(variant, names[1]), level);
            if (before == nullptr || after == nullptr) continue;
            for (const char* key : kFigures) {
                const Metric& metric = *find_metric(key);
                if (!informative(metric, level, digest)) continue;
                // Percentiles of those that were lucky enough to be served are not compared.
                if (metric.of_all_connections && (before->starved() || after->starved())) continue;
                const auto ratio = Ratio::unpaired(counted_values(*after, metric),
                                                   counted_values(*before, metric));
                if (ratio) changes.push_back({after, variant, &metric, *ratio});
            }
        }
    }
    return changes;
}

// "1 + 1", or "1 + 1, before 2 + 1 shared"
std::string cpus_change(const Digest& digest, const Change& change,
                        const std::vector<std::string>& names) {
    std::string text = cpus_short(cpus_of(*change.after));
    const Cell* before = digest.cell(overlaid_name(change.variant, names[0]), change.after->level);
    if (before == nullptr) return text;
    const std::string old = cpus_short(cpus_of(*before));
    return old == text ? text : fmt::format("{}, before {}", text, old);
}

Discoveries discover(std::vector<Change>& changes) {
    std::vector<double> p_values;
    for (const Change& change : changes) {
        if (const auto p = change.estimated.p_value()) p_values.push_back(*p);
    }
    const Discoveries found = discoveries(p_values);
    for (Change& change : changes) {
        const auto p = change.estimated.p_value();
        change.shown = p && found.is_difference(*p);
        change.ratio = change.estimated.estimate(found.alpha);
    }
    return found;
}

Table changes_table(const Digest& digest, const std::vector<Change>& changes,
                    const std::vector<std::string>& names) {
    Table table;
    table.caption = fmt::format(
        "{} over {}, 95 % intervals in brackets; only what excludes 1 is a change, for the better "
        "in bold. {}",
        names[1], names[0], kCpusColumn);
    table.columns = {{"workload"}, {"connections", true}, {"CPUs"}, {"model"}};
    std::map<std::string, std::size_t> column;
    for (const char* key : kFigures) {
        column[key] = table.columns.size();
        table.columns.push_back(
            {find_metric(key)->title, true, static_cast<int>(column.size()) - 1});
    }
    const Cell* row_of = nullptr;
    for (const Change& change : changes) {
        if (change.after != row_of) {
            if (row_of != nullptr && row_of->level != change.after->level) {
                table.breaks.push_back(table.rows.size());
            }
            row_of = change.after;
            table.rows.push_back({{row_of->level.workload},
                                  {format_exact_count(row_of->level.connections)},
                                  {cpus_change(digest, change, names)},
                                  {change.variant}});
            table.rows.back().resize(table.columns.size(), {"-", Mark::muted});
        }
        std::string text = format_ratio(change.ratio.value);
        if (const auto interval = telling_interval(change.ratio)) {
            text += fmt::format(" ({})", format_bounds(*interval));
        }
        const Mark mark = !change.shown     ? Mark::muted
                          : change.better() ? Mark::best
                                            : Mark::invalid;
        table.rows.back()[column[change.metric->key]] = {std::move(text), mark};
    }
    return table;
}

// The headline figure of each workload at its largest level.
Chart changes_chart(const std::vector<Change>& changes, const Digest& digest,
                    const std::vector<std::string>& variants,
                    const std::vector<std::string>& names) {
    Chart chart = ratio_chart(
        "changes-chart",
        fmt::format("{} over {}, at each workload's largest level", names[1], names[0]));
    chart.caption =
        "Ratios of geometric means with 95 % intervals. An interval that reaches 1 shows no "
        "change.";
    chart.x.title = "figure";
    for (const std::string& variant : variants) {
        chart.series.push_back({variant, overlaid_name(variant, names[1]), {}});
    }
    const auto largest = largest_levels(digest);
    for (const Change& change : changes) {
        const Level& level = change.after->level;
        if (std::find(largest.begin(), largest.end(), level) == largest.end()) continue;
        const std::string_view key = change.metric->key;
        const bool memory = headline_of(digest, level.workload) == "memory";
        const bool shown = key == (memory ? "memory" : "throughput_rps") || key == "p99_us" ||
                           key == "cpu_us_per_request";
        if (!shown) continue;
        add_ratio(chart, change.variant,
                  fmt::format("{}: {}, {}", level.workload, change.metric->title, change.variant),
                  change.ratio, "");
    }
    std::erase_if(chart.series, [](const Series& series) { return series.points.empty(); });
    return chart;
}

// What changed, counted and with the largest named.
Cards changes_cards(const std::vector<Change>& changes, const std::vector<std::string>& names) {
    Cards cards;
    for (const bool better : {true, false}) {
        std::vector<const Change*> those;
        for (const Change& change : changes) {
            if (change.shown && change.better() == better) those.push_back(&change);
        }
        const auto size = [](const Change* c) {
            return std::max(c->ratio.value, 1 / c->ratio.value);
        };
        std::stable_sort(those.begin(), those.end(),
                         [&](const auto* a, const auto* b) { return size(a) > size(b); });
        Card card;
        card.topic = better ? "better" : "worse";
        card.value = fmt::format("{} of {} figures", those.size(), changes.size());
        card.mark = those.empty() ? Mark::muted : better ? Mark::best : Mark::invalid;
        card.sentence = fmt::format("{} {} than {}: the 95 % interval of the ratio excludes 1",
                                    names[1], card.topic, names[0]);
        constexpr std::size_t kNamed = 3;
        for (const Change* c : those) {
            if (card.more.size() == kNamed) break;
            card.more.push_back(fmt::format(
                "{} x {}, {}: {} {}x ({})", c->after->level.workload,
                format_exact_count(c->after->level.connections), c->variant, c->metric->noun,
                format_ratio(c->ratio.value), format_bounds(*c->ratio.interval)));
        }
        cards.cards.push_back(std::move(card));
    }
    return cards;
}

}  // namespace

Document overlay_document(const std::vector<Experiment>& experiments, const Experiment& joined,
                          const Digest& digest, const std::vector<std::string>& names) {
    Document document = comparison_document(joined, digest);
    document.title = fmt::format("echotrio: {} beside {}", names[1], names[0]);
    document.subtitle.clear();
    for (std::size_t i = 0; i < experiments.size(); ++i) {
        document.subtitle.push_back(
            fmt::format("{}: {}", names[i], fmt::join(summary_lines(experiments[i]), "; ")));
    }
    const auto variants = common_variants(digest, names);
    document.tints = tints_of(variants);
    for (const std::string& variant : digest.variants) {
        const bool first = variant.ends_with(fmt::format(" ({})", names[0]));
        const std::string base =
            variant.substr(0, variant.size() - names[first ? 0 : 1].size() - 3);
        const auto known = std::find_if(document.tints.begin(), document.tints.end(),
                                        [&](const Tint& tint) { return tint.variant == base; });
        const std::size_t colour =
            known == document.tints.end() ? document.tints.size() : known->colour;
        document.tints.push_back({variant, colour, first});
    }
    // A model of the one against a model of the other says nothing.
    std::erase_if(document.sections, [](const Section& section) {
        return section.id == "story" || section.id == "ratios-section" || section.id == "capacity";
    });
    auto changes = changes_of(digest, variants, names);
    const Discoveries found = discover(changes);
    Section section{"changes", fmt::format("Changes: {} over {}", names[1], names[0]), {}};
    section.last_on_console = true;
    section.group = "Findings";
    if (changes.empty()) {
        section.blocks.push_back(
            Paragraph{"No model was measured at the same level in both.", Mark::flagged});
    } else {
        section.blocks.push_back(changes_cards(changes, names));
        section.blocks.push_back(Paragraph{multiplicity_text(found), Mark::muted});
        section.blocks.push_back(changes_chart(changes, digest, variants, names));
        section.blocks.push_back(changes_table(digest, changes, names));
    }
    document.sections.insert(document.sections.begin(), std::move(section));
    return document;
}

}  // namespace echotrio::loadgen
