#include "loadgen/findings/metrics.hpp"

#include "common/base/to_count.hpp"
#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace echotrio::loadgen {
namespace {

using Value = std::optional<double>;

// A run without a single reply has no rate to compare: it is a reason, not a zero.
Value throughput(const Trial& trial) {
    if (trial.result.requests == 0) return std::nullopt;
    return trial.result.throughput_rps;
}

Value cpu_per_request(const Trial& trial) {
    return trial.result.server ? trial.result.server->cpu_us_per_request : std::nullopt;
}

// What a CPU-second buys: the inverse, which people compare servers by.
Value requests_per_cpu_second(const Trial& trial) {
    const Value cost = cpu_per_request(trial);
    if (!cost || *cost <= 0) return std::nullopt;
    return 1e6 / *cost;
}

// A count or a time of the server over the trial's requests.
template <class T>
Value per_request(const Trial& trial, const T& of, double scale = 1) {
    if (!trial.result.server || trial.result.requests == 0) return std::nullopt;
    const std::optional<double> value = of(*trial.result.server);
    if (!value) return std::nullopt;
    return *value * scale / static_cast<double>(trial.result.requests);
}

Value sum(const std::optional<std::uint64_t>& a, const std::optional<std::uint64_t>& b) {
    if (!a || !b) return std::nullopt;
    return static_cast<double>(*a + *b);
}

Value user_per_request(const Trial& trial) {
    const auto of = [](const ServerUse& s) { return s.user_s; };
    return per_request(trial, of, 1e6);
}

Value system_per_request(const Trial& trial) {
    const auto of = [](const ServerUse& s) { return s.system_s; };
    return per_request(trial, of, 1e6);
}

Value voluntary_per_request(const Trial& trial) {
    return per_request(trial, [](const ServerUse& s) { return Value(s.voluntary_switches); });
}

Value involuntary_per_request(const Trial& trial) {
    return per_request(trial, [](const ServerUse& s) { return Value(s.involuntary_switches); });
}

Value switches_per_request(const Trial& trial) {
    return per_request(trial, [](const ServerUse& s) {
        return sum(s.voluntary_switches, s.involuntary_switches);
    });
}

Value run_queue_wait_per_request(const Trial& trial) {
    const auto of = [](const ServerUse& s) { return s.run_queue_wait_s; };
    return per_request(trial, of, 1e6);
}

Value faults_per_request(const Trial& trial) {
    return per_request(trial,
                       [](const ServerUse& s) { return sum(s.minor_faults, s.major_faults); });
}

// How many CPUs were busy, whoever kept them so.
Value machine_cpus(const Trial& trial) {
    const RunResult& result = trial.result;
    if (!result.machine.busy_s || !(result.duration_s > 0)) return std::nullopt;
    return *result.machine.busy_s / result.duration_s;
}

// Mean over the accepted connections.
Value accept_wait(const Trial& trial) {
    const Value total = own_figure(trial, "/workers/lock_wait_us_total");
    const Value accepted = own_figure(trial, "/connections/total");
    if (!total || !accepted || *accepted <= 0) return std::nullopt;
    return *total / *accepted;
}

// Percentile of the latency of one class of a mixed run.
using Percentile = Value LatencySummary::*;
template <Percentile percentile>
Value of_class(const Trial& trial, std::string_view name) {
    for (const ClassResult& c : trial.result.classes) {
        if (c.name == name) return c.latency_us.*percentile;
    }
    return std::nullopt;
}

Value value_in(const MemoryUse& memory, const std::string& key) {
    const auto found = memory.find(key);
    return found == memory.end() ? std::nullopt : found->second;
}

// What belongs to the server's processes alone, at one of the moments when it was read.
using Moment = MemoryUse ServerUse::*;
template <Moment moment>
Value memory_own(const Trial& trial) {
    if (!trial.result.server) return std::nullopt;
    double total = 0;
    for (const MemoryPart& part : memory_parts()) {
        if (part.machine_wide) continue;
        const Value bytes = value_in((*trial.result.server).*moment, part.key);
        if (!bytes) return std::nullopt;
        total += *bytes;
    }
    return total;
}

Value time_to_ready(const Trial& trial) {
    if (!trial.result.server || !trial.result.server->time_to_ready_s) return std::nullopt;
    return *trial.result.server->time_to_ready_s * 1e6;
}

Value rss_peak(const Trial& trial) {
    if (!trial.result.server) return std::nullopt;
    return value_in(trial.result.server->memory_peak, "rss_peak_sum");
}

constexpr Metric::Use compared(const char* column = nullptr) {
    return {true, false, column, nullptr};
}
constexpr Metric::Use per_request() {
    return {false, true, nullptr, nullptr};
}
constexpr Metric::Use column(const char* name) {
    return {false, false, name, nullptr};
}
constexpr Metric::Use ranked_by(const char* metric) {
    return {false, false, nullptr, metric};
}

const std::array kMetrics = {
    Metric{"throughput_rps", "requests/s", Unit::per_second, true, false, "requests/s", throughput,
           compared()},
    Metric{"requests_per_cpu_s", "requests/CPU-s", Unit::per_second, true, false,
           "requests per CPU-second", requests_per_cpu_second, compared()},
    Metric{"p50_us", "p50", Unit::microseconds, false, true, "median latency",
           [](const Trial& t) { return t.result.latency_us.p50; }, compared()},
    Metric{"p99_us", "p99", Unit::microseconds, false, true, "p99 latency",
           [](const Trial& t) { return t.result.latency_us.p99; }, compared()},
    Metric{"p99_9_us", "p99.9", Unit::microseconds, false, true, "p99.9 latency",
           [](const Trial& t) { return t.result.latency_us.p99_9; }},
    Metric{"small_p50_us", "small p50", Unit::microseconds, false, true,
           "median latency of small requests",
           [](const Trial& t) { return of_class<&LatencySummary::p50>(t, "small"); },
           compared("small_p50_us")},
    Metric{"small_p99_us", "small p99", Unit::microseconds, false, true,
           "p99 latency of small requests",
           [](const Trial& t) { return of_class<&LatencySummary::p99>(t, "small"); },
           compared("small_p99_us")},
    Metric{"heavy_p50_us", "heavy p50", Unit::microseconds, false, true,
           "median latency of heavy requests",
           [](const Trial& t) { return of_class<&LatencySummary::p50>(t, "heavy"); },
           column("heavy_p50_us")},
    Metric{"cpu_us_per_request", "CPU/request", Unit::microseconds, false, false,
           "CPU time per request", cpu_per_request, ranked_by("requests_per_cpu_s")},
    Metric{"switches_per_request", "switches/request", Unit::count, false, false,
           "context switches per request", switches_per_request,
           column("server_switches_per_request")},
    Metric{"pss", "PSS", Unit::bytes, false, false, "user memory (PSS)",
           [](const Trial& t) { return server_memory(t, "pss"); }, compared()},
    Metric{"memory", "memory", Unit::bytes, false, false,
           "memory (PSS, page tables and kernel stacks)", memory_own<&ServerUse::memory>,
           compared("server_memory_bytes")},
    Metric{"memory_before", "before", Unit::bytes, false, false, "memory before the connections",
           memory_own<&ServerUse::memory_before>, column("server_memory_before_bytes")},
    Metric{"memory_peak", "peak", Unit::bytes, false, false, "most memory",
           memory_own<&ServerUse::memory_peak>, column("server_memory_peak_bytes")},
    Metric{"memory_after", "after", Unit::bytes, false, false, "memory after the connections",
           memory_own<&ServerUse::memory_after>, column("server_memory_after_bytes")},
    Metric{"rss_peak", "resident at most", Unit::bytes, false, false, "highest RSS", rss_peak,
           column("server_rss_peak_bytes")},
    Metric{"time_to_ready_us", "ready after", Unit::microseconds, false, false, "time to ready",
           time_to_ready, column("server_time_to_ready_us")},
    Metric{"user_us_per_request", "user", Unit::microseconds, false, false, "user CPU time",
           user_per_request, per_request()},
    Metric{"system_us_per_request", "system", Unit::microseconds, false, false, "system CPU time",
           system_per_request, per_request()},
    Metric{"machine_cpus", "CPUs busy", Unit::count, false, false, "busy CPUs", machine_cpus,
           per_request()},
    Metric{"voluntary_per_request", "gave up CPU", Unit::count, false, false,
           "voluntary switches per request", voluntary_per_request, per_request()},
    Metric{"involuntary_per_request", "lost CPU", Unit::count, false, false,
           "involuntary switches per request", involuntary_per_request, per_request()},
    Metric{"run_queue_us_per_request", "run-queue wait", Unit::microseconds, false, false,
           "wait for a CPU per request", run_queue_wait_per_request, per_request()},
    Metric{"faults_per_request", "page faults", Unit::count, false, false,
           "page faults per request", faults_per_request, per_request()},
    Metric{"lock_wait_p99_us", "lock wait", Unit::microseconds, false, false,
           "p99 wait for the global lock",
           [](const Trial& t) { return own_figure(t, "/gil/wait_p99_us"); },
           column("server_lock_wait_p99_us")},
    Metric{"loop_lag_p99_us", "loop lag", Unit::microseconds, false, false, "p99 lag of the loop",
           [](const Trial& t) { return own_figure(t, "/loop/lag_p99_us"); },
           column("server_loop_lag_p99_us")},
    Metric{"accept_wait_us", "accept wait", Unit::microseconds, false, false,
           "wait for a turn to accept", accept_wait, column("server_accept_wait_us")},
};

}  // namespace

std::span<const Metric> metrics() {
    return kMetrics;
}

const Metric* find_metric(std::string_view key) {
    const auto* found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                     [&](const Metric& m) { return key == m.key; });
    return found == kMetrics.end() ? nullptr : found;
}

std::span<const MemoryPart> memory_parts() {
    static constexpr std::array kParts = {
        MemoryPart{"pss", "user memory (PSS)", false},
        MemoryPart{"page_tables", "page tables", false},
        MemoryPart{"kernel_stacks", "kernel stacks", false},
        MemoryPart{"task_objects", "task objects", true},
        MemoryPart{"socket_objects", "socket objects", true},
        MemoryPart{"socket_buffers", "socket buffers", true},
    };
    return kParts;
}

std::optional<double> server_memory(const Trial& trial, const std::string& key) {
    return trial.result.server ? value_in(trial.result.server->memory, key) : std::nullopt;
}

std::optional<double> own_figure(const Trial& trial, const char* pointer) {
    const nlohmann::ordered_json::json_pointer path(pointer);
    if (!trial.server_stats.is_object() || !trial.server_stats.contains(path)) return std::nullopt;
    const auto& value = trial.server_stats.at(path);
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

}  // namespace echotrio::loadgen
