#include "loadgen/results/merge.hpp"

#include "loadgen/record/summary.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kSampledGaps = 1000;

// Adds one figure to another by its kind. The worst of what is known is known; a sum of which a
// part is unknown is not.
struct Add {
    bool first = false;  // there is nothing to add to yet

    template <class T>
    void operator()(const char*, Kind kind, T& to, const T& from) const {
        if constexpr (std::is_arithmetic_v<T>) {
            if (kind == Kind::counter) to = static_cast<T>(to + from);
            if (kind == Kind::worst && size(from) > size(to)) to = from;
        }
    }
    void operator()(const char*, Kind, std::map<std::string, std::uint64_t>& to,
                    const std::map<std::string, std::uint64_t>& from) const {
        for (const auto& [key, count] : from) to[key] += count;
    }
    template <class T>
    void operator()(const char* key, Kind kind, std::optional<T>& to,
                    const std::optional<T>& from) const {
        if (to && from) {
            (*this)(key, kind, *to, *from);
        } else if (kind == Kind::counter) {
            to = first ? from : std::nullopt;
        } else if (kind == Kind::worst && from) {
            to = from;
        }
    }

  private:
    // a clock that was set back is as bad as one that was set forward
    template <class T>
    static double size(T value) {
        return std::abs(static_cast<double>(value));
    }
};

template <class T>
void add_fields(T& to, const T& from, bool first = false) {
    Add add{first};
    fields(add, Tag<T>{}, to, from);
}

// By the number of the second: generators that start together have them together.
void add_seconds(std::vector<Interval>& to, const std::vector<Interval>& from) {
    for (const Interval& one : from) {
        const auto same = std::find_if(
            to.begin(), to.end(), [&](const Interval& other) { return other.at_s == one.at_s; });
        Interval& sum = same != to.end() ? *same : to.emplace_back();
        sum.at_s = one.at_s;
        add_fields(sum, one);
        if (!sum.server_cpu_s) sum.server_cpu_s = one.server_cpu_s;
        if (!sum.server_memory_bytes) sum.server_memory_bytes = one.server_memory_bytes;
    }
}

Status add_classes(std::vector<ClassResult>& to, const std::vector<ClassResult>& from, bool first) {
    if (first) {
        to = from;
        return Done{};
    }
    if (to.size() != from.size()) return Error{"the results have different request classes"};
    for (std::size_t i = 0; i < to.size(); ++i) {
        if (to[i].name != from[i].name) return Error{"the results have different request classes"};
        to[i].requests += from[i].requests;
        to[i].latency.add(from[i].latency);
        to[i].latency_us = summarise(to[i].latency);
    }
    return Done{};
}

// Jain's index of all slots together, from each part's index and number of replies.
double joint_fairness(const std::vector<MergePart>& parts) {
    double replies = 0;
    double squares = 0;
    double slots = 0;
    for (const MergePart& part : parts) {
        const auto sum = static_cast<double>(part.result.total.completed);
        const auto n = static_cast<double>(part.connections);
        slots += n;
        replies += sum;
        if (n > 0 && part.result.connections.fairness > 0) {
            squares += sum * sum / (n * part.result.connections.fairness);
        }
    }
    return squares > 0 ? replies * replies / (slots * squares) : 0;
}

// Each part says how many CPUs its own generator had; what they don't agree on is not known.
void keep_common(CpusHad& to, const CpusHad& from) {
    if (to.server != from.server) to.server.reset();
    if (to.generator != from.generator) to.generator.reset();
    if (to.apart != from.apart) to.apart.reset();
    if (to.server_quota != from.server_quota) to.server_quota.reset();
    if (to.generator_quota != from.generator_quota) to.generator_quota.reset();
}

Status add_part(RunResult& to, const RunResult& from, bool first) {
    if (const Status classes = add_classes(to.classes, from.classes, first); !classes) {
        return classes;
    }
    add_fields(to, from, first);
    add_fields(to.accounting, from.accounting);
    add_fields(to.total, from.total);
    add_fields(to.errors, from.errors, first);
    add_fields(to.connections, from.connections);
    add_fields(to.generator, from.generator, first);
    auto& strategy = to.generator.idle_strategy;
    if (first) strategy = from.generator.idle_strategy;
    if (strategy != from.generator.idle_strategy) strategy.reset();  // no one word for all
    // the same machine seen by several, or several machines: the worst of each
    add_fields(to.machine, from.machine);
    add_seconds(to.intervals, from.intervals);
    if (!to.server) to.server = from.server;
    if (first) to.cpus = from.cpus;
    keep_common(to.cpus, from.cpus);
    if (!to.protocol_fault) to.protocol_fault = from.protocol_fault;
    to.latency.add(from.latency);
    to.service_time.add(from.service_time);
    to.lateness.add(from.lateness);
    return Done{};
}

}  // namespace

void add(Accounting& to, const Accounting& from) {
    add_fields(to, from);
}
void add(ErrorCounts& to, const ErrorCounts& from) {
    add_fields(to, from);
}
void add(ConnectionCounts& to, const ConnectionCounts& from) {
    add_fields(to, from);
}

Result<Merged> merge_results(const std::vector<MergePart>& parts) {
    if (parts.empty()) return Error{"nothing to merge"};
    Merged merged;
    RunResult& r = merged.result;
    double last_begin = 0;
    double first_begin = parts.front().result.started_unix_s;
    double first_end = first_begin + parts.front().result.duration_s;
    double last_end = first_end;
    double syscalls = 0;
    for (const MergePart& part : parts) {
        const RunResult& one = part.result;
        const Status added = add_part(r, one, &part == &parts.front());
        if (!added) return added.error();
        first_begin = std::min(first_begin, one.started_unix_s);
        last_begin = std::max(last_begin, one.started_unix_s);
        first_end = std::min(first_end, one.started_unix_s + one.duration_s);
        last_end = std::max(last_end, one.started_unix_s + one.duration_s);
        r.duration_s = std::max(r.duration_s, one.duration_s);
        syscalls +=
            one.generator.syscalls_per_request.value_or(0) * static_cast<double>(one.requests);
    }
    if (first_end <= last_begin) return Error{"the windows of the results do not overlap"};
    merged.overlap = (first_end - last_begin) / (last_end - first_begin);
    // A part's gaps are exponential at its own rate: seen at the rate of the whole.
    for (const MergePart& part : parts) {
        const double share = r.accounting.scheduled == 0
                                 ? 1
                                 : static_cast<double>(part.result.accounting.scheduled) /
                                       static_cast<double>(r.accounting.scheduled);
        const std::size_t take =
            std::min(part.result.sampled_gaps_s.size(), kSampledGaps / parts.size());
        for (std::size_t i = 0; i < take; ++i) {
            r.sampled_gaps_s.push_back(part.result.sampled_gaps_s[i] * share);
        }
    }
    r.started_unix_s = first_begin;
    r.connections.fairness = joint_fairness(parts);
    if (r.requests > 0) {
        r.generator.syscalls_per_request = syscalls / static_cast<double>(r.requests);
    }
    if (r.server && r.server->cpu_s && r.requests > 0) {  // it served all of them
        r.server->cpu_us_per_request = *r.server->cpu_s * 1e6 / static_cast<double>(r.requests);
    }
    r.latency_us = summarise(r.latency);
    r.service_time_us = summarise(r.service_time);
    r.lateness_us = summarise(r.lateness);
    return merged;
}

}  // namespace echotrio::loadgen
