// What a small request waits beside a heavy one in a loop that yields or does not.
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

constexpr double kHeavyMs = 100;
constexpr std::uint64_t kLeastForAMedian = 6;  // with an interval of 95 %
constexpr const char* kWorkload = "one in a hundred is heavy";

// At random moments; the others should not notice.
Plan plan(const ClaimContext& context) {
    Workload work{.name = kWorkload,
                  .title = "500 requests/s, 1 % of them cost 100 ms of CPU work",
                  .shows = "what a small request suffers beside a heavy one in the same loop"};
    work.load = small_load(context);
    work.load.duration = std::chrono::milliseconds(context.quick ? 1000 : 2000);
    work.load.rate = {{.rate = 500}};
    work.load.classes = {{"small", 99, "/echo/hi"},
                         {"heavy", 1, fmt::format("/echo/hi?cpu={:.0f}ms", kHeavyMs)}};
    work.server_cpus = 1;
    work.connections = {32};
    return claim_plan(
        context, {{"never", "coroutine", {}}, {"every 1ms", "coroutine", {"--yield-every", "1ms"}}},
        {work}, std::max<std::uint64_t>(context.repetitions(), kLeastForAMedian));
}

// The longest wait of a small request among heavy ones.
std::optional<double> worst_ms(const RunResult& result) {
    if (result.classes.empty() || !result.classes.front().latency_us.max) return std::nullopt;
    return *result.classes.front().latency_us.max / 1000;
}

// A median, which needs six runs for its interval.
Measurement stall(const std::vector<double>& never) {
    const auto longest =
        median_figure({"longest_wait_ms", "longest wait", "coroutine", "ms"}, never);
    Measurement found{
        figures_of(
            {exact_figure({"heavy_request_ms", "heavy request", "", "ms"}, kHeavyMs), longest}),
        fmt::format(
            "beside a request of {:.0f} ms the longest wait of a small one is {} (median of "
            "{} runs)",
            kHeavyMs, in_words(longest), never.size())};
    if (never.empty()) return found;
    const auto [lowest, highest] = std::minmax_element(never.begin(), never.end());
    found.notes["range_ms"] = {*lowest, *highest};
    return found;
}

Measurement cured(const ClaimContext& context, const std::vector<double>& never,
                  const std::vector<double>& often, const FigurePairs& pairs) {
    const auto not_yielding =
        median_figure({"longest_wait_ms_never", "never yields", "coroutine", "ms"}, never);
    const auto yields =
        median_figure({"longest_wait_ms_yielding", "every 1 ms", "coroutine", "ms"}, often);
    const auto ratio =
        ratio_figure(context, {"ratio/ratio", "yielding over never", "coroutine"}, pairs);
    return {figures_of({not_yielding, yields, ratio}),
            fmt::format("yielding every 1 ms the longest wait is {}; over never yielding: {}",
                        value_in_words(yields), in_words(ratio))};
}

}  // namespace

ClaimTest yielding() {
    Sentence stalls{"coroutine-must-yield",
                    "A coroutine must yield by itself: one CPU-heavy request stalls all others for "
                    "its whole length",
                    {above("longest_wait_ms", 0.8 * kHeavyMs, 0.25 * kHeavyMs)},
                    ClaimPicture{"time", {"heavy_request_ms", "longest_wait_ms"}}};
    Sentence cures{"yielding-cures",
                   "With yielding in between it does not",
                   {below("ratio/ratio", 0.5, 0.8)},
                   ClaimPicture{"longest wait of a small request",
                                {"longest_wait_ms_never", "longest_wait_ms_yielding"}}};
    const auto measure = [](const ClaimContext& context, const Trials& trials) {
        const auto never = trials.figures({"never", kWorkload}, worst_ms);
        const auto often = trials.figures({"every 1ms", kWorkload}, worst_ms);
        const auto pairs = trials.pairs({"every 1ms", kWorkload}, {"never", kWorkload}, worst_ms);
        return std::vector{stall(never), cured(context, never, often, pairs)};
    };
    stalls.source = {
        "500 requests a second, one in a hundred of which costs 100 ms of CPU work, go to one loop "
        "that never yields; the longest wait of a small one counts",
        "loadgen/claims/yielding.cpp", "stall"};
    cures.source = {
        "the same load goes to a loop that never yields and to one that yields every 1 ms; the "
        "longest waits are compared",
        "loadgen/claims/yielding.cpp", "cured"};
    return {"a coroutine that does not yield", {stalls, cures}, measure, plan};
}

}  // namespace echotrio::loadgen
