#include "loadgen/analysis/capacity.hpp"

#include "common/base/to_count.hpp"
#include "loadgen/analysis/instance.hpp"
#include "loadgen/analysis/queueing.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace echotrio::loadgen {
namespace {

constexpr double kGib = 1024.0 * 1024 * 1024;
constexpr double kUsedUp = 0.9;  // of the CPUs that it can use

using Repetition = MeasuredLevel::Repetition;

std::vector<double> values_of(const MeasuredLevel& level,
                              const std::function<std::optional<double>(const Repetition&)>& of) {
    std::vector<double> values;
    for (const Repetition& repetition : level.repetitions) {
        if (const auto value = of(repetition)) values.push_back(*value);
    }
    return values;
}

std::vector<double> throughputs(const MeasuredLevel& level) {
    return values_of(level, [](const Repetition& r) { return std::optional(r.throughput_rps); });
}

// Whether `a` drives the server harder: by the given rate, or by the connections of a closed loop.
// The two kinds can't be compared.
bool harder(const MeasuredLevel& a, const MeasuredLevel& b) {
    if ((a.offered_rps > 0) != (b.offered_rps > 0)) return false;
    return a.offered_rps > 0 ? a.offered_rps > b.offered_rps : a.connections > b.connections;
}

bool passes(const MeasuredLevel& level, const std::optional<Objective>& objective) {
    if (level.repetitions.empty() || level.starved()) return false;
    if (!objective) return true;
    return !level.overloaded && outcome_of(level.latency, *objective) == Outcome::met;
}

class Planner {
  public:
    Planner(const MeasuredModel& model, const Demand& demand) : m_(model), d_(demand) {
        plan_.model = model.name;
    }

    ModelPlan plan(Rng rng) {
        find_capacity();
        cost_of_requests();
        cost_of_connections();
        fit_scaling(rng);
        name_bottleneck();
        if (d_.asks_for_something()) size();
        return std::move(plan_);
    }

  private:
    bool fails(const MeasuredLevel& level) const {
        return d_.objective && (level.overloaded || level.starved() ||
                                outcome_of(level.latency, *d_.objective) == Outcome::missed);
    }
    MeasuredRate measured(const MeasuredLevel& level) const {
        MeasuredRate rate{level.rate(), level.connections, 0, level.starved(), level.overloaded};
        if (d_.objective) {
            rate.latency_us = static_cast<double>(
                                  level.latency.value_at_percentile(100 * d_.objective->quantile)) /
                              1000;
        }
        return rate;
    }

    void find_capacity();
    void cost_of_requests();
    void cost_of_connections();
    void fit_scaling(Rng rng);
    void name_bottleneck();
    void size();
    void size_instances();
    void queue();
    void size_memory();
    void check_limits();

    const MeasuredModel& m_;
    const Demand& d_;
    ModelPlan plan_;
    const MeasuredLevel* top_ = nullptr;  // the level whose rate is the capacity
};

void Planner::find_capacity() {
    plan_.level = level_of_capacity(m_.levels, d_.objective);
    if (!plan_.level) return;
    top_ = &m_.levels[*plan_.level];
    plan_.capacity_rps = typical(throughputs(*top_));
    plan_.last_pass = measured(*top_);
    const MeasuredLevel* fail = nullptr;
    for (const MeasuredLevel& level : m_.levels) {
        if (level.repetitions.empty() || !fails(level) || !harder(level, *top_)) continue;
        if (fail == nullptr || harder(*fail, level)) fail = &level;
    }
    if (fail != nullptr) plan_.first_fail = measured(*fail);
    if (!d_.objective) return;
    if (fail == nullptr) {
        plan_.notes.push_back(
            fmt::format("no harder load was measured that missed {}: {} "
                        "requests/s is a lower bound",
                        format_objective(*d_.objective), format_count(top_->rate())));
    }
    if (top_->offered_rps == 0) {
        plan_.notes.push_back(
            "latencies are of a closed loop, whose clients wait for replies; "
            "`loadgen search` measures the rate with arrivals that don't");
    }
}

void Planner::cost_of_requests() {
    if (top_ == nullptr) return;
    constexpr double kCoresPer100k = 1e5 / 1e6;
    const auto own = values_of(*top_, [](const Repetition& r) { return r.cpu_us; });
    const auto all = values_of(*top_, [](const Repetition& r) { return r.cpu_us_upper; });
    if (!own.empty()) plan_.cores_per_100k = scaled(typical(own), kCoresPer100k);
    if (!all.empty()) plan_.cores_per_100k_upper = median(all) * kCoresPer100k;
}

void Planner::cost_of_connections() {
    if (!m_.memory || m_.memory_levels < kMemoryLevels || !(m_.memory->slope > 0)) return;
    const Line& line = *m_.memory;
    plan_.kernel = m_.kernel;
    plan_.bytes_per_connection = Estimate{line.slope, line.slope_interval};
    plan_.connections_per_gib = Estimate{kGib / line.slope, std::nullopt};
    if (line.slope_interval.low > 0) {
        plan_.connections_per_gib->interval =
            Bounds{kGib / line.slope_interval.high, kGib / line.slope_interval.low};
    }
}

// N is the level's own, the median over its repetitions: a mean in flight that differs in its last
// digit is no other concurrency.
void Planner::fit_scaling(Rng rng) {
    std::vector<ScalingPoint> points;
    for (const MeasuredLevel& level : m_.levels) {
        if (level.starved() || level.overloaded) continue;
        const double n = median(
            values_of(level, [](const Repetition& r) { return std::optional(r.in_flight); }));
        for (const Repetition& r : level.repetitions) {
            if (n > 0 && r.throughput_rps > 0) points.push_back({n, r.throughput_rps, r.number});
        }
    }
    auto study = study_scaling(points, rng);
    if (study) {
        plan_.scaling = std::move(*study);
    } else {
        plan_.scaling_refused = study.error().message;
    }
}

void Planner::name_bottleneck() {
    const auto starved = [](const MeasuredLevel& level) { return level.starved(); };
    if (m_.connection_limit && std::any_of(m_.levels.begin(), m_.levels.end(), starved)) {
        plan_.bottleneck = fmt::format("{}: {} at once", m_.limited_by,
                                       format_plural(*m_.connection_limit, "connection"));
        return;
    }
    if (top_ == nullptr) return;
    const auto used = top_->cpus_used();
    if (!used || !(top_->cpus_usable > 0)) {
        plan_.bottleneck = "not known (the server's CPU use was not measured)";
    } else if (*used >= kUsedUp * top_->cpus_usable) {
        plan_.bottleneck = fmt::format("CPU: {:.2f} of the {} that it can use", *used,
                                       format_short(top_->cpus_usable));
    } else if (std::none_of(m_.levels.begin(), m_.levels.end(),
                            [&](const MeasuredLevel& level) { return harder(level, *top_); })) {
        plan_.bottleneck = "none met: the measured load ended first";
        plan_.notes.push_back(
            fmt::format("{} requests/s is a lower bound: throughput still "
                        "rose at the largest measured load",
                        format_count(top_->rate())));
    } else {
        plan_.bottleneck = fmt::format(
            "not the CPU ({:.2f} of {} used): waiting, for a lock, a "
            "turn or something outside",
            *used, format_short(top_->cpus_usable));
    }
}

void Planner::size() {
    size_instances();
    plan_.cores = cores_needed(plan_, d_);
    if (d_.rate > 0 && plan_.cores_per_100k_upper) {
        plan_.cores_upper = *plan_.cores_per_100k_upper * d_.rate / 1e5 / (1 - d_.headroom);
    }
    size_memory();
    check_limits();
    plan_.meets = plan_.reasons.empty();
}

void Planner::size_instances() {
    if (d_.rate > 0 && !plan_.capacity_rps) {
        plan_.reasons.push_back(
            d_.objective
                ? fmt::format("no measured load met {} with 99 % confidence for every connection",
                              format_objective(*d_.objective))
                : "no load was measured in which every connection was served");
        return;
    }
    const auto count = [](double demand, double capacity) {
        return std::max<std::uint64_t>(
            1, static_cast<std::uint64_t>(std::ceil(demand / capacity - 1e-9)));
    };
    const auto for_rate = [&](double capacity) {
        return count(d_.rate, capacity * (1 - d_.headroom));
    };
    std::uint64_t for_connections = 1;
    if (d_.connections > 0 && m_.connection_limit) {
        for_connections =
            count(static_cast<double>(d_.connections), static_cast<double>(*m_.connection_limit));
    }
    plan_.instances = for_connections;
    if (d_.rate > 0)
        plan_.instances = std::max(for_connections, for_rate(plan_.capacity_rps->value));
    plan_.sized_by = plan_.instances == 1                 ? "one is enough"
                     : plan_.instances == for_connections ? m_.limited_by
                                                          : "rate";
    if (!(d_.rate > 0)) return;
    if (const auto& interval = plan_.capacity_rps->interval) {
        plan_.instances_least = std::max(for_connections, for_rate(interval->high));
        if (interval->low > 0) {
            plan_.instances_most = std::max(for_connections, for_rate(interval->low));
        }
    }
    queue();
}

void Planner::queue() {
    const double capacity = plan_.capacity_rps->value;
    const double rho = d_.rate / (static_cast<double>(plan_.instances) * capacity);
    plan_.utilization = rho;
    if (rho >= 1) return;
    constexpr std::uint64_t kMostServers = 100'000;  // of the recursion
    if (plan_.instances <= kMostServers) {
        plan_.stretch = mmc_time(static_cast<int>(plan_.instances), rho);
    }
    for (const MeasuredLevel& level : m_.levels) {
        const bool alone = level.connections == 1 && level.offered_rps == 0 && !level.starved();
        if (!alone || !(level.latency.mean() > 0)) continue;
        const double variation = level.latency.stddev() / level.latency.mean();
        plan_.stretch_apart = 1 + mg1_wait(rho, variation * variation);
    }
    if (!d_.objective) return;
    plan_.queueing_tail_us = mm1_percentile(d_.objective->quantile, rho) * 1e6 / capacity;
    if (*plan_.queueing_tail_us > micros(d_.objective->limit)) {
        plan_.reasons.push_back(
            fmt::format("at {:.0f} % of its capacity queueing alone would break {}", rho * 100,
                        format_objective(*d_.objective)));
    }
}

void Planner::size_memory() {
    if (plan_.instances == 0) return;
    if (!plan_.bytes_per_connection) {
        if (d_.connections > 0 || d_.memory_bytes) {
            plan_.reasons.push_back(fmt::format(
                "memory can't be told: it needs {} or more connection counts that were held whole, "
                "there are {}",
                kMemoryLevels, m_.memory_levels));
        }
        return;
    }
    if (plan_.kernel == KernelPart::unknown) {
        if (d_.connections > 0 || d_.memory_bytes) {
            plan_.reasons.push_back(fmt::format(
                "no plan for memory: the results tell user memory only, without the kernel's part "
                "(`loadgen report` says why); measure `idle` as root, or with {} or more "
                "connection counts on a quiet machine",
                kMemoryLevels));
        }
        return;
    }
    plan_.memory_bytes = memory_needed(m_, plan_, d_, plan_.instances);
    const auto open = static_cast<double>(top_ ? top_->connections : 0);
    const double each = d_.connections > 0 ? static_cast<double>(d_.connections) /
                                                 static_cast<double>(plan_.instances)
                                           : open;
    if (each > kExtrapolation * static_cast<double>(m_.most_held)) {
        plan_.notes.push_back(
            fmt::format("memory is EXTRAPOLATED: {} an instance, measured up to {}",
                        format_plural(to_count(std::round(each)), "connection"),
                        format_exact_count(m_.most_held)));
    }
}

void Planner::check_limits() {
    if (d_.cores && d_.rate > 0 && !plan_.cores) {
        plan_.reasons.push_back("cores can't be told: CPU per request was not measured");
    }
    for (std::string& broken : limits_broken(d_, plan_.cores, plan_.memory_bytes)) {
        plan_.reasons.push_back(std::move(broken));
    }
}

// Fewer cores, then less memory; what is not known counts as most.
bool better(const ModelPlan& a, const ModelPlan& b) {
    const auto cost = [](const std::optional<Estimate>& estimate) {
        return estimate ? estimate->value : HUGE_VAL;
    };
    // A tenth of a core is no reason against a model that needs a fraction of the memory.
    const auto cores = [&](const ModelPlan& p) { return std::ceil(cost(p.cores) * 10); };
    if (cores(a) != cores(b)) return cores(a) < cores(b);
    return cost(a.memory_bytes) < cost(b.memory_bytes);
}

}  // namespace

double MeasuredLevel::rate() const {
    return median(throughputs(*this));
}

std::optional<double> MeasuredLevel::cpus_used() const {
    const auto used = values_of(*this, [](const Repetition& r) { return r.cpus_used; });
    return used.empty() ? std::nullopt : std::optional(median(used));
}

Estimate typical(std::span<const double> values) {
    Estimate estimate = median_with_interval(values);
    if (estimate.interval || values.size() < 2) return estimate;
    const auto n = static_cast<double>(values.size());
    const double half = student_t(0.95, n - 1) * std::sqrt(variance(values) / n);
    const double centre = mean(values);
    estimate.interval = Bounds{std::max(0.0, std::min(estimate.value, centre - half)),
                               std::max(estimate.value, centre + half)};
    return estimate;
}

std::optional<std::size_t> level_of_capacity(std::span<const MeasuredLevel> levels,
                                             const std::optional<Objective>& objective) {
    std::optional<std::size_t> top;
    for (std::size_t i = 0; i < levels.size(); ++i) {
        if (!passes(levels[i], objective)) continue;
        if (!top || levels[i].rate() > levels[*top].rate()) top = i;
    }
    return top;
}

CapacityPlan plan_capacity(std::span<const MeasuredModel> models, const Demand& demand, Rng rng) {
    CapacityPlan plan;
    plan.demand = demand;
    for (std::size_t i = 0; i < models.size(); ++i) {
        plan.models.push_back(Planner(models[i], demand).plan(rng.split(i)));
        const ModelPlan& model = plan.models.back();
        if (!demand.asks_for_something() || !model.meets) continue;
        if (!plan.choice || better(model, plan.models[*plan.choice])) plan.choice = i;
    }
    return plan;
}

}  // namespace echotrio::loadgen
