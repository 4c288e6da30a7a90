#include "loadgen/experiment/connection_cost.hpp"

#include "common/base/clock.hpp"
#include "common/net/socket.hpp"
#include "loadgen/engine/own_connections.hpp"
#include "loadgen/probe/memory.hpp"

#include <algorithm>
#include <thread>
#include <vector>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kSteps = 16;
constexpr std::size_t kEachStep = 100;   // connections
constexpr std::size_t kFewestEach = 25;  // fewer drown in the pages that caches grow by
constexpr std::uint64_t kFilling = 500;  // connections that use up what slabs have free
constexpr std::uint64_t kOtherFiles = 100;
constexpr const char* kOtherKey = "kernel_bytes_other_per_connection";

// Connections a step that the descriptors allow.
std::size_t step_size() {
    const std::uint64_t files = net::raise_descriptor_limit();
    if (files < kOtherFiles) return 0;
    return std::min<std::size_t>(kEachStep, (files - kOtherFiles) / (2 * kSteps));
}

struct Slabs {
    std::vector<double> unreclaimable, reclaimable;  // after each step, bytes

    bool add(const KernelMemory& memory) {
        if (!memory.unreclaimable_slab || !memory.reclaimable_slab) return false;
        unreclaimable.push_back(*memory.unreclaimable_slab);
        reclaimable.push_back(*memory.reclaimable_slab);
        return true;
    }
};

// The name of a socket may find a free place among those of the machine's files, or take a new one.
Estimate with_name(Estimate reclaimable) {
    constexpr double kName = 192;  // struct dentry of 64-bit Linux
    reclaimable.value += kName / 2;
    reclaimable.interval->high += kName;
    return reclaimable;
}

bool are_tracked(const KernelMemory& before, const KernelMemory& after, double connections) {
    if (!before.tracked_connections || !after.tracked_connections) return false;
    return static_cast<double>(*after.tracked_connections) >
           static_cast<double>(*before.tracked_connections) + connections / 2;
}

// A firewall's entry for a connection is none of the server's memory. Where entries of ended
// connections have left places free, it takes no new one: neither here, where half an entry would
// be in an end, nor in a trial, where there is one a connection.
Estimate without_trace(Estimate unreclaimable) {
    constexpr double kEntry = 256;  // struct nf_conn of 64-bit Linux
    unreclaimable.value += kEntry / 4;
    unreclaimable.interval->low -= kEntry / 2;
    unreclaimable.interval->high += kEntry;
    return unreclaimable;
}

ConnectionCost measure_once(std::size_t each) {
    const auto filling = fill_slabs(2 * kSteps * each);  // both ends are ours
    auto pairs = OwnConnections::listen();
    if (!pairs) return {};
    std::vector<double> connections, other;
    Slabs opening, still;
    std::vector<TimePoint> at;
    const KernelMemory before = read_kernel_memory();
    for (std::size_t step = 0; step <= kSteps; ++step) {
        for (std::size_t i = 0; step > 0 && i < each; ++i) {
            if (!pairs->open_one()) return {};
        }
        const KernelMemory here = read_kernel_memory();
        if (!opening.add(here)) return {};
        connections.push_back(static_cast<double>(step * each));
        at.push_back(here.at);
        if (const auto objects = growth(before, here).task_objects) other.push_back(*objects);
    }
    const KernelMemory after = read_kernel_memory();
    const TimePoint begin = now();
    for (const TimePoint& then : at) {
        std::this_thread::sleep_until(begin + (then - at.front()));
        if (!still.add(read_kernel_memory())) return {};
    }
    ConnectionCost cost;
    const auto inner = bytes_of_end(connections, opening.unreclaimable, still.unreclaimable);
    const auto outer = bytes_of_end(connections, opening.reclaimable, still.reclaimable);
    if (inner && outer) {
        const bool tracked = are_tracked(before, after, connections.back());
        cost.end = BytesOfEnd{tracked ? without_trace(*inner) : *inner, with_name(*outer)};
    }
    if (other.size() == connections.size()) {
        if (const auto line = theil_sen(connections, other))
            cost.other = std::max(0.0, line->slope);
    }
    return cost;
}

}  // namespace

std::optional<OwnConnections> fill_slabs(std::uint64_t most) {
    const std::uint64_t files = net::raise_descriptor_limit();
    if (files < 2 * kFilling + kOtherFiles + most) return std::nullopt;
    auto filling = OwnConnections::listen();
    if (!filling) return std::nullopt;
    for (std::uint64_t i = 0; i < kFilling; ++i) {
        if (!filling->open_one()) return std::nullopt;
    }
    return std::move(*filling);
}

ConnectionCost measure_connection_cost() {
    constexpr int kTries = 3;
    const std::size_t each = step_size();
    ConnectionCost cost;
    if (each < kFewestEach) return cost;
    for (int i = 0; i < kTries && !cost.end; ++i) cost = measure_once(each);
    return cost;
}

void add_connection_cost(nlohmann::ordered_json& environment, const ConnectionCost& cost) {
    environment[kEndKey] = end_to_json(cost.end);
    environment[kOtherKey] = nullptr;
    if (cost.other) environment[kOtherKey] = *cost.other;
}

double other_per_connection(const nlohmann::ordered_json& environment) {
    if (!environment.is_object() || !environment.contains(kOtherKey)) return 0;
    const auto& other = environment.at(kOtherKey);
    return other.is_number() ? other.get<double>() : 0;
}

}  // namespace echotrio::loadgen
