// A capacity plan for people and for programs.
#pragma once

#include "loadgen/analysis/capacity.hpp"
#include "loadgen/report/document.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace echotrio::loadgen {

// Where the plan's figures come from.
struct PlanSource {
    std::string file;
    std::string workload;               // empty for a CSV file
    std::vector<std::string> others{};  // workloads that could have been planned for
};

Document plan_document(const CapacityPlan& plan, const PlanSource& source);

// For a CSV file "usl" is the fit, or null with "usl_refused"; for results each of "models" has its
// own. What is not known is null.
nlohmann::ordered_json capacity_to_json(const CapacityPlan& plan, const PlanSource& source);

// The answer in one sentence; why there is none where no model meets the demand.
std::string answer_sentence(const CapacityPlan& plan);

}  // namespace echotrio::loadgen
