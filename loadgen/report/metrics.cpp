#include "loadgen/report/metrics.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

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

Value switches_per_request(const Trial& trial) {
    const auto& server = trial.result.server;
    if (!server || !server->voluntary_switches || trial.result.requests == 0) return std::nullopt;
    const std::uint64_t all =
        *server->voluntary_switches + server->involuntary_switches.value_or(0);
    return static_cast<double>(all) / static_cast<double>(trial.result.requests);
}

Value run_queue_wait_per_request(const Trial& trial) {
    const auto& server = trial.result.server;
    if (!server || !server->run_queue_wait_s || trial.result.requests == 0) return std::nullopt;
    return *server->run_queue_wait_s * 1e6 / static_cast<double>(trial.result.requests);
}

// Percentile of the latency of one class of a mixed run.
template <Value LatencySummary::*percentile>
Value of_class(const Trial& trial, std::string_view name) {
    for (const ClassResult& c : trial.result.classes) {
        if (c.name == name) return c.latency_us.*percentile;
    }
    return std::nullopt;
}

// What belongs to the server's processes alone.
Value memory_own(const Trial& trial) {
    double total = 0;
    for (const MemoryPart& part : memory_parts()) {
        if (part.machine_wide) continue;
        const Value bytes = server_memory(trial, part.key);
        if (!bytes) return std::nullopt;
        total += *bytes;
    }
    return total;
}

const std::array kMetrics = {
    Metric{"throughput_rps", "requests/s", Unit::per_second, true, false, "requests/s", throughput},
    Metric{"p50_us", "p50", Unit::microseconds, false, true, "median latency",
           [](const Trial& t) { return t.result.latency_us.p50; }},
    Metric{"p99_us", "p99", Unit::microseconds, false, true, "p99 latency",
           [](const Trial& t) { return t.result.latency_us.p99; }},
    Metric{"p99_9_us", "p99.9", Unit::microseconds, false, true, "p99.9 latency",
           [](const Trial& t) { return t.result.latency_us.p99_9; }},
    Metric{"small_p50_us", "small p50", Unit::microseconds, false, true,
           "median latency of small requests",
           [](const Trial& t) { return of_class<&LatencySummary::p50>(t, "small"); }},
    Metric{"small_p99_us", "small p99", Unit::microseconds, false, true,
           "p99 latency of small requests",
           [](const Trial& t) { return of_class<&LatencySummary::p99>(t, "small"); }},
    Metric{"heavy_p50_us", "heavy p50", Unit::microseconds, false, true,
           "median latency of heavy requests",
           [](const Trial& t) { return of_class<&LatencySummary::p50>(t, "heavy"); }},
    Metric{"cpu_us_per_request", "CPU/request", Unit::microseconds, false, false,
           "CPU time per request", cpu_per_request},
    Metric{"requests_per_cpu_s", "requests/CPU-s", Unit::per_second, true, false,
           "requests per CPU-second", requests_per_cpu_second},
    Metric{"switches_per_request", "switches/request", Unit::count, false, false,
           "context switches per request", switches_per_request},
    Metric{"run_queue_us_per_request", "run-queue wait/request", Unit::microseconds, false, false,
           "wait for a CPU per request", run_queue_wait_per_request},
    Metric{"pss", "PSS", Unit::bytes, false, false, "user memory (PSS)",
           [](const Trial& t) { return server_memory(t, "pss"); }},
    Metric{"memory", "memory", Unit::bytes, false, false,
           "memory (PSS, page tables and kernel stacks)", memory_own},
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
    if (!trial.result.server) return std::nullopt;
    const auto found = trial.result.server->memory.find(key);
    return found == trial.result.server->memory.end() ? std::nullopt : found->second;
}

std::string format_exact_count(std::uint64_t value) {
    std::string digits = fmt::format("{}", value);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

std::string format_count(double value) {
    if (!std::isfinite(value)) return "-";
    if (value < 0) return fmt::format("-{}", format_count(-value));
    if (value == 0) return "0";
    const int magnitude = static_cast<int>(std::floor(std::log10(value)));
    if (magnitude < 2) return fmt::format("{:.{}f}", value, std::min(2 - magnitude, 4));
    const double grain = std::pow(10, magnitude - 2);
    return format_exact_count(static_cast<std::uint64_t>(std::round(value / grain) * grain));
}

std::string format_value(double value, Unit unit) {
    switch (unit) {
        case Unit::microseconds:
            return human_duration(Nanos(static_cast<Nanos::rep>(std::llround(value * 1000))));
        case Unit::bytes:
            return human_bytes(value);
        case Unit::per_second:
        case Unit::count:
            return format_count(value);
    }
    return {};
}

}  // namespace echotrio::loadgen
