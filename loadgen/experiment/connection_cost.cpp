#include "loadgen/experiment/connection_cost.hpp"

#include "common/base/clock.hpp"
#include "common/net/socket.hpp"
#include "loadgen/analysis/kernel_part.hpp"
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
constexpr std::uint64_t kOtherFiles = 100;

// Connections a step that the descriptors allow.
std::size_t step_size() {
    const std::uint64_t files = net::raise_descriptor_limit();
    if (files < kOtherFiles) return 0;
    return std::min<std::size_t>(kEachStep, (files - kOtherFiles) / (2 * kSteps));
}

std::optional<Estimate> measure_once(std::size_t each) {
    auto pairs = OwnConnections::listen();
    if (!pairs) return std::nullopt;
    std::vector<double> connections, slab, still;
    std::vector<TimePoint> at;
    const auto look = [&](std::vector<double>& series) {
        const auto bytes = read_kernel_memory().slab;
        if (bytes) series.push_back(*bytes);
        return bytes.has_value();
    };
    for (std::size_t step = 0; step <= kSteps; ++step) {
        for (std::size_t i = 0; step > 0 && i < each; ++i) {
            if (!pairs->open_one()) return std::nullopt;
        }
        connections.push_back(static_cast<double>(step * each));
        at.push_back(now());
        if (!look(slab)) return std::nullopt;
    }
    const TimePoint begin = now();
    for (const TimePoint& then : at) {
        std::this_thread::sleep_until(begin + (then - at.front()));
        if (!look(still)) return std::nullopt;
    }
    return bytes_of_end(connections, slab, still);
}

}  // namespace

std::optional<OwnConnections> fill_slabs(std::uint64_t most) {
    constexpr std::uint64_t kFilling = 500;
    const std::uint64_t files = net::raise_descriptor_limit();
    if (files < 2 * kFilling + kOtherFiles + most) return std::nullopt;
    auto filling = OwnConnections::listen();
    if (!filling) return std::nullopt;
    for (std::uint64_t i = 0; i < kFilling; ++i) {
        if (!filling->open_one()) return std::nullopt;
    }
    return std::move(*filling);
}

std::optional<Estimate> measure_bytes_of_end() {
    constexpr int kTries = 3;
    const std::size_t each = step_size();
    if (each < kFewestEach) return std::nullopt;
    for (int i = 0; i < kTries; ++i) {
        if (auto bytes = measure_once(each)) return bytes;
    }
    return std::nullopt;
}

}  // namespace echotrio::loadgen
