#include "loadgen/report/plan_costs.hpp"

#include "common/base/units.hpp"
#include "loadgen/report/plan_words.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kRows = 12;    // of the cheapest; what is dearer is in the JSON
constexpr std::size_t kReasons = 3;  // why kinds were left out, said for so many a model

// "2 processes", "128 workers", "1 process"
std::string runs_words(const CostOption& option) {
    if (option.workers > 0) return format_plural(option.workers, "worker");
    return format_plural(option.copies, "process", "es");
}

// "3 (3 to 4) + 1 spare"
std::string instances_words(const InstanceCount& count) {
    return fmt::format("{} + {} spare", count_with_interval(count.value, count.least, count.most),
                       kSpares);
}

// The cheapest, and the cheapest of each model.
std::vector<std::size_t> shown(const CostPlan& costs) {
    std::vector<std::size_t> rows;
    std::set<std::size_t> models;
    for (std::size_t i = 0; i < costs.options.size(); ++i) {
        const bool first = models.insert(costs.options[i].model).second;
        if (i < kRows || first) rows.push_back(i);
    }
    return rows;
}

Table cost_table(const CapacityPlan& plan, const CostPlan& costs) {
    Table table;
    table.caption = fmt::format(
        "Instances and what they cost, cheapest first; a month has {:.0f} hours (95 % "
        "intervals in brackets)",
        kHoursPerMonth);
    table.columns = {{"kind"},
                     {"vCPU", true, 3},
                     {"GiB", true, 3},
                     {"model"},
                     {"each runs", false, 1},
                     {"carries, requests/s", true, 2},
                     {"instances"},
                     {"machine", true, 3},
                     {"because of", false, 3},
                     {"an hour", true, 1},
                     {"a month", true}};
    for (const std::size_t row : shown(costs)) {
        const CostOption& option = costs.options[row];
        const InstanceKind& kind = costs.prices.kinds[option.kind];
        const Mark mark = option.extrapolated ? Mark::flagged : row == 0 ? Mark::best : Mark::plain;
        table.rows.push_back(
            {{kind.name, mark},
             {format_short(kind.vcpu)},
             {format_short(kind.gib)},
             {plan.models[option.model].model},
             {runs_words(option)},
             {with_interval(option.one.rps, format_count)},
             {instances_words(option.instances) + (option.extrapolated ? kExtrapolatedMark : "")},
             {option.instances_by_machine ? format_exact_count(*option.instances_by_machine) : "-"},
             {option.instances.because_of},
             {money(option.per_hour, "")},
             {money(per_month(option.per_hour), ""), mark}});
    }
    return table;
}

// "not prefork on nano: it needs ..."
void add_left_out(std::vector<Block>& blocks, const CapacityPlan& plan, const CostPlan& costs) {
    for (std::size_t model = 0; model < plan.models.size(); ++model) {
        std::size_t count = 0;
        std::string text;
        for (const LeftOut& left : costs.left_out) {
            if (left.model != model) continue;
            if (++count > kReasons) continue;
            text += fmt::format("{}{}: {}", count == 1 ? "" : "; ",
                                costs.prices.kinds[left.kind].name, left.reason);
        }
        if (count == 0) continue;
        if (count > kReasons) text += fmt::format("; and {} more", count - kReasons);
        blocks.emplace_back(
            Paragraph{fmt::format("not {} on {}", plan.models[model].model, text), Mark::muted});
    }
}

Section cost_section(const CapacityPlan& plan, const PlanSource& source, const CostPlan& costs) {
    Section section{"plan-costs", "What it costs", {}};
    Card card;
    card.topic = "cheapest";
    card.value = "none";
    card.mark = Mark::invalid;
    card.sentence = cost_sentence(plan, costs);
    if (!costs.options.empty()) {
        const CostOption& cheapest = costs.options.front();
        card.value = fmt::format("{} x {}", cheapest.instances.value + kSpares,
                                 costs.prices.kinds[cheapest.kind].name);
        card.mark = cheapest.extrapolated ? Mark::flagged : Mark::best;
    }
    section.blocks.emplace_back(Cards{{card}});
    if (!costs.options.empty()) section.blocks.emplace_back(cost_table(plan, costs));
    const std::size_t hidden = costs.options.size() - shown(costs).size();
    if (hidden > 0) {
        section.blocks.emplace_back(Paragraph{
            fmt::format("{} are in --json", format_plural(hidden, "dearer row")), Mark::muted});
    }
    add_left_out(section.blocks, plan, costs);
    if (std::any_of(costs.options.begin(), costs.options.end(),
                    [](const CostOption& option) { return option.extrapolated; })) {
        section.blocks.emplace_back(Paragraph{extrapolated_note(), Mark::flagged});
    }
    for (const std::string& assumption : costs.assumptions) {
        section.blocks.emplace_back(Paragraph{"assumed: " + assumption, Mark::muted});
    }
    if (!source.cpu_model.empty()) {
        section.blocks.emplace_back(
            Paragraph{"the machine that was measured: " + source.cpu_model, Mark::muted});
    }
    if (std::any_of(costs.options.begin(), costs.options.end(),
                    [](const CostOption& option) { return option.instances_by_machine; })) {
        section.blocks.emplace_back(Paragraph{
            "\"machine\": as many instances, were all that the machine did but the client the "
            "server's work",
            Mark::muted});
    }
    return section;
}

// The manifest itself is written by --emit hpa.
Section autoscaler_section(const AutoscalingPlan& a) {
    Section section{"plan-autoscaler", "An autoscaler for it", {}};
    Card card;
    card.topic = "autoscaler";
    card.value = fmt::format("{} to {}", format_exact_count(a.least), format_plural(a.most, "pod"));
    card.sentence = fmt::format(
        "of {}, {} spare included, at {} % of the {} CPUs that each requests: that bears a rise by "
        "{} of {} requests/s, where {} s pass until what was ordered serves",
        a.model, kSpares, a.target_percent, format_short(a.request_cpus),
        format_percent_per(a.request.ramp), format_count(a.rate), format_short(a.reaction_s));
    card.mark = a.notes.empty() ? Mark::best : Mark::flagged;
    card.more = a.notes;
    card.more.emplace_back("`loadgen plan --emit hpa` writes it, with the arithmetic");
    section.blocks.emplace_back(Cards{{std::move(card)}});
    return section;
}

}  // namespace

std::string extrapolated_note() {
    return fmt::format(
        "*: EXTRAPOLATED, the instance has more than {} times the CPUs that were measured",
        kExtrapolation);
}

std::string money(const Estimate& amount, const std::string& currency) {
    constexpr double kSmall = 10;
    const auto digits = [](double value) {
        return value < kSmall ? fmt::format("{:.4f}", value)
                              : group_digits(fmt::format("{:.2f}", value));
    };
    std::string text = digits(amount.value);
    if (!currency.empty()) text += " " + currency;
    if (!amount.interval) return text + " (no interval)";
    const std::string low = digits(amount.interval->low), high = digits(amount.interval->high);
    return low == high ? text : fmt::format("{} ({} to {})", text, low, high);
}

std::string cost_sentence(const CapacityPlan& plan, const CostPlan& costs) {
    if (costs.options.empty()) {
        return "no kind of instance in the price list carries the demand, for the reasons below";
    }
    const CostOption& cheapest = costs.options.front();
    const std::string& currency = costs.prices.currency;
    std::string text =
        fmt::format("{} on {} of {}, {} each: {} a month ({} hours), {} an hour",
                    plan.models[cheapest.model].model, instances_words(cheapest.instances),
                    costs.prices.kinds[cheapest.kind].name, runs_words(cheapest),
                    money(per_month(cheapest.per_hour), currency), kHoursPerMonth,
                    money(cheapest.per_hour, currency));
    if (!cheapest.per_hour.interval) {
        text += cheapest.instances.least
                    ? "; its capacity is too unsure for the dearest that it may come to"
                    : "; without an interval, as the capacity has none";
    }
    if (costs.as_cheap > 0) {
        text += fmt::format("; by the intervals {} may cost no more",
                            format_plural(costs.as_cheap, "other row"));
    }
    if (cheapest.extrapolated) text += "; EXTRAPOLATED";
    return text;
}

std::vector<Section> extra_sections(const CapacityPlan& plan, const PlanSource& source,
                                    const PlanExtras& extras) {
    std::vector<Section> sections;
    if (extras.costs) sections.push_back(cost_section(plan, source, *extras.costs));
    if (extras.growth) {
        const std::string currency = extras.costs ? extras.costs->prices.currency : "";
        for (Section& section : growth_sections(*extras.growth, currency)) {
            sections.push_back(std::move(section));
        }
    }
    if (extras.autoscaling) sections.push_back(autoscaler_section(*extras.autoscaling));
    return sections;
}

}  // namespace echotrio::loadgen
