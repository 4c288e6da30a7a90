// The keys are those of docs/contract.md.
#include "loadgen/report/plan_costs.hpp"
#include "loadgen/report/plan_words.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLongestReaction = 3600;  // seconds, of each of its parts

Json words(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

void add_count(Json& json, const std::optional<InstanceCount>& count) {
    json["instances"] = count ? Json(count->value) : Json(nullptr);
    json["instances_least"] = count ? known(count->least) : Json(nullptr);
    json["instances_most"] = count ? known(count->most) : Json(nullptr);
}

Json option_to_json(const CapacityPlan& plan, const CostPlan& costs, const CostOption& option) {
    const InstanceKind& kind = costs.prices.kinds[option.kind];
    Json json{{"model", plan.models[option.model].model},
              {"kind", kind.name},
              {"vcpu", kind.vcpu},
              {"gib", kind.gib},
              {"price_per_hour", kind.price_per_hour},
              {"processes", option.copies},
              {"workers", option.workers > 0 ? Json(option.workers) : Json(nullptr)},
              {"capacity_rps", estimate_to_json(option.one.rps)},
              {"connections", estimate_to_json(option.one.connections)},
              {"extrapolated", option.extrapolated}};
    add_count(json, option.instances);
    json["instances_by_machine"] = known(option.instances_by_machine);
    json["sized_by"] = option.instances.because_of;
    json["cost_per_hour"] = estimate_to_json(option.per_hour);
    json["cost_per_month"] = estimate_to_json(per_month(option.per_hour));
    return json;
}

Json costs_to_json(const CapacityPlan& plan, const CostPlan& costs) {
    Json json{{"currency", words(costs.prices.currency)},
              {"hours_per_month", kHoursPerMonth},
              {"spare", kSpares},
              {"sentence", cost_sentence(plan, costs)},
              {"assumptions", costs.assumptions}};
    Json& kinds = json["kinds"] = Json::array();
    for (const InstanceKind& kind : costs.prices.kinds) {
        kinds.push_back({{"kind", kind.name},
                         {"vcpu", kind.vcpu},
                         {"gib", kind.gib},
                         {"price_per_hour", kind.price_per_hour}});
    }
    Json& options = json["options"] = Json::array();
    for (const CostOption& option : costs.options) {
        options.push_back(option_to_json(plan, costs, option));
    }
    Json& left = json["left_out"] = Json::array();
    for (const LeftOut& one : costs.left_out) {
        left.push_back({{"model", plan.models[one.model].model},
                        {"kind", costs.prices.kinds[one.kind].name},
                        {"reason", one.reason}});
    }
    return json;
}

// Beyond what is foretold: null.
Json months_to_json(const Estimate& months) {
    const auto end = [](double value) { return value > kMostMonths ? Json(nullptr) : Json(value); };
    return {{"value", end(months.value)},
            {"ci95", months.interval ? Json{end(months.interval->low), end(months.interval->high)}
                                     : Json(nullptr)}};
}

Json growth_to_json(const GrowthPlan& growth) {
    Json json{{"percent", growth.growth.share * 100}, {"per", growth.growth.per}};
    Json& outgrown = json["outgrown"] = Json::array();
    for (const Outgrown& one : growth.outgrown) {
        outgrown.push_back({{"what", one.what},
                            {"model", one.model},
                            {"kind", words(one.kind)},
                            {"instances", one.instances},
                            {"months_to_headroom", months_to_json(one.headroom_used)},
                            {"months_to_capacity", months_to_json(one.objective_lost)}});
    }
    Json& steps = json["steps"] = Json::array();
    for (const GrowthStep& step : growth.steps) {
        Json one{{"months", step.months},
                 {"rate_rps", step.demand.rate > 0 ? Json(step.demand.rate) : Json(nullptr)},
                 {"connections",
                  step.demand.connections > 0 ? Json(step.demand.connections) : Json(nullptr)},
                 {"model", words(step.model)},
                 {"kind", words(step.kind)},
                 {"refused", words(step.refused)}};
        add_count(one, step.instances);
        one["extrapolated"] = step.extrapolated;
        one["cost_per_month"] = estimate_to_json(step.per_month);
        steps.push_back(std::move(one));
    }
    return json;
}

Json autoscaling_to_json(const AutoscalingPlan& a) {
    return {{"model", a.model},
            {"min_replicas", a.least},
            {"max_replicas", a.most},
            {"target_percent", a.target_percent},
            {"request_cpus", a.request_cpus},
            {"spare", kSpares},
            {"capacity_rps", estimate_to_json(a.capacity_rps)},
            {"planned_rps", a.planned_rps},
            {"target_share", a.target_share},
            {"ramp", {{"percent", a.request.ramp.share * 100}, {"per", a.request.ramp.per}}},
            {"reaction_s",
             {{"metrics", a.request.metrics_s},
              {"sync", a.request.sync_s},
              {"pod", a.request.pod_s},
              {"server", a.starts > 0 ? Json(a.ready_s) : Json(nullptr)},
              {"all", a.reaction_s}}},
            {"starts", a.starts},
            {"rise_rps", a.rises_rps},
            {"ramp_at_most_percent_per_min", a.ramp_at_least * 60 * 100},
            {"notes", a.notes}};
}

PriceList prices_from_json(const Json& costs) {
    PriceList list;
    if (const Json& currency = costs.at("currency"); currency.is_string()) {
        list.currency = currency.get<std::string>();
    }
    for (const Json& kind : costs.at("kinds")) {
        list.kinds.push_back({kind.at("kind").get<std::string>(), kind.at("vcpu").get<double>(),
                              kind.at("gib").get<double>(),
                              kind.at("price_per_hour").get<double>()});
    }
    return list;
}

// As people write it: "20%/month".
std::string percent_per_of(const Json& json) {
    return fmt::format("{}%/{}", json.at("percent").get<double>(),
                       json.at("per").get<std::string>());
}

Result<AutoscalingRequest> autoscaling_from_json(const Json& json) {
    AutoscalingRequest request;
    auto ramp = parse_ramp(percent_per_of(json.at("ramp")));
    if (!ramp) return Error{"autoscaling: " + ramp.error().message};
    request.ramp = *ramp;
    const Json& times = json.at("reaction_s");
    for (const auto& [key, value] :
         {std::pair{"metrics", &request.metrics_s}, std::pair{"sync", &request.sync_s},
          std::pair{"pod", &request.pod_s}}) {
        *value = times.at(key).get<double>();
        if (!(*value >= 0) || *value > kLongestReaction) {
            return Error{fmt::format("autoscaling: {} is no time up to an hour", key)};
        }
    }
    return request;
}

}  // namespace

Result<ExtrasRequest> extras_request_from_json(const Json& json) {
    ExtrasRequest request;
    if (json.contains("costs") && json["costs"].contains("kinds")) {
        request.prices = prices_from_json(json["costs"]);
        if (const std::string wrong = wrong_with(*request.prices); !wrong.empty()) {
            return Error{wrong};
        }
    }
    if (json.contains("growth")) {
        auto growth = parse_growth(percent_per_of(json["growth"]));
        if (!growth) return Error{"growth: " + growth.error().message};
        request.growth = *growth;
    }
    if (json.contains("autoscaling")) {
        auto scaling = autoscaling_from_json(json["autoscaling"]);
        if (!scaling) return scaling.error();
        request.autoscaling = *scaling;
    }
    return request;
}

void add_extras(Json& json, const CapacityPlan& plan, const PlanExtras& extras) {
    if (extras.costs) json["costs"] = costs_to_json(plan, *extras.costs);
    if (extras.growth) json["growth"] = growth_to_json(*extras.growth);
    if (extras.autoscaling) json["autoscaling"] = autoscaling_to_json(*extras.autoscaling);
}

}  // namespace echotrio::loadgen
