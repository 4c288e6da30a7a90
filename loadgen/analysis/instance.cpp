#include "loadgen/analysis/instance.hpp"

#include "common/base/to_count.hpp"
#include "loadgen/analysis/queueing.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace echotrio::loadgen {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

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

// Whether it is known how sure an answer is: of a rate alone nobody knows it without an interval,
// while workers and descriptors are counted.
bool has_interval(const Carrying& one, const Demand& demand) {
    if (demand.rate > 0 && one.rps) return one.rps->interval.has_value();
    return demand.connections > 0 && one.connections && one.connections->interval;
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
    if (has_interval(one, demand)) {
        count.least = both(rate_least, held_least);
        count.most = both(rate_most, held_most);
    }
    return count;
}

Estimate times_carried(const Carrying& one, std::uint64_t instances, const Demand& demand,
                       double headroom) {
    const auto n = static_cast<double>(instances);
    Bounds rate{kNoLimit, kNoLimit}, held = rate;
    double rate_value = kNoLimit, held_value = kNoLimit;
    if (demand.rate > 0 && one.rps) {
        const auto at = [&](double rps) {
            return n * usable_rps(one, rps, demand, headroom) / demand.rate;
        };
        const Bounds bounds = bounds_of(*one.rps);
        rate = {at(bounds.low), at(bounds.high)};
        rate_value = at(one.rps->value);
    }
    if (demand.connections > 0 && one.connections) {
        const auto at = [&](double each) {
            return n * std::floor(each) / static_cast<double>(demand.connections);
        };
        const Bounds bounds = bounds_of(*one.connections);
        held = {at(bounds.low), at(bounds.high)};
        held_value = at(one.connections->value);
    }
    Estimate times{std::min(rate_value, held_value), std::nullopt};
    if (has_interval(one, demand)) {
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

std::optional<Estimate> cores_needed(const ModelPlan& plan, const Demand& demand) {
    constexpr double kPer = 1e5;  // requests/s, of cores_per_100k
    if (!(demand.rate > 0) || !plan.cores_per_100k) return std::nullopt;
    return scaled(*plan.cores_per_100k, demand.rate / kPer / (1 - demand.headroom));
}

std::optional<Estimate> memory_needed(const MeasuredModel& model, const ModelPlan& plan,
                                      const Demand& demand, std::uint64_t instances) {
    if (!plan.bytes_per_connection || plan.kernel == KernelPart::unknown) return std::nullopt;
    const auto n = static_cast<double>(instances);
    const double open =
        plan.level ? static_cast<double>(model.levels[*plan.level].connections) : 0.0;
    const double connections =
        demand.connections > 0 ? static_cast<double>(demand.connections) : n * open;
    const Line& line = *model.memory;
    const double base = n * std::max(0.0, line.intercept);
    return Estimate{base + connections * line.slope,
                    Bounds{base + connections * std::max(0.0, line.slope_interval.low),
                           base + connections * line.slope_interval.high}};
}

std::vector<std::string> limits_broken(const Demand& demand, const std::optional<Estimate>& cores,
                                       const std::optional<Estimate>& memory) {
    std::vector<std::string> broken;
    if (demand.cores && cores && cores->value > *demand.cores) {
        broken.push_back(fmt::format("needs {} cores, has {}", format_count(cores->value),
                                     format_short(*demand.cores)));
    }
    if (demand.memory_bytes && memory && memory->value > *demand.memory_bytes) {
        broken.push_back(fmt::format("needs {} of memory, has {}",
                                     format_value(memory->value, Unit::bytes),
                                     format_value(*demand.memory_bytes, Unit::bytes)));
    }
    return broken;
}

Estimate times_within_limits(const MeasuredModel& model, const ModelPlan& plan,
                             const Demand& demand, std::uint64_t instances) {
    Estimate times{kNoLimit, std::nullopt};
    if (const auto cores = cores_needed(plan, demand); cores && demand.cores) {
        times = Estimate{*demand.cores / cores->value, std::nullopt};
        if (cores->interval) {
            times.interval =
                Bounds{*demand.cores / cores->interval->high, *demand.cores / cores->interval->low};
        }
    }
    const auto memory = memory_needed(model, plan, demand, instances);
    if (!memory || !demand.memory_bytes) return times;
    const Line& line = *model.memory;
    const double base = static_cast<double>(instances) * std::max(0.0, line.intercept);
    // Of a rate alone so many instances hold the same connections, however it grows.
    const auto at = [&](double all) {
        const double left = *demand.memory_bytes - base;
        if (demand.connections == 0) return all > *demand.memory_bytes ? 0.0 : kNoLimit;
        return left > 0 ? left / (all - base) : 0.0;
    };
    return smaller_of(times, Estimate{at(memory->value), Bounds{at(memory->interval->high),
                                                                at(memory->interval->low)}});
}

Estimate smaller_of(const Estimate& a, const Estimate& b) {
    if (!std::isfinite(b.value)) return a;
    if (!std::isfinite(a.value)) return b;
    Estimate smaller{std::min(a.value, b.value), std::nullopt};
    if (a.interval && b.interval) {
        smaller.interval = Bounds{std::min(a.interval->low, b.interval->low),
                                  std::min(a.interval->high, b.interval->high)};
    }
    return smaller;
}

}  // namespace echotrio::loadgen
