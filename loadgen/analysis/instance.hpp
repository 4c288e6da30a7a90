// Instances of some size: what one carries, how many of them a demand needs, what these need of
// cores and memory, and how much of the demand a number of them carries. Pure.
#pragma once

#include "loadgen/analysis/capacity.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// What one instance carries. The intervals are those of what was measured.
struct Carrying {
    std::optional<Estimate> rps;  // highest rate under the objective; empty: not known
    double queue_rps = 0;         // of that, what one of its queues carries (of one process)
    std::optional<Estimate> connections;  // the most that it holds; empty: no limit is known
    std::string held_by;                  // what limits these: "memory", "workers"
};

// How many instances, at the capacity itself and at the ends of its interval.
struct InstanceCount {
    std::uint64_t value = 0;
    // `least`: empty without an interval. `most`: also where the interval reaches down to nothing.
    std::optional<std::uint64_t> least, most;
    std::string because_of;  // "rate", "queueing", "memory" ...; "one is enough"
};

// More than any plan has.
inline constexpr std::uint64_t kMostInstances = 1'000'000;

// The share of its capacity that an instance may be driven at, so that `headroom` stays free and
// waiting by chance alone (M/M/1 with what one queue carries) keeps the objective. 0: no share
// does.
double usable_share(double queue_rps, const std::optional<Objective>& objective, double headroom);

// Empty: no number of them, or none up to kMostInstances, meets the demand's rate and connections.
std::optional<InstanceCount> count_for(const Carrying& one, const Demand& demand);

// How many times the demand's rate and connections `instances` of them carry with that headroom.
// Infinite where the demand asks for nothing that limits them.
Estimate times_carried(const Carrying& one, std::uint64_t instances, const Demand& demand,
                       double headroom);

// What one instance as measured carries.
Carrying as_measured(const MeasuredModel& model, const ModelPlan& plan);

// CPUs for the demand's rate with its headroom; empty: no rate, or not measured.
std::optional<Estimate> cores_needed(const ModelPlan& plan, const Demand& demand);

// Bytes for so many instances as measured with the demand's connections; where it asks for none
// with those that were open at the capacity. Empty: the results do not tell all of it.
std::optional<Estimate> memory_needed(const MeasuredModel& model, const ModelPlan& plan,
                                      const Demand& demand, std::uint64_t instances);

// Which of the demand's limits that breaks: "needs 9 cores, has 8". What is not known breaks none.
std::vector<std::string> limits_broken(const Demand& demand, const std::optional<Estimate>& cores,
                                       const std::optional<Estimate>& memory);

// How many times the demand its limits leave room for, on so many instances as measured. Infinite
// without limits.
Estimate times_within_limits(const MeasuredModel& model, const ModelPlan& plan,
                             const Demand& demand, std::uint64_t instances);

// The smaller of two, each infinite where it limits nothing; an interval where what limits has one.
Estimate smaller_of(const Estimate& a, const Estimate& b);

}  // namespace echotrio::loadgen
