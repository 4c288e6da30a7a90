// Whether everybody was served, and what network, machine and server did meanwhile.
#include "common/base/units.hpp"
#include "loadgen/analysis/verdict_rows.hpp"
#include "loadgen/record/summary.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace echotrio::loadgen {
namespace {

using Answer = std::optional<Found>;

Answer few_samples(const Judged& run) {
    if (run.r.latency_us.count == 0 || run.r.latency_us.p99) return {};
    return Found{fmt::format("{} samples don't support a p99 ({} needed)", run.r.latency_us.count,
                             samples_needed(99)),
                 "a longer --duration"};
}

bool starved(const Judged& run) {
    return run.c.connections > 0 && run.r.connections.served < run.c.connections;
}

Answer never_served(const Judged& run) {
    if (!starved(run)) return {};
    const std::uint64_t served = run.r.connections.served;
    return Found{fmt::format("{} of {} got a reply, {} never did", format_exact_count(served),
                             format_plural(run.c.connections, "connection"),
                             format_exact_count(run.c.connections - served)),
                 "a pool with fewer workers than connections serves the rest only later: a finding "
                 "about the model; give it more workers to compare like with like"};
}

Answer unfair(const Judged& run) {
    const double fairness = run.r.connections.fairness;
    if (starved(run) || fairness >= limits::kFairness || run.r.requests == 0) return {};
    return Found{fmt::format("Jain's fairness over connections is {}", format_short(fairness)),
                 "some connections get far more replies than others"};
}

Answer idle_closed(const Judged& run) {
    const ConnectionCounts& k = run.r.connections;
    if (k.idle_lost == 0) return {};
    return Found{fmt::format("the server closed {} of {} idle connections", k.idle_lost, k.idle),
                 "raise the server's --idle-timeout or --max-connections"};
}

Answer no_ports(const Judged& run) {
    if (run.r.connections.out_of_ports == 0) return {};
    return Found{
        fmt::format("{} connects found no free local port", run.r.connections.out_of_ports),
        "fewer new connections (churn), or a wider net.ipv4.ip_local_port_range"};
}

Answer no_descriptors(const Judged& run) {
    if (run.r.connections.out_of_descriptors == 0) return {};
    return Found{
        fmt::format("{} connects found no free descriptor", run.r.connections.out_of_descriptors),
        "raise the limit (ulimit -n) or lower --connections"};
}

Answer queue_overflowed(const Judged& run) {
    const auto overflows = run.r.machine.listen_overflows.value_or(0);
    const auto drops = run.r.machine.listen_drops.value_or(0);
    if (overflows + drops == 0) return {};
    return Found{fmt::format("the accept queue overflowed {} times, {} connects were dropped",
                             overflows, drops),
                 "raise the server's --backlog and net.core.somaxconn"};
}

Answer retransmitted(const Judged& run) {
    if (run.r.machine.retransmissions.value_or(0) == 0) return {};
    return Found{fmt::format("{} TCP segments were sent again", *run.r.machine.retransmissions),
                 "their requests waited for a retransmission timer (200 ms and more)"};
}

Answer stolen(const Judged& run) {
    const double steal = run.r.machine.steal_share.value_or(0);
    if (steal <= limits::kSteal) return {};
    return Found{fmt::format("the hypervisor took {} of the CPU time", percent(steal)),
                 "repeat on a quieter host"};
}

Answer others_busy(const Judged& run) {
    const double others = run.r.machine.other_cpu_share.value_or(0);
    if (others <= limits::kOtherCpu) return {};
    return Found{fmt::format("other processes used {} of the CPU time", percent(others)),
                 "end other programs and repeat"};
}

Answer swapped(const Judged& run) {
    if (run.r.machine.swapped_pages.value_or(0) == 0) return {};
    return Found{fmt::format("{} pages were swapped", *run.r.machine.swapped_pages),
                 "free memory before the run"};
}

Answer clock_stepped(const Judged& run) {
    const double step = run.r.machine.clock_step_s.value_or(0);
    if (std::abs(step) <= limits::kClockStep) return {};
    return Found{
        fmt::format("the clock was set by {}, or the machine suspended", human_seconds(step)),
        "repeat the run"};
}

Answer frequency_moved(const Judged& run) {
    const double change = run.r.machine.frequency_change.value_or(0);
    if (change <= limits::kFrequencyChange) return {};
    return Found{fmt::format("a CPU's clock rate moved by {}", percent(change)),
                 "set the performance governor, or compare interleaved runs only"};
}

Answer not_two_cpus(const Judged& run) {
    auto finding = two_cpus_finding(run.c.two_cpus);
    if (!finding) return {};
    return Found{std::move(finding->what), std::move(finding->advice)};
}

Answer slow_build(const Judged& run) {
    if (run.c.trusted_build) return {};
    return Found{"this is a debug or sanitizer build", "measure with `make build`"};
}

Answer died(const Judged& run) {
    if (!run.r.server || !run.r.server->died) return {};
    return Found{"the server died or restarted during the run", "see the server's log"};
}

Answer clamped(const Judged& run) {
    if (!run.r.clamped) return {};
    return Found{"a histogram met a value beyond its range of 73 minutes",
                 "shorter runs, or a --timeout below an hour"};
}

Answer throttled(const Judged& run) {
    if (!run.r.server || !run.r.server->cgroup) return {};
    const CgroupUse& group = *run.r.server->cgroup;
    if (group.throttled_periods.value_or(0) == 0) return {};
    return Found{fmt::format("its control group was held back by its CPU limit in {} of {} periods",
                             *group.throttled_periods, group.periods.value_or(0)),
                 "its limit is what was measured: give it more CPUs, or ask for less"};
}

Answer read_late(const Judged& run) {
    const double off = run.c.readings_off_s.value_or(0);
    if (in_time(off, run.r.duration_s)) return {};
    return Found{fmt::format("its counters were read {} beside the ends of a window of {}: its CPU "
                             "time, switches and faults are left out",
                             human_seconds(off), human_seconds(run.r.duration_s)),
                 "a longer --duration; who reads them (this program or an observer) needs a CPU"};
}

Answer interrupted(const Judged& run) {
    if (!run.r.interrupted) return {};
    return Found{fmt::format("the run was interrupted after {}", human_seconds(run.r.duration_s)),
                 "let it run to its end"};
}

}  // namespace

bool in_time(double readings_off_s, double window_s) {
    return readings_off_s <= limits::kReadingsOff * window_s;
}

bool could_tell(const TwoCpus& two) {
    return two.ratio > 0 && two.others.value_or(0) <= limits::kTwoCpusOthers;
}

std::optional<Finding> two_cpus_finding(const TwoCpus& two) {
    if (!could_tell(two) || two.high >= limits::kTwoCpus) return std::nullopt;
    return Finding{
        "machine",
        fmt::format("two CPUs at once did {} times the work of one (95 % interval "
                    "{} to {})",
                    format_short(two.ratio), format_short(two.low), format_short(two.high)),
        "they are siblings of one core, or a quota or the host holds them back: what a "
        "second core is worth can't be seen here"};
}

std::vector<VerdictRow> rows_of_the_world() {
    constexpr auto kInvalid = Severity::invalid;
    constexpr auto kFlag = Severity::flag;
    return {
        {"samples", kFlag, fmt::format("fewer than {} samples: no p99", samples_needed(99)),
         few_samples},
        {"fairness", kFlag, "connections that never got a reply: not ranked", never_served, true},
        {"fairness", kFlag, fmt::format("Jain's index < {}", limits::kFairness), unfair},
        {"fairness", kFlag, "the server closed idle connections", idle_closed},
        {"network", kInvalid, "local ports ran out", no_ports},
        {"network", kInvalid, "descriptors ran out", no_descriptors},
        {"network", kInvalid, "listen overflows or drops", queue_overflowed},
        {"network", kFlag, "retransmissions", retransmitted},
        {"machine", kFlag, fmt::format("steal > {}", percent(limits::kSteal)), stolen},
        {"machine", kFlag, fmt::format("other processes > {} CPU", percent(limits::kOtherCpu)),
         others_busy},
        {"machine", kFlag, "swapping", swapped},
        {"machine", kFlag, fmt::format("clock stepped > {:g} ms", limits::kClockStep * 1000),
         clock_stepped},
        {"machine", kFlag,
         fmt::format("CPU frequency moved > {}", percent(limits::kFrequencyChange)),
         frequency_moved},
        {"machine", kFlag,
         fmt::format("two CPUs at once do less than {:g} x the work of one", limits::kTwoCpus),
         not_two_cpus},
        {"machine", kFlag, "debug or sanitizer build", slow_build},
        {"server", kInvalid, "the server died or restarted", died},
        {"server", kInvalid, "a histogram was clamped", clamped},
        {"server", kFlag, "the server's control group (container) was held back by its CPU limit",
         throttled},
        {"server", kFlag,
         fmt::format("its counters were read more than {} of the window beside its ends: left out",
                     percent(limits::kReadingsOff)),
         read_late},
        {"server", kFlag, "the run was interrupted", interrupted},
    };
}

}  // namespace echotrio::loadgen
