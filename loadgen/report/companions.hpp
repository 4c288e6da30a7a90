// What lies beside a results.json and belongs to the same report: claims.json and prediction.json
// as `claims --json` and `compare --python` write them, plan.json as `plan --json` does.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/report/claims_report.hpp"
#include "loadgen/report/plan_report.hpp"

#include <optional>
#include <string>

namespace echotrio::loadgen {

struct Companions {
    std::optional<JudgedClaims> claims;
    std::optional<Prediction> prediction;
    // What was asked alone: the plan is made again from the results, so that both always agree.
    std::optional<PlanRequest> plan;
};

// `results` as the user named it: a folder, or a results.json; other files have none beside them.
// Error: one is there and can't be read; names it.
Result<Companions> read_companions(const std::string& results);

}  // namespace echotrio::loadgen
