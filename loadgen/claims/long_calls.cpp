// What a small request waits beside one long call that keeps the global lock.
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"

#include <fmt/format.h>

#include <string>

namespace echotrio::loadgen {
namespace {

constexpr const char* kCalls = "beside long calls";
constexpr const char* kWork = "beside long work";
constexpr double kLongMs = 40;
constexpr double kLongPercent = 5;
// The middle of the few that waited: of a small request's latencies about as many as there are long
// ones, because the other connection always has one under way.
constexpr double kWaited = 100 - kLongPercent / 2;

Workload beside(const ClaimContext& context, const char* name, const std::string& what,
                const char* parameter) {
    Workload work{
        .name = name,
        .title = fmt::format("two connections, {:.0f} % of the requests are {} of {:.0f} ms",
                             kLongPercent, what, kLongMs),
        .shows = "how long the other connection waits for the lock"};
    work.load = small_load(context);
    work.load.duration = std::chrono::milliseconds(context.quick ? 800 : 2000);
    work.load.classes = {
        {"small", 100 - kLongPercent, "/echo/hi"},
        {"long", kLongPercent, fmt::format("/echo/hi?{}={:.0f}ms", parameter, kLongMs)}};
    work.server_cpus = 1;
    work.connections = {2};
    return work;
}

Plan plan(const ClaimContext& context) {
    return claim_plan(context, {{"lock", "threads", {}}},
                      {beside(context, kCalls, "one call into C", "hold"),
                       beside(context, kWork, "CPU work in the interpreter", "cpu")},
                      context.many_repetitions());
}

std::optional<double> percentile_ms(const RunResult& result, std::size_t which, double percentile) {
    if (result.classes.size() <= which || result.classes[which].latency.count() == 0) {
        return std::nullopt;
    }
    return static_cast<double>(result.classes[which].latency.value_at_percentile(percentile)) *
           1e-6;
}

std::optional<double> waited_ms(const RunResult& result) {
    return percentile_ms(result, 0, kWaited);
}

// How long a call really took: on this CPU, at that time.
std::optional<double> long_ms(const RunResult& result) {
    return percentile_ms(result, 1, 50);
}

std::vector<Measurement> measure(const ClaimContext& context, const Trials& trials) {
    const Cut calls{"lock", kCalls}, work{"lock", kWork};
    const auto ratio = ratio_figure(context, {"wait_over_call/ratio", "wait over call", "threads"},
                                    trials.pairs(calls, waited_ms, calls, long_ms));
    const auto call =
        median_figure({"call_ms", "the call", "threads", "ms"}, trials.figures(calls, long_ms));
    const auto beside_call = median_figure({"wait_beside_call_ms", "beside it", "threads", "ms"},
                                           trials.figures(calls, waited_ms));
    const auto beside_work =
        median_figure({"wait_beside_work_ms", "beside as much work", "threads", "ms"},
                      trials.figures(work, waited_ms));
    return {{figures_of({call, beside_call, beside_work, ratio}),
             fmt::format("the call takes {}, a small request beside it waits {}; wait over call: "
                         "{}; beside as much work that can be interrupted the wait is {}",
                         value_in_words(call), value_in_words(beside_call), in_words(ratio),
                         value_in_words(beside_work))}};
}

}  // namespace

ClaimTest long_calls() {
    Sentence sentence{
        "long-call-stalls-threads",
        "One long call into C that keeps the lock (a regular expression, a sort) "
        "stalls all other threads for exactly its length",
        {within("wait_over_call/ratio", 0.9, 1.1)},
        ClaimPicture{"time", {"call_ms", "wait_beside_call_ms", "wait_beside_work_ms"}}};
    sentence.source = {
        "two connections, of whose requests one in twenty is a call of 40 ms that keeps the lock; "
        "what a small request waits beside one is compared with what the call itself takes",
        "loadgen/claims/long_calls.cpp", "measure"};
    return {"one long call under the global lock", {sentence}, measure, plan};
}

}  // namespace echotrio::loadgen
