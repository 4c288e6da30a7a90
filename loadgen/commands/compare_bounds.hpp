// What ends an experiment of `loadgen compare`: rounds, precision, time; and how many INVALID
// trials it repeats.
#pragma once

#include "common/base/result.hpp"

namespace CLI {
class App;
}

namespace echotrio::loadgen {

struct CompareOptions;

void add_bounds(CLI::App& command, CompareOptions& options);

// Before the plan's levels are known, and after. Error: which flag, and what to write instead.
Status bound_rounds(CompareOptions& options);
Status bound_trials(CompareOptions& options);

}  // namespace echotrio::loadgen
