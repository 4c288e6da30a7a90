// What a trial at one rate says of a server under an objective. Pure.
#pragma once

#include "loadgen/analysis/objective.hpp"
#include "loadgen/results/run_result.hpp"
#include "loadgen/results/tuning.hpp"

#include <optional>
#include <string>

namespace echotrio::loadgen {

// Whether the generator, and not the server, kept the run from being the one that was asked for.
bool generator_at_fault(const Verdict& verdict);

// A failed request missed the objective, whatever its latency was.
Outcome objective_outcome(const RunResult& run, const Objective& objective);

// What a server has to keep to beside the objective; empty: no bound.
struct ServerBounds {
    std::optional<double> cpus{};  // CPU-seconds a second
    std::optional<double> memory_bytes{};
};

struct RateJudgement {
    RateResult result = RateResult::miss;
    std::string why;  // in words; empty where it passed
};
RateJudgement judge_rate(const RunResult& run, const Objective& objective,
                         const ServerBounds& bounds);

// What is known of a setting when a trial of it ends.
struct KnownOfSetting {
    bool passed_lower = false;  // in this measurement, or in an earlier one
    bool ran = false;           // a server with it was ready once
};
// What a trial says of the rate, where `result` would put its setting out for good: a server that
// died or grew under an overload, or above a rate that it bore, missed that rate (miss); one that
// was ready before and could not be started now says nothing (not_judged). Else `result`.
RateResult weighed(RateResult result, const RunResult& run, const KnownOfSetting& known);

// The most memory that the server's processes were seen to have: PSS, or the resident size where it
// is one process, with page tables and kernel stacks where they are known. Empty: not known.
std::optional<double> most_memory(const ServerUse& use);

}  // namespace echotrio::loadgen
