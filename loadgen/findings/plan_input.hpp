// What a capacity plan needs of an experiment: per model its measured levels of one workload, and
// how its memory grows with connections.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/analysis/capacity.hpp"
#include "loadgen/findings/digest.hpp"
#include "loadgen/results/experiment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// The workloads of active connections that the experiment has, the one with the most levels that
// count first (that is the default of `plan`).
std::vector<std::string> plannable_workloads(const Digest& digest);

// Error: no such workload, or no trial of it counts.
Result<std::vector<MeasuredModel>> measured_models(const Experiment& experiment,
                                                   const Digest& digest, std::string_view workload);

// The points of a CSV file as one model.
MeasuredModel measured_model(std::string name, std::span<const ScalingPoint> points);

// Of the machine where it was measured; empty: not known.
std::string cpu_model_of(const Experiment& experiment);

}  // namespace echotrio::loadgen
