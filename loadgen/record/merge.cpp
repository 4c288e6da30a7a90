#include "loadgen/record/merge.hpp"

#include "loadgen/record/summary.hpp"

#include <algorithm>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kSampledGaps = 1000;

template <class T>
void keep_largest(std::optional<T>& to, const std::optional<T>& from) {
    if (from && (!to || *from > *to)) to = from;
}

void add(GeneratorUse& to, const GeneratorUse& from) {
    to.cpu_s += from.cpu_s;
    to.threads += from.threads;
    to.busiest_thread = std::max(to.busiest_thread, from.busiest_thread);
    to.run_queue_wait = std::max(to.run_queue_wait, from.run_queue_wait);
    keep_largest(to.send_delay_p99_us, from.send_delay_p99_us);
}

// The same machine seen by several, or several machines: the worst of each.
void add(MachineUse& to, const MachineUse& from) {
    keep_largest(to.steal_share, from.steal_share);
    keep_largest(to.other_cpu_share, from.other_cpu_share);
    keep_largest(to.busy_s, from.busy_s);
    keep_largest(to.listen_overflows, from.listen_overflows);
    keep_largest(to.listen_drops, from.listen_drops);
    keep_largest(to.retransmissions, from.retransmissions);
    keep_largest(to.hiccup_p99_us, from.hiccup_p99_us);
    keep_largest(to.hiccup_max_us, from.hiccup_max_us);
    keep_largest(to.swapped_pages, from.swapped_pages);
    keep_largest(to.clock_step_s, from.clock_step_s);
    keep_largest(to.frequency_change, from.frequency_change);
}

// By the number of the second: generators that start together have them together.
void add(std::vector<Interval>& to, const std::vector<Interval>& from) {
    for (const Interval& one : from) {
        const auto same = std::find_if(
            to.begin(), to.end(), [&](const Interval& other) { return other.at_s == one.at_s; });
        Interval& sum = same != to.end() ? *same : to.emplace_back();
        sum.at_s = one.at_s;
        sum.due += one.due;
        sum.completed += one.completed;
        sum.in_flight += one.in_flight;
        sum.errors += one.errors;
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

Status add_part(RunResult& to, const RunResult& from, bool first) {
    if (const Status classes = add_classes(to.classes, from.classes, first); !classes) {
        return classes;
    }
    to.requests += from.requests;
    to.throughput_rps += from.throughput_rps;
    to.mean_in_flight += from.mean_in_flight;
    to.in_flight_at_end += from.in_flight_at_end;
    to.backlog_at_end += from.backlog_at_end;
    to.interrupted |= from.interrupted;
    to.clamped |= from.clamped;
    add(to.accounting, from.accounting);
    add(to.total, from.total);
    add(to.errors, from.errors);
    add(to.connections, from.connections);
    add(to.generator, from.generator);
    add(to.machine, from.machine);
    add(to.intervals, from.intervals);
    if (!to.server) to.server = from.server;
    to.latency.add(from.latency);
    to.service_time.add(from.service_time);
    to.lateness.add(from.lateness);
    return Done{};
}

}  // namespace

void add(Accounting& to, const Accounting& from) {
    to.scheduled += from.scheduled;
    to.sent += from.sent;
    to.completed += from.completed;
    to.failed += from.failed;
    to.timed_out += from.timed_out;
    to.in_flight += from.in_flight;
    to.unsent += from.unsent;
}

void add(ErrorCounts& to, const ErrorCounts& from) {
    to.connect += from.connect;
    to.reset += from.reset;
    to.closed += from.closed;
    to.timeout += from.timeout;
    to.mismatch += from.mismatch;
    to.status += from.status;
    to.protocol += from.protocol;
}

void add(ConnectionCounts& to, const ConnectionCounts& from) {
    to.opened += from.opened;
    to.served += from.served;
    to.idle += from.idle;
    to.idle_lost += from.idle_lost;
    to.out_of_ports += from.out_of_ports;
    to.out_of_descriptors += from.out_of_descriptors;
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
    if (r.server && r.requests > 0) {  // it served all of them
        r.server->cpu_us_per_request = r.server->cpu_s * 1e6 / static_cast<double>(r.requests);
    }
    r.latency_us = summarise(r.latency);
    r.service_time_us = summarise(r.service_time);
    r.lateness_us = summarise(r.lateness);
    return merged;
}

}  // namespace echotrio::loadgen
