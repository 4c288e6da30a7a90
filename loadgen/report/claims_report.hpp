// Judged claims as a document and as JSON.
#pragma once

#include "loadgen/experiment/claims.hpp"
#include "loadgen/report/document.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace echotrio::loadgen {

nlohmann::ordered_json claims_to_json(const std::vector<Claim>& claims,
                                      const nlohmann::ordered_json& environment, std::uint64_t seed,
                                      bool complete);

Document claims_document(const std::vector<Claim>& claims);

// The same as one section, for reports that hold more.
Section claims_section(const std::vector<Claim>& claims);

}  // namespace echotrio::loadgen
