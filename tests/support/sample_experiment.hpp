// One fixed experiment for the tests of reports: every kind of cell that a report must show.
#pragma once

#include "loadgen/report/companions.hpp"
#include "loadgen/results/experiment.hpp"

namespace echotrio::loadgen {

// Two workloads, three models, three repetitions: valid trials, a starved pool, an INVALID trial
// that was repeated, a cross-check, silent connections with memory, and a name full of markup.
Experiment sample_experiment();

// Its http workload at 64 connections as if its story were cores: on one CPU and, twice as fast, on
// two that are shared with the generator.
Experiment sample_on_one_and_two_cpus();

// What lies beside it: a claim of each verdict, and a demand that one model can't meet.
Companions sample_companions();

// As large as a comparison gets: 3 models x 6 workloads x 8 connection counts x 10 repetitions,
// ten one-second intervals each, with figures that differ in every digit.
Experiment maximal_experiment();

}  // namespace echotrio::loadgen
