// How long a thread waits for the global lock beside one that does not let go of it.
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

constexpr double kShortMs = 2, kLongMs = 10;
constexpr const char* kWorkload = "beside a burner";

Plan plan(const ClaimContext& context) {
    return claim_plan(context,
                      {{"2ms", "threads", {"--switch-interval", "2ms"}},
                       {"10ms", "threads", {"--switch-interval", "10ms"}},
                       {"ticks", "threads", {"--gil", "ticks"}}},
                      {beside_a_burner(context)}, context.many_repetitions());
}

// The growth, not the ratio: what else delays a request is in both.
std::optional<ClaimFigure> growth_of(const std::vector<double>& short_waits,
                                     const std::vector<double>& long_waits) {
    std::vector<double> intervals(short_waits.size(), kShortMs), waits = short_waits;
    intervals.insert(intervals.end(), long_waits.size(), kLongMs);
    waits.insert(waits.end(), long_waits.begin(), long_waits.end());
    const auto line = theil_sen(intervals, waits);
    if (!line) return std::nullopt;
    ClaimFigure figure{"ms_of_wait_per_ms_of_interval/slope", "wait per ms of interval", "threads",
                       line->slope};
    figure.low = line->slope_interval.low;
    figure.high = line->slope_interval.high;
    figure.runs = {waits.size()};
    return figure;
}

Measurement interval(const Trials& trials) {
    const auto short_waits = trials.figures({"2ms", kWorkload}, usual_ms);
    const auto long_waits = trials.figures({"10ms", kWorkload}, usual_ms);
    const auto at_short = median_figure({"p25_ms_at_2ms", "2 ms", "threads", "ms"}, short_waits);
    const auto at_long = median_figure({"p25_ms_at_10ms", "10 ms", "threads", "ms"}, long_waits);
    const auto growth = growth_of(short_waits, long_waits);
    Measurement found{figures_of({at_short, at_long, growth}),
                      fmt::format("the lower quartile of waits is {} at an interval of 2 ms and {} "
                                  "at 10 ms",
                                  value_in_words(at_short), value_in_words(at_long))};
    if (growth) {
        found.reason += fmt::format(
            ": {} ms more (95 % interval {} to {}) for each ms of interval; 1 is to be expected",
            format_count(growth->value), format_count(*growth->low), format_count(*growth->high));
    }
    return found;
}

// The shortest window of those trials, ms: who was not answered within it has waited so long.
double window_ms(const ClaimContext& context) {
    return seconds(beside_a_burner(context).load.duration) * 1000;
}

Measurement ticks(const ClaimContext& context, const Trials& trials) {
    const Cut cut{"ticks", kWorkload};
    const auto waits = trials.figures(cut, usual_ms);
    const auto long_waits = trials.figures({"10ms", kWorkload}, usual_ms);
    const auto at_long = median_figure({"p25_ms_at_10ms", "10 ms", "threads", "ms"}, long_waits);
    if (waits.size() < 2 && trials.unanswered(cut) > 0 && at_long) {
        // Nothing forces a switch: a waiting thread may never get the lock, which is no median. The
        // window is a bound of its wait from below.
        const Named named{"p25_ms_with_ticks", "ticks, at least", "threads", "ms"};
        const double least = window_ms(context);
        return {{*at_long, exact_figure(named, least),
                 exact_figure({"ratio/ratio", "ticks over 10 ms, at least", "threads"},
                              least / at_long->value)},
                "with ticks a thread beside CPU work was not answered within the window: nothing "
                "forces the holder to hand over"};
    }
    const auto at_ticks = median_figure({"p25_ms_with_ticks", "ticks", "threads", "ms"}, waits);
    const auto against = ratio_figure(context, {"ratio/ratio", "ticks over 10 ms", "threads"},
                                      trials.pairs(cut, {"10ms", kWorkload}, usual_ms));
    return {figures_of({at_long, at_ticks, against}),
            fmt::format("the lower quartile of waits is {} with ticks; over that at 10 ms: {}",
                        value_in_words(at_ticks), in_words(against))};
}

}  // namespace

ClaimTest preemption() {
    Sentence by_interval{
        "preemption-follows-interval",
        "The interpreter preempts by a software tick: how long a thread waits to "
        "wake follows the switch interval",
        {within("ms_of_wait_per_ms_of_interval/slope", 0.5, 2)},
        ClaimPicture{"lower quartile of waits", {"p25_ms_at_2ms", "p25_ms_at_10ms"}}};
    Sentence by_ticks{
        "old-ticks-behave-otherwise",
        "The old lock, which counts ticks, behaves otherwise: its waits do not follow "
        "a time interval",
        {outside("ratio/ratio", {0.8, 1.25}, {0.5, 2})},
        ClaimPicture{"lower quartile of waits", {"p25_ms_at_10ms", "p25_ms_with_ticks"}}};
    by_ticks.needs = "ticks";
    const auto measure = [](const ClaimContext& context, const Trials& trials) {
        return std::vector{interval(trials), ticks(context, trials)};
    };
    by_interval.source = {
        "small requests wait beside a thread that computes all the time, with a switch interval of "
        "2 ms and of 10 ms",
        "loadgen/claims/preemption.cpp", "interval"};
    by_ticks.source = {
        "small requests wait beside a thread that computes all the time, under the lock that "
        "counts ticks and under that with an interval of 10 ms",
        "loadgen/claims/preemption.cpp", "ticks"};
    return {"the switch interval", {by_interval, by_ticks}, measure, plan};
}

}  // namespace echotrio::loadgen
