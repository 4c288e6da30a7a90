// A horizontal autoscaler by CPU (Kubernetes' HorizontalPodAutoscaler) that keeps the objective
// while it reacts: which utilization to aim at, and how many instances there have to be at least,
// so that the demand may rise until those that were ordered serve. Pure.
//
// How the autoscaler works (kubernetes.io, "Horizontal Pod Autoscaling"): every sync period it sets
// the number of pods to ceil(all that they use / target), unless that is within a tolerance of a
// tenth of what there is. So the CPU that the ready pods use may lie a tenth above the target
// before anything happens; what it sees is as old as the metrics; and what it orders serves only
// once it has started. In that time, the reaction, the demand has risen by ramp x reaction.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/analysis/capacity.hpp"
#include "loadgen/analysis/percent_per.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

inline constexpr double kTolerance = 0.1;  // of the autoscaler, its default

struct AutoscalingRequest {
    PercentPer ramp;                     // of the demand's rate
    double sync_s = 15, metrics_s = 30;  // the autoscaler's period; how old its figures may be
    double pod_s = 10;                   // scheduling, image, probe: what we don't measure
};

struct AutoscalingPlan {
    std::string model;
    AutoscalingRequest request;
    double rate = 0;      // requests/s, the most that is to be served
    double headroom = 0;  // as the demand has it
    // One pod: its capacity as measured, and the end of its interval that is planned with.
    Estimate capacity_rps;
    double planned_rps = 0;
    double cpus_at_capacity = 0;  // that it used at `planned_rps`
    double request_cpus = 0;      // what the pod is to request: utilization is a share of that
    // From its start until it took connections, the slowest of `starts`; 0: not measured.
    double ready_s = 0;
    std::size_t starts = 0;
    double reaction_s = 0;
    double rises_rps = 0;        // by how much the rate grows in that time
    double share_to_keep = 0;    // of its capacity that a pod may be driven at (queueing)
    int target_percent = 0;      // of the request
    double target_share = 0;     // the same as a share of `planned_rps`
    std::uint64_t for_ramp = 0;  // pods that have room for the rise
    // Pods that hold the connections, which CPU tells nothing of; 1 without a demand for them.
    std::uint64_t for_connections = 1;
    std::uint64_t least = 0, most = 0;  // minReplicas, maxReplicas, each with a spare
    double ramp_at_least = 0;  // the largest ramp (share of the rate, a second) that `least`
                               // without its spare can take
    std::uint64_t pods_per_period = 0;  // that the ramp asks for in 15 s, and may be added
    std::vector<std::string> notes;
};

// Error: what was not measured, or why no target keeps the objective. Precondition: the plan is of
// that model and meets the demand, which has a rate.
Result<AutoscalingPlan> plan_autoscaling(const MeasuredModel& model, const ModelPlan& plan,
                                         const Demand& demand, const AutoscalingRequest& request);

}  // namespace echotrio::loadgen
