// Judged claims as a document, as JSON and back.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/document/document.hpp"
#include "loadgen/results/claim.hpp"
#include "loadgen/results/prediction.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

namespace echotrio::loadgen {

struct JudgedClaims {
    std::vector<Claim> claims;
    bool complete = true;                    // false: interrupted before the last one
    std::optional<Prediction> prediction{};  // where it was asked for
};

nlohmann::ordered_json claims_to_json(const JudgedClaims& judged,
                                      const nlohmann::ordered_json& environment,
                                      std::uint64_t seed);

// Error: not claims, or what is missing in them.
Result<JudgedClaims> claims_from_json(const nlohmann::ordered_json& json);

Document claims_document(const JudgedClaims& judged);

// The same as sections, for reports that hold more: the claims, and whether the models predict
// Python.
std::vector<Section> claims_sections(const JudgedClaims& judged);

// The figures that the claim's picture names as bars; empty where it has none to draw.
std::optional<Chart> claim_chart(const Claim& claim);

}  // namespace echotrio::loadgen
