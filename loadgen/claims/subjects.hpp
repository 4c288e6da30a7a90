// Whose servers an experiment looks at: the models, and their twins in each Python that was asked
// for, in the same rounds.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/claims/claims.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/subject/server_process.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// The plan with the twins of its variants beside them. What a Python has no twin for is not in it,
// and why stands in `missing`.
struct MissingTwin {
    std::string python;   // its name
    std::string variant;  // the label of the model's variant
    std::string why;
};
Plan with_twins(Plan plan, const std::vector<Python>& pythons, std::vector<MissingTwin>& missing);

// The trials of the models alone (null), or of one Python, with the labels that the models' have.
Trials trials_of(const Trials& all, const Plan& models, const Python* python);

// The repetitions that have trials, and those of one.
std::vector<std::uint64_t> rounds_of(const Trials& trials);
Trials round_of(const Trials& trials, std::uint64_t repetition);

// A server with so many workers, where it is a pool, of the model or of the context's Python, with
// these arguments beside.
// Error: as ServerProcess::start.
Result<ServerProcess> start_server(const ClaimContext& context, const std::string& model,
                                   std::uint64_t workers, std::uint64_t most,
                                   const std::vector<int>& cpus = {},
                                   std::vector<std::string> arguments = {});

}  // namespace echotrio::loadgen
