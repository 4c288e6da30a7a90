#include "loadgen/report/plan_costs.hpp"
#include "loadgen/report/plan_words.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// "already", "in 3.2 months (2.8 to 3.7)", "not within 10 years"
std::string months_words(const Estimate& months) {
    const auto number = [](double value) {
        return value > kMostMonths ? fmt::format("more than {:.0f}", kMostMonths)
                                   : fmt::format("{:.1f}", value);
    };
    std::string text = months.value > kMostMonths
                           ? fmt::format("not within {:.0f} years", kMostMonths / 12)
                       : months.value > 0 ? fmt::format("in {} months", number(months.value))
                                          : std::string("already");
    const auto& interval = months.interval;
    if (!interval) return text + " (no interval)";
    if (number(interval->low) == number(interval->high)) return text;
    return text + fmt::format(" ({} to {}{})", number(interval->low), number(interval->high),
                              months.value > 0 && months.value <= kMostMonths ? "" : " months");
}

Table outgrown_table(const GrowthPlan& growth) {
    Table table;
    table.caption =
        "When the demand outgrows them, spares not counted (95 % intervals in brackets)";
    table.columns = {{"what"}, {"the headroom begins to be used"}, {"the capacity is used up"}};
    for (const Outgrown& outgrown : growth.outgrown) {
        table.rows.push_back({{outgrown.what},
                              {months_words(outgrown.headroom_used)},
                              {months_words(outgrown.objective_lost)}});
    }
    return table;
}

std::string demand_words(const Demand& demand) {
    std::string text;
    if (demand.rate > 0) text = fmt::format("{} requests/s", format_count(demand.rate));
    if (demand.connections == 0) return text;
    return fmt::format("{}{}{}", text, text.empty() ? "" : ", ",
                       format_plural(demand.connections, "connection"));
}

Table steps_table(const GrowthPlan& growth, const std::string& currency) {
    Table table;
    const bool priced = growth.steps.front().per_month.has_value();
    table.caption =
        priced ? "What it needs then: the cheapest at that time, headroom and spare included"
               : "What it needs then, headroom included";
    table.columns = {{"in months", true}, {"demand"}, {"instances"}, {"of"}};
    if (priced) table.columns.push_back({"a month", true});
    for (const GrowthStep& step : growth.steps) {
        const std::string spare =
            fmt::format("{}{}", priced ? fmt::format(" + {} spare", kSpares) : "",
                        step.extrapolated ? kExtrapolatedMark : "");
        std::vector<TableCell> row{
            {step.months > 0 ? fmt::format("{:.0f}", step.months) : "today"},
            {demand_words(step.demand)},
            {step.instances ? count_with_interval(step.instances->value, step.instances->least,
                                                  step.instances->most) +
                                  spare
             : step.refused.empty() ? "more than any plan has"
                                    : step.refused},
            {step.kind.empty() ? (step.model.empty() ? "-" : step.model)
                               : fmt::format("{} ({})", step.kind, step.model)}};
        if (priced) {
            row.push_back({step.per_month ? money(*step.per_month, currency) : "-"});
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace

std::vector<Section> growth_sections(const GrowthPlan& growth, const std::string& currency) {
    Section section{"plan-growth",
                    fmt::format("When it is outgrown, at {}", format_percent_per(growth.growth)),
                    {}};
    section.blocks.emplace_back(outgrown_table(growth));
    section.blocks.emplace_back(steps_table(growth, currency));
    const Demand& today = growth.steps.front().demand;
    if (today.cores || today.memory_bytes) {
        section.blocks.emplace_back(
            Paragraph{"--cores and --memory end it as well: a time is that of whichever comes "
                      "first, and the headroom is counted as cores that are needed.",
                      Mark::muted});
    }
    section.blocks.emplace_back(
        Paragraph{"Compound growth of all that is demanded; a month is a twelfth of a year. The "
                  "intervals are "
                  "those of the capacity: how sure the growth itself is, nobody measured.",
                  Mark::muted});
    return {std::move(section)};
}

}  // namespace echotrio::loadgen
