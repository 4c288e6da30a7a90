// results.json whole: the experiment, and what follows from it for readers of the file.
#pragma once

#include "loadgen/findings/digest.hpp"
#include "loadgen/results/experiment.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace echotrio::loadgen {

nlohmann::ordered_json results_to_json(const Experiment& experiment,
                                       const std::vector<Comparison>& comparisons);

}  // namespace echotrio::loadgen
