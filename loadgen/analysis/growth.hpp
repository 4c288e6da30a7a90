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
    // Until the headroom begins to be used, or a limit of the demand is reached.
    Estimate headroom_used;
    // Until the capacity itself is used up, queueing breaks the objective, or a limit is reached
    // although nothing is kept free.
    Estimate objective_lost;
};

// The demand at a time, and what carries it then.
struct GrowthStep {
    double months = 0;
    Demand demand;
    std::string model, kind;  // the cheapest then; without prices the plan's choice. Empty: none
    std::optional<InstanceCount> instances;
    std::string refused;  // why nothing carries it, where that is not the number of instances
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

// Compound growth of rate and connections. `costs`: those of today; empty without a price list, and
// the limits of the demand then hold for what is as measured. Precondition: the plan has a choice.
GrowthPlan plan_growth(std::span<const MeasuredModel> models, const CapacityPlan& plan,
                       const PercentPer& growth, const std::optional<CostPlan>& costs, Rng rng);

}  // namespace echotrio::loadgen
