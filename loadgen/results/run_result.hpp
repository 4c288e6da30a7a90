// What one run of the generator found, as plain data: what the engine fills, the verdict judges,
// the reports print and an experiment collects. Beside each struct its fields are listed once more:
// a new figure is a line in both, and JSON, CSV, merging and the rest follow (fields.hpp). Times
// are in microseconds where the name says so (as in the JSON of docs/measurement.md), bytes and
// seconds likewise.
#pragma once

#include "loadgen/record/histogram.hpp"
#include "loadgen/record/summary.hpp"
#include "loadgen/results/cpus.hpp"
#include "loadgen/results/fields.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

void fields(auto& visit, Tag<LatencySummary>, auto&... s) {
    visit("count", Kind::state, s.count...);
    visit("mean", Kind::state, s.mean...);
    visit("stddev", Kind::state, s.stddev...);
    visit("min", Kind::state, s.min...);
    visit("p50", Kind::state, s.p50...);
    visit("p90", Kind::state, s.p90...);
    visit("p99", Kind::state, s.p99...);
    visit("p99_9", Kind::state, s.p99_9...);
    visit("p99_99", Kind::state, s.p99_99...);
    visit("max", Kind::state, s.max...);
}

// scheduled = sent + unsent; sent = completed + failed + timed_out + in_flight. Always.
struct Accounting {
    std::uint64_t scheduled = 0, sent = 0, completed = 0, failed = 0, timed_out = 0, in_flight = 0,
                  unsent = 0;
    bool balanced() const {
        return scheduled == sent + unsent && sent == completed + failed + timed_out + in_flight;
    }
};
void fields(auto& visit, Tag<Accounting>, auto&... s) {
    visit("scheduled", Kind::counter, s.scheduled...);
    visit("sent", Kind::counter, s.sent...);
    visit("completed", Kind::counter, s.completed...);
    visit("failed", Kind::counter, s.failed...);
    visit("timed_out", Kind::counter, s.timed_out...);
    visit("in_flight", Kind::counter, s.in_flight...);
    visit("unsent", Kind::counter, s.unsent...);
}

struct ErrorCounts {
    std::uint64_t connect = 0, reset = 0, closed = 0, timeout = 0, mismatch = 0, status = 0,
                  protocol = 0;
    std::optional<std::uint64_t> stray{};  // bytes came that no request asked for: so many times
};
void fields(auto& visit, Tag<ErrorCounts>, auto&... s) {
    visit("connect", Kind::counter, s.connect...);
    visit("reset", Kind::counter, s.reset...);
    visit("closed", Kind::counter, s.closed...);
    visit("timeout", Kind::counter, s.timeout...);
    visit("mismatch", Kind::counter, s.mismatch...);
    visit("status", Kind::counter, s.status...);
    visit("protocol", Kind::counter, s.protocol...);
    visit("stray", Kind::counter, s.stray...);
}

struct ConnectionCounts {
    std::uint64_t opened = 0;              // connections that were established
    std::uint64_t served = 0;              // of the -c slots: those that got at least one reply
    double fairness = 0;                   // Jain's index over replies per slot, 1 = all the same
    std::uint64_t idle = 0;                // held open and silent beside the active ones
    std::uint64_t idle_lost = 0;           // of those, closed by the server
    std::uint64_t out_of_ports = 0;        // connects that found no free local port
    std::uint64_t out_of_descriptors = 0;  // connects that found no free descriptor
};
void fields(auto& visit, Tag<ConnectionCounts>, auto&... s) {
    visit("opened", Kind::counter, s.opened...);
    visit("served", Kind::counter, s.served...);
    visit("fairness", Kind::state, s.fairness...);
    visit("idle", Kind::counter, s.idle...);
    visit("idle_lost", Kind::counter, s.idle_lost...);
    visit("out_of_ports", Kind::counter, s.out_of_ports...);
    visit("out_of_descriptors", Kind::counter, s.out_of_descriptors...);
}

struct GeneratorUse {
    double cpu_s = 0;              // useful: without spin_s
    std::optional<double> spin_s;  // CPU time of polls that found nothing
    double busiest_thread = 0;     // useful CPU share of the busiest thread in the window, 0..1
    double run_queue_wait = 0;     // the largest share of the window that a thread waited for a CPU
    std::uint64_t threads = 0;
    std::optional<double> syscalls_per_request;  // counted by the engine itself
    // p99 of (actual send - the later of intended start and the moment when a connection was free):
    // the generator's own part of the lateness. A busy server causes the rest. Open loop only.
    std::optional<double> send_delay_p99_us;
    // "spin", or "sleep": also where it began to spin and was not alone on its CPU.
    std::optional<std::string> idle_strategy;
    // Where it slept: the median time from an event to a sleeping thread that runs, measured before
    // the run.
    std::optional<double> waking_us;

    double all_cpu_s() const { return cpu_s + spin_s.value_or(0); }
};
void fields(auto& visit, Tag<GeneratorUse>, auto&... s) {
    visit("cpu_s", Kind::counter, s.cpu_s...);
    visit("busiest_thread", Kind::worst, s.busiest_thread...);
    visit("threads", Kind::counter, s.threads...);
    visit("syscalls_per_request", Kind::state, s.syscalls_per_request...);
    visit("run_queue_wait", Kind::worst, s.run_queue_wait...);
    visit("send_delay_p99_us", Kind::worst, s.send_delay_p99_us...);
    visit("spin_s", Kind::counter, s.spin_s...);
    visit("idle_strategy", Kind::state, s.idle_strategy...);
    visit("waking_us", Kind::worst, s.waking_us...);
}

// A class of requests in a mixed run. Failures are in the run's own counts.
struct ClassResult {
    std::string name;
    std::uint64_t requests = 0;  // completed in the window
    LatencySummary latency_us;
    Histogram latency;
};
void fields(auto& visit, Tag<ClassResult>, auto&... s) {
    visit("name", Kind::state, s.name...);
    visit("requests", Kind::state, s.requests...);
    visit("latency_us", Kind::state, s.latency_us...);
    visit("histogram", Kind::state, s.latency...);
}

// What the kernel says of the server's control group (its container), over the window.
struct CgroupUse {
    std::uint64_t version = 0;                                // 1 or 2
    std::optional<double> cpu_s;                              // health checks run there too
    std::optional<double> cpu_limit;                          // CPUs; empty = unlimited
    std::optional<std::uint64_t> periods, throttled_periods;  // of the CPU limit
    std::optional<double> throttled_s;
    std::map<std::string, std::optional<double>> memory;  // bytes: current, peak, limit, anon ...
};
void fields(auto& visit, Tag<CgroupUse>, auto&... s) {
    visit("version", Kind::state, s.version...);
    visit("cpu_s", Kind::counter.published("CPU time of the server's container."), s.cpu_s...);
    visit("cpu_limit", Kind::state.published("CPUs that the container may use."), s.cpu_limit...);
    visit("periods", Kind::counter, s.periods...);
    visit("throttled_periods",
          Kind::counter.published("Enforcement periods in which it was held back."),
          s.throttled_periods...);
    visit("throttled_s",
          Kind::counter.published("Time that the container was held back by its CPU limit."),
          s.throttled_s...);
    visit("memory", Kind::state.published("Memory of the server's container by part."),
          s.memory...);
}

// Bytes by metric: pss, uss, rss_sum, page_tables ... What the system does not tell is empty, never
// 0; without any entry nobody looked.
using MemoryUse = std::map<std::string, std::optional<double>>;

// Of the whole process group of --pid, over the window. What could not be read is empty or absent.
struct ServerUse {
    // Counters are empty where they were read too late to be the window's.
    std::optional<double> cpu_s;
    std::optional<double> user_s, system_s;  // empty: too little for the kernel to tell apart
    std::optional<double> cpu_us_per_request;
    std::uint64_t processes = 0, threads = 0;
    std::optional<std::uint64_t> voluntary_switches, involuntary_switches;
    std::optional<double> run_queue_wait_s;
    std::optional<std::uint64_t> minor_faults, major_faults;
    MemoryUse memory;  // at a standstill with all connections open, before the load
    // Before the first connection; the most while they were open, before and after the load; and
    // when all had been closed.
    MemoryUse memory_before, memory_peak, memory_after;
    // Of how many ends of a connection the whole machine's figures in there tell: 2 where the
    // generator is on the server's machine, else 1.
    std::optional<std::uint64_t> ends_here;
    std::optional<CgroupUse> cgroup;  // where an observer beside the server's container tells it
    bool died = false;  // the root process ended, or another took its pid, during the run
    // From its start until it took connections, where we started it.
    std::optional<double> time_to_ready_s{};
};
void fields(auto& visit, Tag<ServerUse>, auto&... s) {
    visit("cpu_s", Kind::counter.published("CPU time of the server's processes."), s.cpu_s...);
    visit("user_s", Kind::counter, s.user_s...);
    visit("system_s", Kind::counter, s.system_s...);
    visit("cpu_us_per_request", Kind::state, s.cpu_us_per_request...);
    visit("processes", Kind::state.published("Processes of the server."), s.processes...);
    visit("threads", Kind::state.published("Threads of the server."), s.threads...);
    visit("voluntary_switches", Kind::counter.published("Context switches by waiting."),
          s.voluntary_switches...);
    visit("involuntary_switches", Kind::counter.published("Context switches by preemption."),
          s.involuntary_switches...);
    visit("run_queue_wait_s",
          Kind::counter.published("Time that its threads were ready and had no CPU."),
          s.run_queue_wait_s...);
    visit("minor_faults", Kind::counter, s.minor_faults...);
    visit("major_faults", Kind::counter, s.major_faults...);
    visit("memory", Kind::state.published("Memory of the server's processes by metric."),
          s.memory...);
    visit("memory_before", Kind::state, s.memory_before...);
    visit("memory_peak", Kind::state, s.memory_peak...);
    visit("memory_after", Kind::state, s.memory_after...);
    visit("ends_here", Kind::state, s.ends_here...);
    visit("cgroup", Kind::state, s.cgroup...);
    visit("died", Kind::state, s.died...);
    visit("time_to_ready_s", Kind::state, s.time_to_ready_s...);
}

// A second of the run: the live line and the time line.
struct Interval {
    double at_s = 0;  // end of the interval, from the start of the window
    std::uint64_t due = 0, completed = 0, in_flight = 0, errors = 0;
    std::optional<double> p50_us, p99_us;
    std::optional<double> server_cpu_s, server_memory_bytes;  // in the interval; at its end
};
void fields(auto& visit, Tag<Interval>, auto&... s) {
    visit("at_s", Kind::state, s.at_s...);
    visit("due", Kind::counter, s.due...);
    visit("completed", Kind::counter, s.completed...);
    visit("in_flight", Kind::counter, s.in_flight...);
    visit("errors", Kind::counter, s.errors...);
    visit("p50_us", Kind::state, s.p50_us...);
    visit("p99_us", Kind::state, s.p99_us...);
    visit("server_cpu_s", Kind::state, s.server_cpu_s...);
    visit("server_memory_bytes", Kind::state, s.server_memory_bytes...);
}

// One check that failed (reason) or wants to be known (flag).
struct Finding {
    std::string check;   // short name, from the table in docs/measurement.md
    std::string what;    // the figure that failed, in words
    std::string advice;  // what to do about it
};
void fields(auto& visit, Tag<Finding>, auto&... s) {
    visit("check", Kind::state, s.check...);
    visit("what", Kind::state, s.what...);
    visit("advice", Kind::state, s.advice...);
}

struct Verdict {
    bool valid = true;
    bool overloaded = false;  // the server fell behind the schedule: percentiles are not ranked
    bool rankable = true;     // false also where connections were starved
    std::vector<Finding> reasons, flags;
};
void fields(auto& visit, Tag<Verdict>, auto&... s) {
    visit("valid", Kind::state, s.valid...);
    visit("overloaded", Kind::state, s.overloaded...);
    visit("rankable", Kind::state, s.rankable...);
    visit("reasons", Kind::state, s.reasons...);
    visit("flags", Kind::state, s.flags...);
}

// The machine's doings during the window that can spoil a number.
struct MachineUse {
    std::optional<double> steal_share, other_cpu_share, busy_s;
    std::optional<std::uint64_t> listen_overflows, listen_drops, retransmissions;
    std::optional<double> hiccup_p99_us, hiccup_max_us;
    std::optional<std::uint64_t> swapped_pages;  // in and out
    std::optional<double> clock_step_s;          // the wall clock was set, or the machine suspended
    std::optional<double> frequency_change;      // largest share by which a CPU's clock rate moved
};
void fields(auto& visit, Tag<MachineUse>, auto&... s) {
    visit("steal_share", Kind::worst, s.steal_share...);
    visit("other_cpu_share", Kind::worst, s.other_cpu_share...);
    visit("busy_s", Kind::worst, s.busy_s...);
    visit("listen_overflows", Kind::worst, s.listen_overflows...);
    visit("listen_drops", Kind::worst, s.listen_drops...);
    visit("retransmissions", Kind::worst, s.retransmissions...);
    visit("hiccup_p99_us", Kind::worst, s.hiccup_p99_us...);
    visit("hiccup_max_us", Kind::worst, s.hiccup_max_us...);
    visit("swapped_pages", Kind::worst, s.swapped_pages...);
    visit("clock_step_s", Kind::worst, s.clock_step_s...);
    visit("frequency_change", Kind::worst, s.frequency_change...);
}

// One of several generators that made the load together.
struct GeneratorPart {
    std::uint64_t rank = 0;  // the first leads
    std::string address;
    std::optional<std::uint64_t> requests;  // completed; empty: its result is lost
    std::optional<double> clock_ahead_s;    // its host's clock minus the leader's
    std::optional<double> clock_error_s;    // the truth is within this, both ways
    std::optional<std::string> lost;        // why it did not run to the end
};
void fields(auto& visit, Tag<GeneratorPart>, auto&... s) {
    visit("rank", Kind::state, s.rank...);
    visit("address", Kind::state, s.address...);
    visit("requests", Kind::state, s.requests...);
    visit("clock_ahead_s", Kind::state, s.clock_ahead_s...);
    visit("clock_error_s", Kind::state, s.clock_error_s...);
    visit("lost", Kind::state, s.lost...);
}

struct RunResult {
    std::uint64_t requests = 0;  // accounting.completed
    double throughput_rps = 0;   // replies that came within the window, whenever they were due
    double duration_s = 0;       // the window, without warm-up and drain
    // Due and not yet answered (what waits in the backlog too): its time average over the window,
    // taken from the times of the events and not from Little's law, and its value at the end.
    double mean_in_flight = 0;
    std::uint64_t in_flight_at_end = 0;
    std::uint64_t backlog_at_end = 0;  // due and unsent when the window closed
    double started_unix_s = 0;         // the window's begin, wall clock
    bool interrupted = false;          // stopped before its time (Ctrl-C)
    LatencySummary latency_us, service_time_us, lateness_us;
    Accounting accounting;  // of the requests whose intended start lies in the window
    Accounting total;       // the same with the warm-up: what the server's own counters saw
    ErrorCounts errors;     // in the window
    // HTTP: replies in the window by status code, "200"; those of requests that count as failed
    // too.
    std::optional<std::map<std::string, std::uint64_t>> status_codes{};
    std::optional<std::string> protocol_fault{};  // of the first reply that was not understood
    std::vector<ClassResult> classes;             // empty where all requests are alike
    ConnectionCounts connections;
    GeneratorUse generator;
    std::optional<ServerUse> server;
    CpusHad cpus;
    MachineUse machine;
    std::vector<Interval> intervals;
    std::vector<double> sampled_gaps_s;  // up to 1,000 gaps between intended starts (Poisson
                                         // check), at the mean rate where the rate changes
    Histogram latency, service_time, lateness;
    bool clamped = false;  // a histogram met a value beyond its range
    std::optional<std::vector<GeneratorPart>> generators{};  // where several met for this load
    Verdict verdict;
};
void fields(auto& visit, Tag<RunResult>, auto&... s) {
    visit("requests", Kind::counter, s.requests...);
    visit("throughput_rps", Kind::counter, s.throughput_rps...);
    visit("duration_s", Kind::state, s.duration_s...);
    visit("latency_us", Kind::state, s.latency_us...);
    visit("service_time_us", Kind::state, s.service_time_us...);
    visit("lateness_us", Kind::state, s.lateness_us...);
    visit("accounting", Kind::state, s.accounting...);
    visit("total_accounting", Kind::state, s.total...);
    visit("errors", Kind::state, s.errors...);
    visit("status_codes", Kind::counter, s.status_codes...);
    visit("protocol_fault", Kind::state, s.protocol_fault...);
    visit("connections", Kind::state, s.connections...);
    visit("generator", Kind::state, s.generator...);
    visit("server", Kind::state, s.server...);
    visit("cpus", Kind::state, s.cpus...);
    visit("verdict", Kind::state, s.verdict...);
    visit("started_unix_s", Kind::state, s.started_unix_s...);
    visit("interrupted", Kind::worst, s.interrupted...);
    visit("mean_in_flight", Kind::counter, s.mean_in_flight...);
    visit("in_flight_at_end", Kind::counter, s.in_flight_at_end...);
    visit("backlog_at_end", Kind::counter, s.backlog_at_end...);
    visit("machine", Kind::state, s.machine...);
    visit("classes", Kind::state, s.classes...);
    visit("intervals", Kind::state, s.intervals...);
    visit("sampled_gaps_s", Kind::state, s.sampled_gaps_s...);
    visit("clamped", Kind::worst, s.clamped...);
    visit("generators", Kind::state, s.generators...);
}

// CPUs that the server kept busy, on average. Empty: not measured.
inline std::optional<double> cpus_used(const RunResult& run) {
    if (!run.server || !run.server->cpu_s || !(run.duration_s > 0)) return std::nullopt;
    return *run.server->cpu_s / run.duration_s;
}

}  // namespace echotrio::loadgen
