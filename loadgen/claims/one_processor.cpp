// What the global lock costs where there is one processor anyway.
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

Plan plan(const ClaimContext& context) {
    Workload work{.name = "small work",
                  .title = "HTTP requests that each cost 100 us of CPU work",
                  .shows = "what the lock costs where there is one processor"};
    work.load = small_load(context);
    work.load.target.path = "/echo/hi?cpu=100us";
    work.server_cpus = 1;
    work.connections = {16};
    return claim_plan(context, {{"lock", "threads", {}}, {"no lock", "threads", {"--gil", "off"}}},
                      {work, beside_a_burner(context)}, context.many_repetitions());
}

Measurement rate(const ClaimContext& context, const Trials& trials) {
    const Cut with{"lock", "small work"}, without{"no lock", "small work"};
    const auto on_one = [](const RunResult& result) { return undisturbed_rps(result, 1); };
    const auto ratio =
        ratio_figure(context, {"throughput_with_over_without/ratio", "with / without", "threads"},
                     trials.pairs(with, without, on_one));
    const auto measured = ratio_figure(
        context, {"measured_throughput_ratio/ratio", "with / without, as measured", "threads"},
        trials.pairs(with, without, throughput));
    return {figures_of({ratio, measured}),
            fmt::format("throughput with the lock over without: {} (measured beside the machine's "
                        "other work: {}); 0.9 to 1.1 counts as the same",
                        in_words(ratio), value_in_words(measured))};
}

Measurement latency(const ClaimContext& context, const Trials& trials) {
    const auto with = trials.figures({"lock", "beside a burner"}, usual_ms);
    const auto without = trials.figures({"no lock", "beside a burner"}, usual_ms);
    const auto locked = median_figure({"p25_ms_with_lock", "with the lock", "threads", "ms"}, with);
    const auto free = median_figure({"p25_ms_without", "without", "threads", "ms"}, without);
    const auto slower = ratio_figure(
        context, {"with_over_without/ratio", "with / without", "threads"},
        trials.pairs({"lock", "beside a burner"}, {"no lock", "beside a burner"}, usual_ms));
    return {figures_of({locked, free, slower}),
            fmt::format("lower quartile of latency beside one CPU-bound request: {} with the lock "
                        "(its switch interval is 5 ms), {} without; ratio {}",
                        value_in_words(locked), value_in_words(free), in_words(slower))};
}

}  // namespace

ClaimTest one_processor() {
    Sentence rate_claim{
        "lock-costs-nothing-on-one-cpu",
        "On one processor the global lock costs nothing: throughput is the same without",
        {within("throughput_with_over_without/ratio", 0.9, 1.1)},
        ClaimPicture{"throughput, with the lock over without",
                     {"throughput_with_over_without/ratio"},
                     false,
                     1}};
    Sentence latency_claim{
        "lock-costs-no-latency-on-one-cpu",
        "On one processor the global lock costs no latency either: a small request beside CPU work "
        "is answered as fast with it as without",
        {below("with_over_without/ratio", 1.2, 1.2)},
        ClaimPicture{"lower quartile of latency beside CPU work",
                     {"p25_ms_with_lock", "p25_ms_without"}}};
    rate_claim.needs = latency_claim.needs = "no lock";
    const auto measure = [](const ClaimContext& context, const Trials& trials) {
        return std::vector{rate(context, trials), latency(context, trials)};
    };
    rate_claim.source = {
        "requests that cost 100 µs of CPU work each go to threads with and without the lock on one "
        "core; throughputs are compared",
        "loadgen/claims/one_processor.cpp", "rate"};
    latency_claim.source = {
        "small requests go to threads with and without the lock on one core, beside one that "
        "computes all the time; latencies are compared",
        "loadgen/claims/one_processor.cpp", "latency"};
    return {"the global lock on one processor", {rate_claim, latency_claim}, measure, plan};
}

}  // namespace echotrio::loadgen
