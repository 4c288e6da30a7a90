// Rates that are shares of what the slowest server can do: how that is found, and what follows.
#include "common/base/check.hpp"
#include "loadgen/design/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kRounds = 3;
constexpr double kLeastRate = 1;

bool has_shares(const Workload& workload) {
    return !workload.shares.empty();
}

// As it can be read and typed: two digits.
double rounded(double rate) {
    const double step = std::pow(10, std::floor(std::log10(rate)) - 1);
    return std::max(std::round(rate / step) * step, kLeastRate);
}

double middle(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

std::optional<Plan> probe_plan(const Plan& plan) {
    const auto found = std::find_if(plan.workloads.begin(), plan.workloads.end(), has_shares);
    if (found == plan.workloads.end()) return std::nullopt;
    Plan probe = plan;
    Workload asked = *found;
    asked.load.rate.clear();
    asked.load.duration = std::min<Nanos>(asked.load.duration, std::chrono::milliseconds(300));
    asked.shares.clear();
    asked.most_rounds = 0;
    std::uint64_t most = 1;
    for (const Level& level : plan.levels) {
        if (level.workload == asked.name) most = std::max(most, level.connections);
    }
    std::erase_if(probe.variants, [&](const Variant& v) { return !tries(v, asked); });
    probe.levels = {{asked.name, most}};
    probe.workloads = {std::move(asked)};
    probe.repetitions = std::min(kRounds, plan.repetitions);
    probe.retries = 0;
    probe.precision = 0;
    probe.budget = Nanos(0);
    probe.cross_check = probe.follow_memory = false;
    return probe;
}

Result<std::vector<Capacity>> capacities_of(const Plan& probe, const std::vector<Trial>& probed) {
    std::vector<Capacity> capacities;
    for (const Variant& variant : probe.variants) {
        std::vector<double> rates;
        std::string why = "no trial was made";
        for (const Trial& trial : probed) {
            if (trial.point.variant != variant.label) continue;
            if (trial.result.throughput_rps > 0) {
                rates.push_back(trial.result.throughput_rps);
            } else if (!trial.result.verdict.reasons.empty()) {
                why = trial.result.verdict.reasons.front().what;
            }
        }
        if (rates.empty()) {
            return Error{
                fmt::format("the capacity of {} could not be probed: {}", variant.label, why)};
        }
        capacities.push_back({variant.label, middle(std::move(rates))});
    }
    return capacities;
}

Plan with_rates(Plan plan, std::vector<Capacity> capacities) {
    CHECK(!capacities.empty());
    const auto slowest =
        std::min_element(capacities.begin(), capacities.end(),
                         [](const Capacity& a, const Capacity& b) { return a.rps < b.rps; });
    std::vector<Level> levels;
    for (Level level : plan.levels) {
        const Workload* workload = find_workload(plan.workloads, level.workload);
        if (workload != nullptr && has_shares(*workload)) {
            level.rate = rounded(level.rate * slowest->rps);
        }
        if (std::find(levels.begin(), levels.end(), level) == levels.end()) {
            levels.push_back(level);
        }
    }
    plan.levels = std::move(levels);
    plan.capacities = std::move(capacities);
    return plan;
}

Plan without_shares(Plan plan) {
    std::erase_if(plan.levels, [&](const Level& level) {
        const Workload* workload = find_workload(plan.workloads, level.workload);
        return workload != nullptr && has_shares(*workload);
    });
    std::erase_if(plan.workloads, has_shares);
    return plan;
}

}  // namespace echotrio::loadgen
