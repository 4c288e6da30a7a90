// When a growing demand outgrows what was bought for it, and what it will need then. Pure; times
// are months from today, a twelfth of a year each.
#pragma once

#include "loadgen/analysis/costs.hpp"
#include "loadgen/analysis/percent_per.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// Months until something holds no longer; infinite: never, 0: it does not hold today.
struct Outgrown {
    std::string what;  // "3 instances of coroutine, as measured"
    std::string model;
    std::string kind;  // of the price list; empty: as measured
    std::uint64_t instances = 0;
    Estimate headroom_used;  // until the headroom begins to be used
    Estimate
        objective_lost;  // until the capacity itself is used up, or queueing breaks the objective
};

// The demand at a time, and what carries it then.
struct GrowthStep {
    double months = 0;
    Demand demand;
    std::string model, kind;  // the cheapest then; without prices the plan's choice. Empty: none
    std::optional<InstanceCount> instances;
    bool extrapolated = false;
    std::optional<Estimate> per_month;  // with prices; the spare included
};

struct GrowthPlan {
    PercentPer growth;
    std::vector<Outgrown> outgrown;
    std::vector<GrowthStep> steps;
};

// Beyond this nothing is foretold.
inline constexpr double kMostMonths = 120;

// Compound growth of rate and connections. `prices`: empty without a price list; `costs` are those
// of today by it. Precondition: the plan has a choice.
GrowthPlan plan_growth(std::span<const MeasuredModel> models, const CapacityPlan& plan,
                       const PercentPer& growth, const std::optional<CostPlan>& costs, Rng rng);

}  // namespace echotrio::loadgen
