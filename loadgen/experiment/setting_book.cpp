#include "loadgen/experiment/setting_book.hpp"

#include "loadgen/analysis/rate_outcome.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

std::optional<double> median_of(const std::vector<Passed>& passed, bool rounds_only, auto figure) {
    std::vector<double> values;
    for (const Passed& one : passed) {
        const std::optional<double> value = figure(one);
        if (value && (!rounds_only || one.round > 0)) values.push_back(*value);
    }
    return values.empty() ? std::nullopt : std::optional(median(values));
}

TunedFigure figure(const Estimate& estimate) {
    TunedFigure told{estimate.value};
    if (estimate.interval) {
        told.low = estimate.interval->low;
        told.high = estimate.interval->high;
    }
    return told;
}

}  // namespace

Passed Passed::of(const RunResult& run, const Objective& objective) {
    Passed passed;
    const auto at = run.latency.value_at_percentile(objective.quantile * 100);
    passed.objective_us = static_cast<double>(at) * 1e-3;
    passed.p99_us = run.latency_us.p99;
    passed.cpus = cpus_used(run);
    if (run.server) {
        passed.cpu_us_per_request = run.server->cpu_us_per_request;
        passed.ready_s = run.server->time_to_ready_s;
        passed.group = run.server->cgroup;
    }
    return passed;
}

void SettingBook::missed(const TuneTrial& trial) {
    if (nearest > 0 && trial.rate >= nearest) return;
    nearest = trial.rate;
    missed_us = trial.objective_us;
    why = fmt::format("at {}/s {}", format_count(trial.rate), trial.why);
}

void SettingBook::saw_memory(const RunResult& run, bool fits) {
    if (!run.server) return;
    ran = true;
    const auto seen = most_memory(*run.server);
    std::optional<double>& most = fits ? memory : memory_over;
    if (seen) most = std::max(most.value_or(0), *seen);
}

void SettingBook::broke(const TuneTrial& trial) {
    above = fmt::format("at {}/s {}", format_count(trial.rate), trial.why);
}

void SettingBook::not_judged(const std::string& reason) {
    if (unfit != Unfit::no) return;
    unfit = Unfit::not_judged;
    if (nearest == 0) why = "not judged: " + reason;
}

bool SettingBook::passed_below(double rate) const {
    return std::any_of(passed.begin(), passed.end(),
                       [&](const Passed& one) { return one.rate < rate; });
}

TunedSetting SettingBook::told(const Setting& setting, double searched,
                               const SettingSearch::Answer& answer) const {
    TunedSetting one;
    one.setting = setting;
    one.searched = one.rate.value = std::isnan(searched) ? 0 : searched;
    for (const auto& compared : answer.compared) {
        if (compared.setting != setting) continue;
        one.rounds = compared.rounds;
        one.rate = figure(compared.rate);
        if (compared.to_best.value > 0) one.to_best = figure(compared.to_best);
    }
    const bool rounds = !one.rounds.empty();
    const auto middle = [&](auto member) {
        return median_of(passed, rounds,
                         [&](const Passed& p) { return std::optional<double>(p.*member); });
    };
    one.objective_us = middle(&Passed::objective_us);
    one.p99_us = middle(&Passed::p99_us);
    one.cpus_used = middle(&Passed::cpus);
    one.cpu_us_per_request = middle(&Passed::cpu_us_per_request);
    one.time_to_ready_s = middle(&Passed::ready_s);
    one.memory_bytes = one.rate.value > 0 || !memory_over ? memory : memory_over;
    one.unfit = one.rate.value > 0 ? Unfit::no : unfit;
    one.why = why;
    one.missed_us = missed_us;
    one.above = above;
    for (const Passed& p : passed) {
        if (!p.limited_by.empty() && (!rounds || p.round > 0)) one.limited_by = p.limited_by;
    }
    return one;
}

std::optional<Throttled> SettingBook::throttled() const {
    std::optional<Throttled> sum;
    for (const Passed& one : passed) {
        if (!one.group || !one.group->periods) continue;
        if (!sum) sum.emplace();
        sum->version = one.group->version;
        sum->periods += *one.group->periods;
        sum->throttled_periods += one.group->throttled_periods.value_or(0);
        sum->throttled_s += one.group->throttled_s.value_or(0);
    }
    return sum;
}

}  // namespace echotrio::loadgen
