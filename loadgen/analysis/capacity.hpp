// What to buy: from measured loads to instances, cores and memory for a demand, per model, with
// what limits it. Pure. Everything rests on what was measured; what the data can't support is
// refused with the reason, and what lies beyond them is marked.
#pragma once

#include "common/base/rng.hpp"
#include "loadgen/analysis/kernel_part.hpp"
#include "loadgen/analysis/objective.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/analysis/usl.hpp"
#include "loadgen/record/histogram.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// One setting of the load on one instance, over the repetitions that count.
struct MeasuredLevel {
    std::uint64_t connections = 0;
    std::uint64_t served = 0;  // the fewest that got a reply; below connections: starved
    double offered_rps = 0;    // 0 = closed loop
    bool overloaded = false;
    struct Repetition {
        std::uint64_t number = 1;
        double throughput_rps = 0, in_flight = 0;
        // CPU time per request: as the server's processes were charged, and all that the machine
        // did but the client. On loopback both are estimates: each end does part of the other's
        // work.
        std::optional<double> cpu_us, cpu_us_upper;
        std::optional<double> cpus_used;  // by the server, of cpus_usable
    };
    std::vector<Repetition> repetitions;
    double cpus_usable = 0;     // those that its threads could use; 0 = not known
    std::uint64_t threads = 0;  // of the server's processes; 0 = not known
    Histogram latency;          // of all repetitions together

    bool starved() const { return served < connections; }
    double rate() const;                      // median of the repetitions' throughput
    std::optional<double> cpus_used() const;  // their median; empty: not measured
};

// The levels of one model on a certain number of CPUs.
struct MeasuredCpus {
    double cpus = 0;
    bool shared = false;  // the generator ran on some of them
    std::vector<MeasuredLevel> levels;
};

struct MeasuredModel {
    std::string name;
    std::vector<MeasuredLevel> levels;
    bool pool = false;      // a worker serves one connection at a time
    bool one_core = false;  // only one of its threads runs at a time: more cores take more of it
    std::vector<MeasuredCpus> by_cpus;  // where it was measured on several numbers of CPUs
    std::vector<double> ready_s;        // from each start until it took connections
    std::optional<Line> memory;         // bytes over connections held, of which `kernel` says what
    KernelPart kernel = KernelPart::unknown;
    std::size_t memory_levels = 0;  // distinct connection counts behind it
    std::uint64_t most_held = 0;    // connections, the most that were measured held at once
    // The most that one instance can hold, and of what there are no more: "workers".
    std::optional<std::uint64_t> connection_limit;
    std::string limited_by;
};

struct Demand {
    double rate = 0;                // requests/s; 0 = not asked
    std::uint64_t connections = 0;  // open at once; 0 = not asked
    std::optional<Objective> objective;
    std::optional<double> memory_bytes;  // at most that much in all
    std::optional<double> cores;         // at most so many in all
    double headroom = 0.3;               // share of the capacity that is kept free
    bool asks_for_something() const { return rate > 0 || connections > 0; }
};

// A measured load and how it did against the objective.
struct MeasuredRate {
    double rate = 0;
    std::uint64_t connections = 0;
    double latency_us = 0;    // at the objective's quantile; 0 without objective
    bool starved = false;     // connections that never got a reply are not in it
    bool overloaded = false;  // the server fell behind: the latency says how long it lasted
};

struct ModelPlan {
    std::string model;
    std::optional<std::size_t> level;  // of the model's levels the one that the capacity is of
    // One instance, as measured.
    std::optional<Estimate> capacity_rps;  // highest rate that met the objective (or at all)
    std::optional<MeasuredRate> last_pass, first_fail;
    std::optional<Estimate> cores_per_100k;       // for 100,000 requests/s
    std::optional<double> cores_per_100k_upper;   // by all that the machine did but the client
    std::optional<Estimate> connections_per_gib;  // with as much of the kernel as `kernel` says
    std::optional<Estimate> bytes_per_connection;
    KernelPart kernel = KernelPart::unknown;
    std::string bottleneck;  // what one instance runs out of first
    // The scaling law through its levels, or why there is none.
    std::optional<ScalingStudy> scaling;
    std::string scaling_refused;
    // The demand.
    std::uint64_t instances = 0;  // 0 = can't be said
    std::string sized_by;         // "rate", "workers", ...: what asks for so many instances
    // As many for the ends of the capacity's interval; empty without one, and `most` also where it
    // reaches down to 0.
    std::optional<std::uint64_t> instances_least, instances_most;
    std::optional<Estimate> cores, memory_bytes;
    std::optional<double> cores_upper;  // by all that the machine did but the client
    // How busy the instances would be, and how many times its service time a request would then
    // take on average, were arrivals Poisson: `stretch` with one queue for all instances (M/M/c),
    // the least that queueing adds; `stretch_apart` with a queue each, and service times as uneven
    // as those of one connection alone were (M/G/1).
    std::optional<double> utilization, stretch, stretch_apart;
    // The objective's percentile of a queue that is as fast as one instance (M/M/1): what chance
    // alone makes of it.
    std::optional<double> queueing_tail_us;
    bool meets = false;
    std::vector<std::string> reasons;  // why it does not, or can't be said
    std::vector<std::string> notes;    // what is extrapolated or only bounded
};

struct CapacityPlan {
    Demand demand;
    std::vector<ModelPlan> models;
    // Of those that meet the demand the one with the fewest cores, then the least memory; empty
    // when none does, or nothing was demanded.
    std::optional<std::size_t> choice;
};

// Of these levels the one with the highest rate that served every connection and met the objective.
std::optional<std::size_t> level_of_capacity(std::span<const MeasuredLevel> levels,
                                             const std::optional<Objective>& objective);

CapacityPlan plan_capacity(std::span<const MeasuredModel> models, const Demand& demand, Rng rng);

// The median with a 95 % interval: of order statistics from six values, below that by Student t
// around the mean (widened to hold the median); none for a single one.
Estimate typical(std::span<const double> values);

}  // namespace echotrio::loadgen
