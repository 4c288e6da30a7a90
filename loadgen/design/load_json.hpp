// The load of a workload as it stands in results.json, beside the workload's other settings, and
// back.
#pragma once

#include "loadgen/load/load.hpp"

#include <nlohmann/json.hpp>

namespace echotrio::loadgen {

// Sets the keys of what describes the load; those that older files lack only where they differ from
// the usual. Where it goes and on which CPUs belongs to a trial.
void load_to_json(const RunOptions& load, nlohmann::ordered_json& json);

// What the keys say; absent ones leave the usual load as it is. Throws what nlohmann throws, or a
// std::runtime_error that names the key.
RunOptions load_from_json(const nlohmann::ordered_json& json);

}  // namespace echotrio::loadgen
