// Capacity in the report of a comparison: the plan's answer, or what one instance does where
// nothing was asked, with the figures that a planner multiplies by.
#include "loadgen/findings/plan_input.hpp"
#include "loadgen/report/chart_parts.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/plan_costs.hpp"

#include <fmt/format.h>

#include <iterator>

namespace echotrio::loadgen {
namespace {

using Figure = std::optional<Estimate> ModelPlan::*;

// A bar a model, with its interval; empty where no model has the figure.
void add_chart(std::vector<Block>& blocks, const CapacityPlan& plan, const char* id,
               const char* title, std::string caption, Figure figure) {
    Chart chart = bar_chart(id, title, "");
    chart.caption = std::move(caption);
    for (const ModelPlan& model : plan.models) {
        if (const auto& estimate = model.*figure) {
            add_bar(chart, model.model, point_of(0, *estimate));
        }
    }
    if (!chart.series.empty()) blocks.emplace_back(std::move(chart));
}

// Without a demand: what each model does at most, and what stops it.
Cards measured_cards(const CapacityPlan& plan) {
    Cards cards;
    for (const ModelPlan& model : plan.models) {
        Card card;
        card.topic = model.model;
        if (!model.capacity_rps) {
            card.value = "not known";
            card.mark = Mark::flagged;
            card.sentence = "no load was measured in which every connection was served";
        } else {
            card.value = fmt::format("{} requests/s", format_count(model.capacity_rps->value));
            card.sentence = "the highest rate with every connection served";
            if (const auto& interval = model.capacity_rps->interval) {
                card.precise = {fmt::format("{} (95 % interval {} to {})", card.sentence,
                                            format_count(interval->low),
                                            format_count(interval->high))};
            }
        }
        if (!model.bottleneck.empty()) {
            card.more.push_back("limit: " + model.bottleneck);
            if (!card.precise.empty()) card.precise.push_back(card.more.back());
        }
        cards.cards.push_back(std::move(card));
    }
    return cards;
}

}  // namespace

std::vector<Section> capacity_sections(const Experiment& experiment, const Digest& digest,
                                       const std::optional<PlanRequest>& request) {
    PlanSource source;
    source.others = plannable_workloads(digest);
    source.workload = request                 ? request->workload
                      : source.others.empty() ? std::string()
                                              : source.others.front();
    if (!request && curve_of(digest, source.workload).size() < 2)
        return {};  // one load says nothing about others
    Section section{"capacity",
                    fmt::format("Capacity: what one instance does, workload {}", source.workload),
                    {},
                    !request};
    source.cpus = cpus_words_of_curve(digest, source.workload);
    source.cpu_model = cpu_model_of(experiment);
    const Demand demand = request ? request->demand : Demand{};
    if (demand.asks_for_something()) {
        section.title =
            fmt::format("Capacity: for {}, workload {}", demand_text(demand), source.workload);
    }
    const auto models = measured_models(experiment, digest, source.workload);
    if (!models) {
        section.blocks.push_back(Paragraph{"No plan: " + models.error().message, Mark::flagged});
        return {std::move(section)};
    }
    const CapacityPlan plan = plan_capacity(*models, demand, Rng(experiment.seed));
    std::vector<Block> tables;
    for (Section& part : plan_sections(plan, source)) {
        for (Block& block : part.blocks) {
            const bool card = std::holds_alternative<Cards>(block);
            (card ? section.blocks : tables).push_back(std::move(block));
        }
    }
    if (!demand.asks_for_something()) section.blocks.emplace_back(measured_cards(plan));
    add_chart(section.blocks, plan, "capacity-cores", "Cores per 100,000 requests/s",
              "At the highest rate with every connection served; whiskers: 95 % intervals. Shorter "
              "is cheaper.",
              &ModelPlan::cores_per_100k);
    add_chart(section.blocks, plan, "capacity-connections", "Connections per GiB",
              fmt::format("Memory: {}; whiskers: 95 % intervals. Longer is cheaper.",
                          words_of(least_known(digest.memory))),
              &ModelPlan::connections_per_gib);
    std::move(tables.begin(), tables.end(), std::back_inserter(section.blocks));
    std::vector<Section> sections;
    sections.push_back(std::move(section));
    if (!request) return sections;
    const auto extras = plan_extras(*models, plan, request->extras, Rng(experiment.seed));
    if (!extras) {
        sections.front().blocks.push_back(
            Paragraph{"No autoscaler: " + extras.error().message, Mark::flagged});
        return sections;
    }
    for (Section& more : extra_sections(plan, source, *extras)) sections.push_back(std::move(more));
    return sections;
}

}  // namespace echotrio::loadgen
