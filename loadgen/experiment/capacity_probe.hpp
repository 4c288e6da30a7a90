// What each server can do, found before the first round by short trials.
#pragma once

#include "loadgen/design/plan.hpp"
#include "loadgen/experiment/runner.hpp"

#include <functional>
#include <vector>

namespace echotrio::loadgen {

// Runs the plan's probe_plan. Error: a server did nothing, or it was stopped before the end.
// stop and hurry: as in RunnerHooks. Precondition: the plan has one.
Result<std::vector<Capacity>> find_capacities(const Plan& plan, const RunnerOptions& options,
                                              const std::function<bool()>& stop,
                                              const std::function<bool()>& hurry);

}  // namespace echotrio::loadgen
