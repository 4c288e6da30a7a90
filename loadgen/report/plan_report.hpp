// A capacity plan for people and for programs.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/analysis/capacity.hpp"
#include "loadgen/analysis/extras.hpp"
#include "loadgen/document/document.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace echotrio::loadgen {

// Where the plan's figures come from.
struct PlanSource {
    std::string file;
    std::string workload;               // empty for a CSV file
    std::vector<std::string> others{};  // workloads that could have been planned for
    std::string cpus{};                 // what both sides had in the trials behind it, in words
    std::string cpu_model{};            // of the machine; empty: not known
};

Document plan_document(const CapacityPlan& plan, const PlanSource& source);

// Its parts, for reports that hold more: the answer (where something was demanded), one instance as
// measured, the scaling law.
std::vector<Section> plan_sections(const CapacityPlan& plan, const PlanSource& source);

// "50,000 requests/s, 20,000 connections, p99=10ms, 30 % headroom"
std::string demand_text(const Demand& demand);

// For a CSV file "usl" is the fit, or null with "usl_refused"; for results each of "models" has its
// own. What is not known is null.
nlohmann::ordered_json capacity_to_json(const CapacityPlan& plan, const PlanSource& source);

// What a plan was asked for: with the results it gives the same plan again.
struct PlanRequest {
    Demand demand;
    std::string workload;
    ExtrasRequest extras;
};

// Error: not a plan from results, or what is wrong in it.
Result<PlanRequest> plan_request_from_json(const nlohmann::ordered_json& json);

// The answer in one sentence; why there is none where no model meets the demand.
std::string answer_sentence(const CapacityPlan& plan);

}  // namespace echotrio::loadgen
