// Several generators' results of one load as one result: histograms are added, never averaged; the
// accounting is summed. Pure.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/results/run_result.hpp"

#include <cstdint>
#include <vector>

namespace echotrio::loadgen {

// Field by field; a fairness can't be added and stays. What is unknown on one side is so in the
// sum.
void add(Accounting& to, const Accounting& from);
void add(ErrorCounts& to, const ErrorCounts& from);
void add(ConnectionCounts& to, const ConnectionCounts& from);

struct MergePart {
    RunResult result;
    std::uint64_t connections = 0;  // its -c
};

struct Merged {
    RunResult result;    // its verdict is not yet judged
    double overlap = 0;  // share of the longest window in which all generators measured
};

// A count that one part does not have is unknown. What can't be added is taken like this: generator
// shares and hiccups are the largest ones, the server's use is that of the first part that measured
// it, percentiles of a second are left out. Error: nothing to merge, windows that don't overlap at
// all, or request classes that differ.
Result<Merged> merge_results(const std::vector<MergePart>& parts);

}  // namespace echotrio::loadgen
