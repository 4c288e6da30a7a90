// One fixed experiment for the tests of reports: every kind of cell that a report must show.
#pragma once

#include "loadgen/experiment/experiment.hpp"

namespace echotrio::loadgen {

// Two workloads, three models, three repetitions: valid trials, a starved pool, an INVALID trial
// that was repeated, a cross-check, silent connections with memory, and a name full of markup.
Experiment sample_experiment();

}  // namespace echotrio::loadgen
