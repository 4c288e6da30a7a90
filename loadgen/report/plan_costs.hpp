// What a demand costs, when it outgrows what was bought, and how to scale it by itself: the parts
// of a plan that are asked for beside the demand, for people and for programs.
#pragma once

#include "loadgen/analysis/extras.hpp"
#include "loadgen/document/document.hpp"
#include "loadgen/report/plan_report.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// The extras' sections, to stand behind the answer.
std::vector<Section> extra_sections(const CapacityPlan& plan, const PlanSource& source,
                                    const PlanExtras& extras);
// Behind a count that lies far beyond the measured CPUs, and what it means.
inline constexpr const char* kExtrapolatedMark = " *";
std::string extrapolated_note();
std::vector<Section> growth_sections(const GrowthPlan& growth, const std::string& currency);

// "costs", "growth" and "autoscaling" in a plan's JSON, those that there are.
void add_extras(nlohmann::ordered_json& json, const CapacityPlan& plan, const PlanExtras& extras);
// What they were asked with. Error: what is wrong in it; an exception where a key is missing or not
// what it should be. Older plans do not have the price list and so ask for no costs.
Result<ExtrasRequest> extras_request_from_json(const nlohmann::ordered_json& json);

// The cheapest way in one sentence; why there is none.
std::string cost_sentence(const CapacityPlan& plan, const CostPlan& costs);

// "1,234.50 EUR", "131.40 EUR (122.64 to 140.16)": an amount below 10 has four decimals; ends that
// are equal are the amount itself, for sure.
std::string money(const Estimate& amount, const std::string& currency);

// A manifest for Kubernetes, with the arithmetic in comments.
std::string hpa_yaml(const AutoscalingPlan& scaling, const CapacityPlan& plan,
                     const PlanSource& source);

}  // namespace echotrio::loadgen
