// Which instances of a price list carry a demand, and what they cost: the measured servers on
// machines of other sizes. Pure. What is assumed for that is said, never hidden.
#pragma once

#include "common/base/rng.hpp"
#include "loadgen/analysis/capacity.hpp"
#include "loadgen/analysis/instance.hpp"
#include "loadgen/analysis/percent_per.hpp"
#include "loadgen/analysis/prices.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace echotrio::loadgen {

inline constexpr std::uint64_t kSpares = 1;  // N+1: one may fail

// A model on a kind of instance: one way to carry the demand.
struct CostOption {
    std::size_t model = 0, kind = 0;  // places in the plan and in the price list
    std::uint64_t copies = 1;         // of the server as measured, on one instance
    std::uint64_t workers = 0;        // of a pool, on one instance; 0: no pool
    Carrying one;                     // what one instance carries
    bool extrapolated = false;        // far beyond the CPUs that were measured
    InstanceCount instances;          // without the spare
    // The same, were all that the machine did but the client the server's work; empty: not known.
    std::optional<std::uint64_t> instances_by_machine;
    Estimate per_hour;  // of all, with the spare; no interval where an end is not known
};

// A model and a kind that do not go together.
struct LeftOut {
    std::size_t model = 0, kind = 0;
    std::string reason;
};

struct CostPlan {
    PriceList prices;
    std::vector<CostOption> options;  // cheapest first
    std::vector<LeftOut> left_out;
    std::vector<std::string> assumptions;
    // Of the options, how many others cost no more than the cheapest as far as the intervals tell.
    std::size_t as_cheap = 0;
};

// For those of the plan's models that meet its demand. Precondition: the plan is of these models
// and its demand asks for something.
CostPlan plan_costs(std::span<const MeasuredModel> models, const CapacityPlan& plan,
                    const PriceList& prices, Rng rng);

Estimate per_month(const Estimate& per_hour);

}  // namespace echotrio::loadgen
