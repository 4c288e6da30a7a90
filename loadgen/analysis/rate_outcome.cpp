#include "loadgen/analysis/rate_outcome.hpp"

#include "common/base/units.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace echotrio::loadgen {
namespace {

// CPU time is charged in ticks of 10 ms, and the window's edges are a few ms wide.
constexpr double kCpuSlack = 1.02;

template <std::size_t N>
const Finding* reason_among(const Verdict& verdict, const std::array<std::string_view, N>& checks) {
    const auto found =
        std::find_if(verdict.reasons.begin(), verdict.reasons.end(), [&](const Finding& reason) {
            return std::find(checks.begin(), checks.end(), reason.check) != checks.end();
        });
    return found == verdict.reasons.end() ? nullptr : &*found;
}

std::optional<double> figure(const MemoryUse& memory, const char* metric) {
    const auto found = memory.find(metric);
    return found == memory.end() ? std::nullopt : found->second;
}

std::string missed(const RunResult& run, const Objective& objective) {
    const auto at = run.latency.value_at_percentile(objective.quantile * 100);
    std::string text = fmt::format("p{:.6g} {}", objective.quantile * 100,
                                   human_duration(Nanos(static_cast<std::int64_t>(at))));
    if (const std::uint64_t failed = run.accounting.failed + run.accounting.timed_out; failed > 0) {
        text += fmt::format(", {} of {} requests failed or timed out", format_exact_count(failed),
                            format_exact_count(run.accounting.sent));
    }
    return text;
}

}  // namespace

bool generator_at_fault(const Verdict& verdict) {
    return reason_among(verdict, std::array<std::string_view, 2>{"lateness", "generator"}) !=
           nullptr;
}

Outcome objective_outcome(const RunResult& run, const Objective& objective) {
    const std::uint64_t over =
        run.latency.count_above(objective.limit.count()) + run.accounting.failed;
    return outcome_of(run.latency.count() + run.accounting.failed, over, objective);
}

RateJudgement judge_rate(const RunResult& run, const Objective& objective,
                         const ServerBounds& bounds) {
    const Verdict& verdict = run.verdict;
    if (run.server && run.server->died) return {RateResult::no_server, "it died in the trial"};
    const auto memory = run.server ? most_memory(*run.server) : std::nullopt;
    if (bounds.memory_bytes && memory && *memory > *bounds.memory_bytes) {
        return {RateResult::no_fit, fmt::format("{} of memory, more than the {} that there are",
                                                format_value(*memory, Unit::bytes),
                                                format_value(*bounds.memory_bytes, Unit::bytes))};
    }
    constexpr std::array<std::string_view, 5> kOutside{"lateness", "generator", "rate", "arrivals",
                                                       "integrity"};
    if (const Finding* reason = reason_among(verdict, kOutside)) {
        return {RateResult::not_judged, fmt::format("{}: {}", reason->check, reason->what)};
    }
    if (verdict.overloaded) {
        return {RateResult::miss,
                fmt::format("overloaded: it got {}/s done", format_count(run.throughput_rps))};
    }
    if (objective_outcome(run, objective) == Outcome::missed) {
        return {RateResult::miss, missed(run, objective)};
    }
    if (run.requests == 0) return {RateResult::miss, "no request was answered"};
    // Failures, and an accept queue that overflowed: the server's doing, at this rate.
    if (!verdict.valid) return {RateResult::miss, verdict.reasons.front().what};
    const auto used = cpus_used(run);
    if (bounds.cpus && used && *used > *bounds.cpus * kCpuSlack) {
        return {RateResult::miss, fmt::format("it used {} CPUs, more than {}", format_count(*used),
                                              format_short(*bounds.cpus))};
    }
    return {RateResult::pass, {}};
}

RateResult weighed(RateResult result, const RunResult& run, const KnownOfSetting& known) {
    if (result != RateResult::no_fit && result != RateResult::no_server) return result;
    const bool started = run.server.has_value();
    if (!started) return known.ran ? RateResult::not_judged : result;
    return known.passed_lower || run.verdict.overloaded ? RateResult::miss : result;
}

std::optional<double> most_memory(const ServerUse& use) {
    std::optional<double> most;
    for (const MemoryUse* memory : {&use.memory_before, &use.memory, &use.memory_peak}) {
        auto bytes = figure(*memory, "pss");
        if (use.processes <= 1) {
            if (const auto peak = figure(*memory, "rss_peak_sum")) {
                bytes = std::max(bytes.value_or(0), *peak);
            }
        }
        if (!bytes) continue;
        for (const char* kernel : {"page_tables", "kernel_stacks"}) {
            *bytes += figure(*memory, kernel).value_or(0);
        }
        most = std::max(most.value_or(0), *bytes);
    }
    return most;
}

}  // namespace echotrio::loadgen
