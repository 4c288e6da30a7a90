// What one run of the generator found, as plain data: what the engine fills, the verdict judges,
// the reports print and an experiment collects. Times are in microseconds where the name says so
// (as in the JSON of docs/measurement.md), bytes and seconds likewise.
#pragma once

#include "loadgen/record/histogram.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// A percentile that too few samples support is empty.
struct LatencySummary {
    std::uint64_t count = 0;
    std::optional<double> mean, stddev, min, p50, p90, p99, p99_9, p99_99, max;
};

// scheduled = sent + unsent; sent = completed + failed + timed_out + in_flight. Always.
struct Accounting {
    std::uint64_t scheduled = 0, sent = 0, completed = 0, failed = 0, timed_out = 0, in_flight = 0,
                  unsent = 0;
    bool balanced() const {
        return scheduled == sent + unsent && sent == completed + failed + timed_out + in_flight;
    }
};

struct ErrorCounts {
    std::uint64_t connect = 0, reset = 0, closed = 0, timeout = 0, mismatch = 0, status = 0,
                  protocol = 0;
};

struct ConnectionCounts {
    std::uint64_t opened = 0;              // connections that were established
    std::uint64_t served = 0;              // of the -c slots: those that got at least one reply
    double fairness = 0;                   // Jain's index over replies per slot, 1 = all the same
    std::uint64_t idle = 0;                // held open and silent beside the active ones
    std::uint64_t idle_lost = 0;           // of those, closed by the server
    std::uint64_t out_of_ports = 0;        // connects that found no free local port
    std::uint64_t out_of_descriptors = 0;  // connects that found no free descriptor
};

struct GeneratorUse {
    double cpu_s = 0;
    double busiest_thread = 0;  // CPU share of the busiest thread in the window, 0..1
    double run_queue_wait = 0;  // the largest share of the window that a thread waited for a CPU
    std::uint64_t threads = 0;
    std::optional<double> syscalls_per_request;  // counted by the engine itself
    // p99 of (actual send - the later of intended start and the moment when a connection was free):
    // the generator's own part of the lateness. A busy server causes the rest. Open loop only.
    std::optional<double> send_delay_p99_us;
};

// A class of requests in a mixed run. Failures are in the run's own counts.
struct ClassResult {
    std::string name;
    std::uint64_t requests = 0;  // completed in the window
    LatencySummary latency_us;
    Histogram latency;
};

// What the kernel says of the server's control group (its container), over the window.
struct CgroupUse {
    std::uint64_t version = 0;                                // 1 or 2
    std::optional<double> cpu_s;                              // health checks run there too
    std::optional<double> cpu_limit;                          // CPUs; empty = unlimited
    std::optional<std::uint64_t> periods, throttled_periods;  // of the CPU limit
    std::optional<double> throttled_s;
    std::map<std::string, std::optional<double>> memory;  // bytes: current, peak, limit, anon ...
};

// Bytes by metric: pss, uss, rss_sum, page_tables ... What the system does not tell is empty, never
// 0; without any entry nobody looked.
using MemoryUse = std::map<std::string, std::optional<double>>;

// Of the whole process group of --pid, over the window. What could not be read is empty or absent.
struct ServerUse {
    double cpu_s = 0, user_s = 0, system_s = 0;
    std::optional<double> cpu_us_per_request;
    std::uint64_t processes = 0, threads = 0;
    std::optional<std::uint64_t> voluntary_switches, involuntary_switches;
    std::optional<double> run_queue_wait_s;
    std::optional<std::uint64_t> minor_faults, major_faults;
    MemoryUse memory;  // at a standstill with all connections open, before the load
    // Before the first connection; the most while they were open, before and after the load; and
    // when all had been closed.
    MemoryUse memory_before, memory_peak, memory_after;
    std::optional<CgroupUse> cgroup;  // where an observer beside the server's container tells it
    bool died = false;  // the root process ended, or another took its pid, during the run
};

// A second of the run: the live line and the time line.
struct Interval {
    double at_s = 0;  // end of the interval, from the start of the window
    std::uint64_t due = 0, completed = 0, in_flight = 0, errors = 0;
    std::optional<double> p50_us, p99_us;
    std::optional<double> server_cpu_s, server_memory_bytes;  // in the interval; at its end
};

// One check that failed (reason) or wants to be known (flag).
struct Finding {
    std::string check;   // short name, from the table in docs/measurement.md
    std::string what;    // the figure that failed, in words
    std::string advice;  // what to do about it
};

struct Verdict {
    bool valid = true;
    bool overloaded = false;  // the server fell behind the schedule: percentiles are not ranked
    bool rankable = true;     // false also where connections were starved
    std::vector<Finding> reasons, flags;
};

// The machine's doings during the window that can spoil a number.
struct MachineUse {
    std::optional<double> steal_share, other_cpu_share, busy_s;
    std::optional<std::uint64_t> listen_overflows, listen_drops, retransmissions;
    std::optional<double> hiccup_p99_us, hiccup_max_us;
    std::optional<std::uint64_t> swapped_pages;  // in and out
    std::optional<double> clock_step_s;          // the wall clock was set, or the machine suspended
    std::optional<double> frequency_change;      // largest share by which a CPU's clock rate moved
};

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
    std::vector<ClassResult> classes;  // empty where all requests are alike
    ConnectionCounts connections;
    GeneratorUse generator;
    std::optional<ServerUse> server;
    MachineUse machine;
    std::vector<Interval> intervals;
    std::vector<double> sampled_gaps_s;  // up to 1,000 gaps between intended starts (Poisson
                                         // check), at the mean rate where the rate changes
    Histogram latency, service_time, lateness;
    bool clamped = false;  // a histogram met a value beyond its range
    Verdict verdict;
};

}  // namespace echotrio::loadgen
