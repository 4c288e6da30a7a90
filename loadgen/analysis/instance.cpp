#include "loadgen/analysis/instance.hpp"

#include "common/base/to_count.hpp"
#include "loadgen/analysis/queueing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace echotrio::loadgen {
namespace {

// Value, low and high of an estimate; without an interval all are the value.
Bounds bounds_of(const Estimate& estimate) {
    return estimate.interval.value_or(Bounds{estimate.value, estimate.value});
}

// How much of the rate one instance takes, were its capacity `rps`.
double usable_rps(const Carrying& one, double rps, const Demand& demand, double headroom) {
    const double queue = one.rps->value > 0 ? one.queue_rps * rps / one.rps->value : 0;
    return rps * usable_share(queue, demand.objective, headroom);
}

// How many of them share `demand`; empty: none or too many do.
std::optional<std::uint64_t> shares(double demand, double each) {
    if (!(each > 0)) return std::nullopt;
    const double count = std::ceil(demand / each - 1e-9);
    if (count > static_cast<double>(kMostInstances)) return std::nullopt;
    return std::max<std::uint64_t>(1, to_count(count));
}

// The larger of the two, where both can be said.
std::optional<std::uint64_t> both(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
    if (!a || !b) return std::nullopt;
    return std::max(*a, *b);
}

}  // namespace

double usable_share(double queue_rps, const std::optional<Objective>& objective, double headroom) {
    double share = 1 - headroom;
    if (objective) {
        // The time in the queue is the percentile at no load over 1 - rho.
        const double limit = seconds(objective->limit);
        const double alone = mm1_percentile(objective->quantile, 0);
        share = std::min(share, queue_rps > 0 ? 1 - alone / (limit * queue_rps) : 0);
    }
    return std::max(0.0, share);
}

std::optional<InstanceCount> count_for(const Carrying& one, const Demand& demand) {
    std::optional<std::uint64_t> rate = 1, rate_least = 1, rate_most = 1;
    if (demand.rate > 0) {
        if (!one.rps) return std::nullopt;
        const auto at = [&](double rps) {
            return shares(demand.rate, usable_rps(one, rps, demand, demand.headroom));
        };
        const Bounds bounds = bounds_of(*one.rps);
        rate = at(one.rps->value);
        rate_least = at(bounds.high);
        rate_most = at(bounds.low);
    }
    std::optional<std::uint64_t> held = 1, held_least = 1, held_most = 1;
    if (demand.connections > 0 && one.connections) {
        const auto at = [&](double each) {
            return shares(static_cast<double>(demand.connections), std::floor(each));
        };
        const Bounds bounds = bounds_of(*one.connections);
        held = at(one.connections->value);
        held_least = at(bounds.high);
        held_most = at(bounds.low);
    }
    const auto value = both(rate, held);
    if (!value) return std::nullopt;
    InstanceCount count;
    count.value = *value;
    const bool queueing = demand.rate > 0 && usable_share(one.queue_rps, demand.objective,
                                                          demand.headroom) < 1 - demand.headroom;
    count.because_of = *value == 1       ? "one is enough"
                       : *held == *value ? one.held_by
                       : queueing        ? "queueing"
                                         : "rate";
    const bool interval = (demand.rate > 0 && one.rps->interval) ||
                          (demand.connections > 0 && one.connections && one.connections->interval);
    if (interval) {
        count.least = both(rate_least, held_least);
        count.most = both(rate_most, held_most);
    }
    return count;
}

Estimate times_carried(const Carrying& one, std::uint64_t instances, const Demand& demand,
                       double headroom) {
    constexpr double kNoLimit = std::numeric_limits<double>::infinity();
    const auto n = static_cast<double>(instances);
    Bounds rate{kNoLimit, kNoLimit}, held = rate;
    double rate_value = kNoLimit, held_value = kNoLimit;
    bool interval = false;
    if (demand.rate > 0 && one.rps) {
        const auto at = [&](double rps) {
            return n * usable_rps(one, rps, demand, headroom) / demand.rate;
        };
        const Bounds bounds = bounds_of(*one.rps);
        rate = {at(bounds.low), at(bounds.high)};
        rate_value = at(one.rps->value);
        interval = one.rps->interval.has_value();
    }
    if (demand.connections > 0 && one.connections) {
        const auto at = [&](double each) {
            return n * std::floor(each) / static_cast<double>(demand.connections);
        };
        const Bounds bounds = bounds_of(*one.connections);
        held = {at(bounds.low), at(bounds.high)};
        held_value = at(one.connections->value);
        interval = interval || one.connections->interval.has_value();
    }
    Estimate times{std::min(rate_value, held_value), std::nullopt};
    if (interval) {
        times.interval = Bounds{std::min(rate.low, held.low), std::min(rate.high, held.high)};
    }
    return times;
}

Carrying as_measured(const MeasuredModel& model, const ModelPlan& plan) {
    Carrying one;
    one.rps = plan.capacity_rps;
    if (one.rps) one.queue_rps = one.rps->value;
    if (model.connection_limit) {
        one.connections = Estimate{static_cast<double>(*model.connection_limit), std::nullopt};
        one.held_by = model.limited_by;
    }
    return one;
}

}  // namespace echotrio::loadgen
