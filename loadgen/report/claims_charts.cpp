// A small picture per claim, from its evidence: which figures are drawn, and what they are called.
#include "loadgen/report/claims_report.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

// A figure of the evidence: a number, or an object that holds one with its "ci95".
struct Bar {
    const char* pointer = nullptr;
    const char* label = "";
    const char* variant = "";  // whose colour; "" = neutral
};

struct Picture {
    std::string_view claim;
    const char* what;  // the axis
    const char* unit;  // of Axis
    double scale;      // from the evidence's unit to the axis's
    bool logarithmic;
    std::array<Bar, 4> bars;  // up to the first without a pointer
    std::optional<double> reference{};
};

constexpr double kMillis = 1000, kNanos = 1e-3;  // to microseconds

constexpr Picture kPictures[] = {
    {"process-contains-faults",
     "connections of 8 that survive a kill",
     "",
     1,
     false,
     {{{"/survive_in_prefork", "prefork", "prefork"}}}},
    {"shared-process-shares-faults",
     "connections of 8 that survive a kill",
     "",
     1,
     false,
     {{{"/survive_in_threads", "threads", "threads"},
       {"/survive_in_coroutine", "coroutine", "coroutine"}}}},
    {"process-resources-follow-need",
     "processes",
     "",
     1,
     false,
     {{{"/before/processes", "before", "prefork"},
       {"/peak/processes", "under load", "prefork"},
       {"/later/processes", "seconds later", "prefork"}}}},
    {"process-thread-coroutine-memory",
     "memory per connection",
     "bytes",
     1,
     true,
     {{{"/prefork", "prefork", "prefork"},
       {"/threads", "threads", "threads"},
       {"/coroutine", "coroutine", "coroutine"}}}},
    {"process-thread-coroutine-creation",
     "CPU time to make one",
     "us",
     1,
     true,
     {{{"/process_us", "a process", "prefork"},
       {"/connection_with_thread_us", "a thread", "threads"},
       {"/connection_with_coroutine_us", "a coroutine", "coroutine"}}}},
    {"threads-share-more-cheaply",
     "time of one increment",
     "us",
     kNanos,
     true,
     {{{"/one_alone_ns", "one alone", ""},
       {"/two_threads_atomic_ns", "threads, atomic", "threads"},
       {"/two_threads_under_a_lock_ns", "threads, lock", "threads"},
       {"/two_processes_shared_memory_ns", "processes", "prefork"}}}},
    {"one-thread-at-a-time",
     "throughput on two cores, over that of processes",
     "",
     1,
     false,
     {{{"/throughput_over_processes_on_two_cores", "with the lock", "threads"}}},
     1},
    {"parallel-without-lock",
     "throughput, two cores over one",
     "",
     1,
     false,
     {{{"/no_lock_two_cores_over_one", "without lock", "threads"},
       {"/processes_two_cores_over_one", "processes", "prefork"}}},
     1},
    {"lock-costs-nothing-on-one-cpu",
     "throughput, with the lock over without",
     "",
     1,
     false,
     {{{"/throughput_with_over_without", "with / without", "threads"}}},
     1},
    {"lock-costs-no-latency-on-one-cpu",
     "lower quartile of latency beside CPU work",
     "us",
     kMillis,
     false,
     {{{"/p25_ms_with_lock", "with the lock", "threads"},
       {"/p25_ms_without", "without", "threads"}}}},
    {"preemption-follows-interval",
     "lower quartile of waits",
     "us",
     kMillis,
     false,
     {{{"/p25_ms_at_2ms", "2 ms", "threads"}, {"/p25_ms_at_10ms", "10 ms", "threads"}}}},
    {"old-ticks-behave-otherwise",
     "lower quartile of waits",
     "us",
     kMillis,
     false,
     {{{"/p25_ms_at_10ms", "10 ms", "threads"}, {"/p25_ms_with_ticks", "ticks", "threads"}}}},
    {"coroutine-must-yield",
     "time",
     "us",
     kMillis,
     false,
     {{{"/heavy_request_ms", "heavy request", ""},
       {"/longest_wait_ms", "longest wait", "coroutine"}}}},
    {"yielding-cures",
     "longest wait of a small request",
     "us",
     kMillis,
     false,
     {{{"/longest_wait_ms_never", "never yields", "coroutine"},
       {"/longest_wait_ms_yielding", "every 1 ms", "coroutine"}}}},
    {"coroutines-carry-most",
     "connections per GiB",
     "",
     1,
     true,
     {{{"/prefork/per_GiB", "prefork", "prefork"},
       {"/threads/per_GiB", "threads", "threads"},
       {"/coroutine/per_GiB", "coroutine", "coroutine"}}}},
};

std::optional<ChartPoint> point_at(const Json& evidence, const Bar& bar, double scale) {
    const Json::json_pointer path(bar.pointer);
    if (!evidence.is_object() || !evidence.contains(path)) return std::nullopt;
    const Json& at = evidence.at(path);
    if (at.is_number()) return ChartPoint{0, at.get<double>() * scale};
    for (const char* key : {"ratio", "bytes_per_connection"}) {
        if (!at.is_object() || !at.contains(key) || !at[key].is_number()) continue;
        ChartPoint point{0, at[key].get<double>() * scale};
        const Json interval = at.value("ci95", Json());
        if (interval.is_array() && interval.size() == 2 && interval[0].is_number() &&
            interval[1].is_number()) {
            point.low = interval[0].get<double>() * scale;
            point.high = interval[1].get<double>() * scale;
        }
        return point;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Chart> claim_chart(const Claim& claim) {
    const auto* picture = std::find_if(std::begin(kPictures), std::end(kPictures),
                                       [&](const Picture& p) { return p.claim == claim.id; });
    if (picture == std::end(kPictures)) return std::nullopt;
    Chart chart;
    chart.id = "claim-" + claim.id;
    chart.title = picture->what;
    chart.kind = Chart::Kind::bars;
    chart.horizontal = true;
    chart.reference = picture->reference;
    chart.y = {picture->what, picture->logarithmic, picture->unit, {}};
    for (const Bar& bar : picture->bars) {
        if (bar.pointer == nullptr) break;
        auto point = point_at(claim.evidence, bar, picture->scale);
        if (!point) continue;
        // A bar of nothing has no place on a logarithmic axis.
        if (!(point->y > 0)) chart.y.logarithmic = false;
        point->x = static_cast<double>(chart.x.labels.size());
        chart.x.labels.emplace_back(bar.label);
        chart.series.push_back({bar.label, bar.variant, {std::move(*point)}});
    }
    if (chart.series.empty()) return std::nullopt;
    return chart;
}

}  // namespace echotrio::loadgen
