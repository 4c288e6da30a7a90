// Whether the load was the one that was asked for, made by a generator that had room, at a steady
// state.
#include "common/base/to_count.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/analysis/verdict_rows.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace echotrio::loadgen {
namespace {

using Answer = std::optional<Found>;

constexpr std::size_t kMostIntervals = 240;  // the trend test is quadratic

double share(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

double as_double(std::uint64_t n) {
    return static_cast<double>(n);
}

Answer late(const Judged& run) {
    if (!run.c.open_loop) return {};
    const auto& delay = run.r.generator.send_delay_p99_us ? run.r.generator.send_delay_p99_us
                                                          : run.r.lateness_us.p99;
    if (!delay) return {};
    const double allowed =
        std::max(limits::kLatenessUs, limits::kLatenessShare * run.r.latency_us.p99.value_or(0));
    if (*delay <= allowed) return {};
    const std::string most = format_value(allowed, Unit::microseconds);
    const std::string found = format_value(*delay, Unit::microseconds);
    // Three digits may be the same.
    const std::string beyond =
        found != most ? fmt::format("{}, more than the {} allowed", found, most)
                      : fmt::format("{} more than the {} allowed",
                                    format_value(*delay - allowed, Unit::microseconds), most);
    return Found{"p99 of the generator's own delay in sending is " + beyond,
                 "lower the rate, add --threads, or give the generator CPUs of its own (--cpus)"};
}

// All the CPUs that its threads can use were used up.
bool server_is_the_limit(const Judged& run) {
    const RunResult& r = run.r;
    const auto used = cpus_used(r);
    if (!used) return false;
    const double busy = *used;
    // What such a server does outside the lock may take more than one CPU; how many is not known.
    if (run.c.one_at_a_time && busy >= limits::kServerBusy && busy <= limits::kOneAtATime) {
        return true;
    }
    const double tasks = as_double(std::max<std::uint64_t>(r.server->threads, 1));
    const double cpus = std::min(tasks, run.c.server_cpus > 0 ? run.c.server_cpus : 1.0);
    return busy >= limits::kServerBusy * cpus;
}

Answer busy_thread(const Judged& run) {
    if (run.r.generator.busiest_thread <= limits::kBusyThread || server_is_the_limit(run))
        return {};
    return Found{fmt::format("the busiest generator thread used {} of a CPU",
                             percent(run.r.generator.busiest_thread)),
                 "the generator was the limit: add --threads, or use several generators and merge; "
                 "with --pid it can tell when the server was the limit instead"};
}

Answer starved_thread(const Judged& run) {
    if (run.r.generator.run_queue_wait <= limits::kRunQueueWait || server_is_the_limit(run)) {
        return {};
    }
    return Found{fmt::format("a generator thread waited for a CPU for {} of the window",
                             percent(run.r.generator.run_queue_wait)),
                 "give it CPUs of its own: --cpus here, other CPUs for the server, and end other "
                 "programs"};
}

Answer low_ceiling(const Judged& run) {
    const double ceiling = run.c.ceiling_rps;
    if (!(ceiling > 0) || ceiling >= limits::kCeiling * run.r.throughput_rps) return {};
    return Found{fmt::format("the generator's ceiling ({}/s against its null server) is only "
                             "{} x the measured rate",
                             format_count(ceiling), format_short(ceiling / run.r.throughput_rps)),
                 fmt::format("add --threads or generators until the ceiling is {} x the rate",
                             limits::kCeiling)};
}

Answer shared_cpus(const Judged& run) {
    if (!run.c.shared_cpus) return {};
    return Found{"client and server may run on the same CPUs",
                 "pin them apart: --cpus for the generator and for the server"};
}

// Of a thread that hardly slept it says nothing.
Answer slept(const Judged& run) {
    const GeneratorUse& g = run.r.generator;
    const auto& median = run.r.latency_us.p50;
    if (!g.waking_us || !median || g.busiest_thread > limits::kBusyThread) return {};
    if (*median >= limits::kWaking * *g.waking_us) return {};
    return Found{
        fmt::format("a sleeping generator takes {} to wake here, and the median latency is {}: "
                    "part of it is the generator's own",
                    format_value(*g.waking_us, Unit::microseconds),
                    format_value(*median, Unit::microseconds)),
        "--idle-strategy spin, with CPUs for the generator alone (--cpus)"};
}

bool generator_at_fault(const Judged& run) {
    return late(run) || busy_thread(run) || starved_thread(run);
}

// Exact where three digits would hide a difference of a few per cent: "99,120", "0.5".
std::string rate_text(double rps) {
    return rps < 100 ? format_short(rps) : format_exact_count(to_count(std::round(rps)));
}

// Replies that are missing at the offered rate, a second; below 0: too many. Empty: it was kept.
struct Shortfall {
    double missing = 0;
    std::string text;
};
std::optional<Shortfall> shortfall(const Judged& run) {
    const RunResult& r = run.r;
    if (!run.c.open_loop || !(r.duration_s > 0)) return {};
    const Accounting& a = r.accounting;
    // Failures have a check of their own.
    const double answered = r.throughput_rps * r.duration_s + as_double(a.failed + a.timed_out);
    const double offered = as_double(a.scheduled);
    const double missing = offered - answered;
    if (std::abs(missing) <= std::max(limits::kRateShare * offered, limits::kRateRequests)) {
        return {};
    }
    return Shortfall{missing / r.duration_s,
                     fmt::format("offered {}/s, achieved {}/s", rate_text(offered / r.duration_s),
                                 rate_text(answered / r.duration_s))};
}

bool backlog_grows(const RunResult& r) {
    const double at_end = as_double(r.in_flight_at_end);
    if (at_end < limits::kRateRequests) return false;
    if (at_end >= limits::kBacklogGrowth * r.mean_in_flight) return true;
    // A long warm-up makes the mean large; the growth shows over the intervals all the same.
    std::vector<double> at;
    std::vector<double> in_flight;
    for (const Interval& interval : r.intervals) {
        at.push_back(interval.at_s);
        in_flight.push_back(as_double(interval.in_flight));
    }
    const auto line = theil_sen(thinned(at, kMostIntervals), thinned(in_flight, kMostIntervals));
    return line && at.size() >= limits::kDriftIntervals &&
           line->slope_interval.low * r.duration_s >
               limits::kRateShare * as_double(r.accounting.scheduled);
}

Answer rate_not_made(const Judged& run) {
    const auto these = shortfall(run);
    if (!these || !generator_at_fault(run)) return {};
    return Found{these->text, "the generator could not keep to its schedule: see its other checks"};
}

Answer rate_not_taken(const Judged& run) {
    if (!run.overloaded) return {};
    const auto these = shortfall(run);
    return Found{
        fmt::format("OVERLOADED: {}; what waits grew by {} requests/s to {}", these->text,
                    rate_text(these->missing), format_exact_count(run.r.in_flight_at_end)),
        "latencies of this run measure its length, not the server; lower the rate, or find "
        "the highest one with `loadgen search`"};
}

Answer rate_not_yet_answered(const Judged& run) {
    const auto these = shortfall(run);
    if (!these || generator_at_fault(run) || run.overloaded) return {};
    return Found{these->text,
                 these->missing > 0
                     ? "replies take long against the window: a longer --duration and --warmup"
                     : "a backlog of the warm-up was worked off: a longer --warmup"};
}

// In a closed loop by throughput, in an open one, whose throughput is given, by median latency.
Answer unsteady(const Judged& run) {
    if (run.c.rate_varies || run.overloaded) return {};
    std::vector<double> series;
    double before = 0;
    for (const Interval& interval : run.r.intervals) {
        const double length = interval.at_s - std::exchange(before, interval.at_s);
        if (length < 0.5) continue;  // the rest of a window that is no whole number of seconds
        if (!run.c.open_loop) {
            series.push_back(as_double(interval.completed) / length);
        } else if (interval.p50_us) {
            series.push_back(*interval.p50_us);
        }
    }
    series = thinned(series, kMostIntervals);
    if (series.size() < limits::kDriftIntervals) return {};
    const std::size_t third = series.size() / 3;
    const double first = mean(std::span(series).first(third));
    const double last = mean(std::span(series).last(third));
    const double drift = share(last - first, first);
    if (std::abs(drift) <= limits::kDrift || !has_trend(series)) return {};
    return Found{
        fmt::format("not steady: {} drifted by {} from the first to the last third of the window",
                    run.c.open_loop ? "median latency" : "throughput", percent(drift)),
        "a longer --warmup and --duration; look for what else the machine does"};
}

// Anderson and Darling's statistic of the gaps, corrected for their number; 0 where there is none.
double arrivals_off(const Judged& run) {
    if (!run.c.poisson || run.r.sampled_gaps_s.size() < 30) return 0;
    std::vector<double> gaps = run.r.sampled_gaps_s;
    for (double& gap : gaps) {
        if (gap >= 0) gap = std::max(gap, 0.5e-9);  // two starts in the same nanosecond
    }
    const auto a2 = anderson_darling_exponential(gaps);
    return a2 ? *a2 * (1 + 0.6 / static_cast<double>(gaps.size())) : HUGE_VAL;
}

std::string arrivals_text(const Judged& run) {
    return fmt::format("Anderson-Darling for exponential gaps: {} over {} gaps",
                       std::isfinite(arrivals_off(run)) ? format_count(arrivals_off(run)) : "inf",
                       format_exact_count(run.r.sampled_gaps_s.size()));
}

Answer not_poisson(const Judged& run) {
    if (arrivals_off(run) <= limits::kArrivalsInvalid) return {};
    return Found{arrivals_text(run),
                 "the arrivals are not Poisson: please report it with the JSON"};
}

Answer hardly_poisson(const Judged& run) {
    const double off = arrivals_off(run);
    if (off <= limits::kArrivals || off > limits::kArrivalsInvalid) return {};
    return Found{fmt::format("{}, above the 5 % point {}", arrivals_text(run), limits::kArrivals),
                 "one seed in twenty does this by chance; try another --seed"};
}

// Chance, in a short window: the seed drew few or many arrivals.
Answer another_rate_drawn(const Judged& run) {
    const double asked = run.c.asked;
    if (!run.c.poisson || !(asked > 0) || run.r.interrupted) return {};
    const double drawn = as_double(run.r.accounting.scheduled);
    const double off = std::abs(drawn - asked);
    if (off <= limits::kDrawn * std::sqrt(asked) || off <= limits::kDrawnShare * asked) return {};
    return Found{fmt::format("{} arrivals were drawn where {} were asked for", rate_text(drawn),
                             rate_text(asked)),
                 "one seed in a hundred does this by chance: another --seed, a longer --duration, "
                 "or --arrival constant"};
}

}  // namespace

std::vector<VerdictRow> rows_of_the_schedule() {
    constexpr auto kInvalid = Severity::invalid;
    constexpr auto kFlag = Severity::flag;
    return {
        {"lateness", kInvalid,
         fmt::format("p99 of the send delay > {:g} ms and > {} of the p99 latency",
                     limits::kLatenessUs / 1000, percent(limits::kLatenessShare)),
         late},
        {"generator", kInvalid,
         fmt::format("a thread busier than {}, and the server was not the limit",
                     percent(limits::kBusyThread)),
         busy_thread},
        {"generator", kInvalid,
         fmt::format("a thread that waited for a CPU for more than {} of the window, and the "
                     "server was not the limit",
                     percent(limits::kRunQueueWait)),
         starved_thread},
        {"generator", kFlag,
         fmt::format("the null-server ceiling < {} x the rate", limits::kCeiling), low_ceiling},
        {"generator", kFlag, "client and server share CPUs", shared_cpus},
        {"generator", kFlag,
         fmt::format("it slept, and the median latency < {:g} x the waking of a sleeping generator",
                     limits::kWaking),
         slept},
        {"rate", kInvalid,
         fmt::format("achieved differs from offered by more than {} and the generator is at fault",
                     percent(limits::kRateShare)),
         rate_not_made},
        {"rate", kFlag,
         fmt::format(
             "the same with a healthy generator, and what is in flight grows (end / mean >= "
             "{}, or a rising trend): OVERLOADED, percentiles are not ranked",
             limits::kBacklogGrowth),
         rate_not_taken},
        {"rate", kFlag, "the same, and it does not grow", rate_not_yet_answered},
        {"steady", kFlag,
         fmt::format("first and last third differ by more than {} with a trend (Theil-Sen 95 % "
                     "interval excludes 0; from 30 interval means also a unit root): not ranked",
                     percent(limits::kDrift)),
         unsteady, true},
        {"arrivals", kInvalid,
         fmt::format("Anderson-Darling A2 (1 + 0.6 / n) > {:g}: not Poisson",
                     limits::kArrivalsInvalid),
         not_poisson},
        {"arrivals", kFlag, fmt::format("A2 (1 + 0.6 / n) > {} (5 %)", limits::kArrivals),
         hardly_poisson},
        {"arrivals", kFlag,
         fmt::format("Poisson arrivals drawn differ from those asked for by more than {} x their "
                     "square root (1 % of seeds) and {}",
                     limits::kDrawn, percent(limits::kDrawnShare)),
         another_rate_drawn},
    };
}

bool find_overload(const Judged& run) {
    const auto these = shortfall(run);
    return these && these->missing > 0 && !generator_at_fault(run) && backlog_grows(run.r);
}

}  // namespace echotrio::loadgen
