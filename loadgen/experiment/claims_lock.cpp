// Claims about the global lock, preemption and yielding.
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/experiment/claims.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

std::optional<double> throughput(const RunResult& result) {
    return result.throughput_rps;
}
// The lower quartile: what a request has to wait in any case shows in all of them, what neighbours
// on the machine add only in some.
std::optional<double> usual_ms(const RunResult& result) {
    if (result.latency.count() == 0) return std::nullopt;
    return static_cast<double>(result.latency.value_at_percentile(25)) * 1e-6;
}
// The longest wait of a small request among heavy ones.
std::optional<double> worst_ms(const RunResult& result) {
    if (result.classes.empty() || !result.classes.front().latency_us.max) return std::nullopt;
    return *result.classes.front().latency_us.max / 1000;
}

double median_or_0(const std::vector<double>& values) {
    return values.empty() ? 0 : median(values);
}

// Small requests, one after the other, beside one request that burns a CPU all the time.
Condition beside_a_burner(const ClaimContext& context, std::string label, std::string model,
                          std::vector<std::string> arguments) {
    return {std::move(label),
            std::move(model),
            std::move(arguments),
            context.one_cpu(),
            1,
            std::chrono::seconds(context.quick ? 3 : 4),
            [&context](RunOptions& options) {
                small_http_load(context, options);
                options.warmup = std::chrono::milliseconds(100);
                options.duration = std::chrono::milliseconds(context.quick ? 800 : 2000);
            }};
}

// What a second core is worth to the server that ran under these two labels.
struct Gain {
    Effect undisturbed, throughput;

    nlohmann::ordered_json json() const {
        nlohmann::ordered_json out = undisturbed.json;
        out["measured_throughput_ratio"] = throughput.json;
        return out;
    }
    std::string text() const {
        return fmt::format("{} (measured beside the machine's other work: {:.3g})",
                           undisturbed.text, throughput.value);
    }
};

Gain gain_of(const ClaimContext& context, const Measured& measured, const std::string& what) {
    const auto on = [](double cpus) {
        return [cpus](const RunResult& r) { return undisturbed_rps(r, cpus); };
    };
    const std::string one = what + " on one", two = what + " on two";
    return {
        effect_of(context, measured.figures(two, on(2)), measured.figures(one, on(1))),
        effect_of(context, measured.figures(two, throughput), measured.figures(one, throughput))};
}

// On two cores against processes, in the same rounds: if one thread at a time runs, it is half of
// what they do, and less where others want the CPUs, too; if CPU work scaled, as much.
void judge_one_at_a_time(const ClaimContext& context, const Measured& measured, Claim& locked) {
    const auto on = [&](const char* label) { return measured.figures(label, throughput); };
    const Effect share = effect_of(context, on("lock on two"), on("processes on two"));
    const Effect gain = effect_of(context, on("lock on two"), on("lock on one"));
    locked.evidence["throughput_over_processes_on_two_cores"] = share.json;
    locked.evidence["throughput_two_cores_over_one"] = gain.json;
    locked.reason = fmt::format(
        "on two cores threads under the lock do {} times the CPU work of processes, where half is "
        "one at a time; a second core multiplies their throughput by {}",
        share.text, gain.text);
    if (share.known && share.high < 0.75) locked.verdict = ClaimVerdict::supported;
    if (share.known && share.low > 0.9) locked.verdict = ClaimVerdict::refuted;
}

}  // namespace

std::vector<Claim> scaling_with_cores(const ClaimContext& context) {
    Claim locked{"one-thread-at-a-time",
                 "Under the global lock one thread runs and the others wait: CPU work does not "
                 "scale with cores"};
    Claim free{"parallel-without-lock",
               "Without the global lock, and with processes, CPU work scales with cores"};
    if (context.cpus.size() < 2) {
        for (Claim* claim : {&locked, &free}) {
            claim->verdict = ClaimVerdict::not_testable;
            claim->reason = "this machine lets us use one CPU; two are needed";
        }
        return {locked, free};
    }
    const auto load = [&context](RunOptions& options) {
        small_http_load(context, options);
        options.target.path = "/echo/hi?cpu=2ms";
        options.connections = 4;
        options.duration = std::chrono::milliseconds(context.quick ? 400 : 1000);
    };
    const std::vector<std::string> pool{"--start-workers", "5"};
    std::vector<Condition> conditions;
    for (const bool two : {false, true}) {
        const auto cpus = two ? context.two_cpus() : context.one_cpu();
        const char* on = two ? " on two" : " on one";
        conditions.push_back({std::string("lock") + on, "threads", {}, cpus, 0, {}, load});
        conditions.push_back(
            {std::string("no lock") + on, "threads", {"--gil", "off"}, cpus, 0, {}, load});
        conditions.push_back({std::string("processes") + on, "prefork", pool, cpus, 0, {}, load});
    }
    const Measured measured = measure(context, conditions, context.many_repetitions());
    judge_one_at_a_time(context, measured, locked);
    const Gain no_lock_gain = gain_of(context, measured, "no lock"),
               processes_gain = gain_of(context, measured, "processes");
    const Effect &no_lock = no_lock_gain.undisturbed, &processes = processes_gain.undisturbed;
    // Half a core's worth would be scaling; noise and the generator's own use of a core are less.
    constexpr double kScales = 1.5, kDoesNot = 1.25;
    free.evidence["no_lock_two_cores_over_one"] = no_lock_gain.json();
    free.evidence["processes_two_cores_over_one"] = processes_gain.json();
    free.reason = fmt::format(
        "a second core multiplies throughput by {} without the lock and by {} with processes",
        no_lock_gain.text(), processes_gain.text());
    if (no_lock.known && processes.known) {
        if (no_lock.low > kScales && processes.low > kScales) {
            free.verdict = ClaimVerdict::supported;
        } else if (no_lock.high < kDoesNot || processes.high < kDoesNot) {
            free.verdict = ClaimVerdict::refuted;
        }
    }
    for (Claim* claim : {&locked, &free}) explain(*claim, measured);
    return {locked, free};
}

std::vector<Claim> one_processor(const ClaimContext& context) {
    Claim rate{"lock-costs-nothing-on-one-cpu",
               "On one processor the global lock costs nothing: throughput is the same without"};
    Claim latency{
        "lock-costs-no-latency-on-one-cpu",
        "On one processor the global lock costs no latency either: a small request beside "
        "CPU work is answered as fast with it as without"};
    const auto load = [&context](RunOptions& options) {
        small_http_load(context, options);
        options.target.path = "/echo/hi?cpu=100us";
        options.connections = 16;
    };
    std::vector<Condition> conditions{
        {"lock", "threads", {}, context.one_cpu(), 0, {}, load},
        {"no lock", "threads", {"--gil", "off"}, context.one_cpu(), 0, {}, load}};
    const Measured rates = measure(context, conditions, context.many_repetitions());
    const auto on_one = [](const RunResult& result) { return undisturbed_rps(result, 1); };
    const Effect ratio =
        effect_of(context, rates.figures("lock", on_one), rates.figures("no lock", on_one));
    const Effect measured_ratio =
        effect_of(context, rates.figures("lock", throughput), rates.figures("no lock", throughput));
    rate.evidence["throughput_with_over_without"] = ratio.json;
    rate.evidence["measured_throughput_ratio"] = measured_ratio.json;
    rate.reason = fmt::format(
        "throughput with the lock over without: {} (measured beside the machine's other work: "
        "{:.3g}); 0.9 to 1.1 counts as the same",
        ratio.text, measured_ratio.value);
    if (ratio.known) {
        if (ratio.low >= 0.9 && ratio.high <= 1.1) rate.verdict = ClaimVerdict::supported;
        if (ratio.high < 0.9 || ratio.low > 1.1) rate.verdict = ClaimVerdict::refuted;
    }
    const Measured waits =
        measure(context,
                {beside_a_burner(context, "lock", "threads", {}),
                 beside_a_burner(context, "no lock", "threads", {"--gil", "off"})},
                context.many_repetitions());
    const auto with = waits.figures("lock", usual_ms), without = waits.figures("no lock", usual_ms);
    const Effect slower = effect_of(context, with, without);
    latency.evidence = {{"p25_ms_with_lock", median_or_0(with)},
                        {"p25_ms_without", median_or_0(without)},
                        {"with_over_without", slower.json}};
    latency.reason = fmt::format(
        "lower quartile of latency beside one CPU-bound request: {:.3g} ms with the lock (its "
        "switch interval "
        "is 5 ms), {:.3g} ms without; ratio {}",
        median_or_0(with), median_or_0(without), slower.text);
    if (slower.known && slower.low > 1.2) latency.verdict = ClaimVerdict::refuted;
    if (slower.known && slower.high < 1.2) latency.verdict = ClaimVerdict::supported;
    explain(rate, rates);
    explain(latency, waits);
    return {rate, latency};
}

std::vector<Claim> preemption(const ClaimContext& context) {
    Claim interval{"preemption-follows-interval",
                   "The interpreter preempts by a software tick: how long a thread waits to wake "
                   "follows the switch interval"};
    Claim ticks{
        "old-ticks-behave-otherwise",
        "The old lock, which counts ticks, behaves otherwise: its waits do not follow a time "
        "interval"};
    constexpr double kShortMs = 2, kLongMs = 10;
    const Measured measured =
        measure(context,
                {beside_a_burner(context, "2ms", "threads", {"--switch-interval", "2ms"}),
                 beside_a_burner(context, "10ms", "threads", {"--switch-interval", "10ms"}),
                 beside_a_burner(context, "ticks", "threads", {"--gil", "ticks"})},
                context.many_repetitions());
    const auto short_waits = measured.figures("2ms", usual_ms);
    const auto long_waits = measured.figures("10ms", usual_ms);
    const auto tick_waits = measured.figures("ticks", usual_ms);
    // The growth, not the ratio: what else delays a request is in both.
    std::vector<double> intervals(short_waits.size(), kShortMs), waits = short_waits;
    intervals.insert(intervals.end(), long_waits.size(), kLongMs);
    waits.insert(waits.end(), long_waits.begin(), long_waits.end());
    const auto growth = theil_sen(intervals, waits);
    interval.evidence = {{"p25_ms_at_2ms", median_or_0(short_waits)},
                         {"p25_ms_at_10ms", median_or_0(long_waits)},
                         {"ms_of_wait_per_ms_of_interval", nullptr}};
    interval.reason = fmt::format(
        "the lower quartile of waits is {:.3g} ms at an interval of 2 ms and {:.3g} ms at 10 ms",
        median_or_0(short_waits), median_or_0(long_waits));
    if (growth) {
        const Bounds& bounds = growth->slope_interval;
        interval.evidence["ms_of_wait_per_ms_of_interval"] = {{"slope", growth->slope},
                                                              {"ci95", {bounds.low, bounds.high}}};
        interval.reason += fmt::format(
            ": {:.3g} ms more (95 % interval {:.3g} to {:.3g}) for each ms of interval; 1 is to be "
            "expected",
            growth->slope, bounds.low, bounds.high);
        if (bounds.low > 0.5 && bounds.high < 2) interval.verdict = ClaimVerdict::supported;
        if (bounds.high < 0.5 || bounds.low > 2) interval.verdict = ClaimVerdict::refuted;
    }
    const Effect against = effect_of(context, tick_waits, long_waits);
    ticks.evidence = {{"p25_ms_with_ticks", median_or_0(tick_waits)},
                      {"p25_ms_at_10ms", median_or_0(long_waits)},
                      {"ratio", against.json}};
    ticks.reason =
        fmt::format("the lower quartile of waits is {:.3g} ms with ticks; over that at 10 ms: {}",
                    median_or_0(tick_waits), against.text);
    const auto unanswered = measured.unanswered.find("ticks");
    const bool few = tick_waits.size() < 2 && unanswered != measured.unanswered.end();
    if (few) {
        // Nothing forces a switch: a waiting thread may never get the lock, which is no median.
        ticks.verdict = ClaimVerdict::supported;
        ticks.reason =
            "with ticks a thread beside CPU work was not answered within the window: "
            "nothing forces the holder to hand over";
    } else if (against.known) {
        const bool same = against.low > 0.5 && against.high < 2;
        const bool other = against.high < 0.8 || against.low > 1.25;
        if (other) ticks.verdict = ClaimVerdict::supported;
        if (same && !other) ticks.verdict = ClaimVerdict::refuted;
    }
    for (Claim* claim : {&interval, &ticks}) explain(*claim, measured);
    return {interval, ticks};
}

std::vector<Claim> yielding(const ClaimContext& context) {
    static constexpr double kHeavyMs = 100;
    Claim stall{"coroutine-must-yield",
                "A coroutine must yield by itself: one CPU-heavy request stalls all others for its "
                "whole length"};
    Claim cured{"yielding-cures", "With yielding in between it does not"};
    // One request in a hundred is heavy, at random moments; the others should not notice.
    const auto load = [&context](RunOptions& options) {
        small_http_load(context, options);
        options.connections = 32;
        options.duration = std::chrono::milliseconds(context.quick ? 1000 : 2000);
        options.rate = {{.rate = 500}};
        options.classes = {{"small", 99, "/echo/hi"},
                           {"heavy", 1, fmt::format("/echo/hi?cpu={:.0f}ms", kHeavyMs)}};
    };
    const Measured measured = measure(
        context,
        {{"never", "coroutine", {}, context.one_cpu(), 0, {}, load},
         {"every 1ms", "coroutine", {"--yield-every", "1ms"}, context.one_cpu(), 0, {}, load}},
        context.repetitions());
    const auto never = measured.figures("never", worst_ms);
    const auto often = measured.figures("every 1ms", worst_ms);
    stall.evidence = {{"heavy_request_ms", kHeavyMs}, {"longest_wait_ms", median_or_0(never)}};
    stall.reason = fmt::format(
        "beside a request of {:.0f} ms the longest wait of a small one is "
        "{:.3g} ms",
        kHeavyMs, median_or_0(never));
    if (never.size() >= 2) {
        const auto [lowest, highest] = std::minmax_element(never.begin(), never.end());
        const double least = *lowest;
        stall.evidence["range_ms"] = {least, *highest};
        stall.reason +=
            fmt::format(" ({:.3g} to {:.3g} in {} runs)", least, *highest, never.size());
        stall.verdict = least > 0.8 * kHeavyMs    ? ClaimVerdict::supported
                        : least < 0.25 * kHeavyMs ? ClaimVerdict::refuted
                                                  : ClaimVerdict::inconclusive;
    }
    const Effect ratio = effect_of(context, often, never);
    cured.evidence = {{"longest_wait_ms_never", median_or_0(never)},
                      {"longest_wait_ms_yielding", median_or_0(often)},
                      {"ratio", ratio.json}};
    cured.reason = fmt::format(
        "yielding every 1 ms the longest wait is {:.3g} ms; over never "
        "yielding: {}",
        median_or_0(often), ratio.text);
    if (ratio.known && ratio.high < 0.5) cured.verdict = ClaimVerdict::supported;
    if (ratio.known && ratio.low > 0.8) cured.verdict = ClaimVerdict::refuted;
    for (Claim* claim : {&stall, &cured}) explain(*claim, measured);
    return {stall, cured};
}

}  // namespace echotrio::loadgen
