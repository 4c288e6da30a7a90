// What a plan answers beside the demand itself: what it costs, when it is outgrown, an autoscaler.
// Pure.
#pragma once

#include "common/base/result.hpp"
#include "common/base/rng.hpp"
#include "loadgen/analysis/autoscaling.hpp"
#include "loadgen/analysis/costs.hpp"
#include "loadgen/analysis/growth.hpp"

#include <optional>
#include <span>

namespace echotrio::loadgen {

// What is not asked for is empty.
struct ExtrasRequest {
    std::optional<PriceList> prices;
    std::optional<PercentPer> growth;
    std::optional<AutoscalingRequest> autoscaling;
};

// What was not asked for, or can't be said as no model meets the demand, is empty.
struct PlanExtras {
    std::optional<CostPlan> costs;
    std::optional<GrowthPlan> growth;
    std::optional<AutoscalingPlan> autoscaling;
};

// Preconditions: the plan is of these models; its demand asks for something, for an autoscaler for
// a rate. Error: why there is no autoscaler.
Result<PlanExtras> plan_extras(std::span<const MeasuredModel> models, const CapacityPlan& plan,
                               const ExtrasRequest& request, const Rng& rng);

}  // namespace echotrio::loadgen
