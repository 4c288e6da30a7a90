// Measured models whose figures are known by hand.
#pragma once

#include "loadgen/analysis/capacity.hpp"

#include <cstdint>
#include <string>

namespace echotrio::loadgen {

inline constexpr double kMebibyte = 1024.0 * 1024;

// `connections` in a closed loop give `rate`, give or take `spread`, with p99 of a millisecond; the
// server uses `used` of `cpus` CPUs.
inline MeasuredLevel made_up_level(std::uint64_t connections, double rate, double cpus, double used,
                                   double spread = 0.01) {
    MeasuredLevel level;
    level.connections = level.served = connections;
    level.cpus_usable = cpus;
    for (std::uint64_t r = 1; r <= 7; ++r) {
        MeasuredLevel::Repetition one;
        one.number = r;
        one.throughput_rps = rate * (1 + spread * (static_cast<double>(r) - 4) / 3);
        one.in_flight = static_cast<double>(connections);
        one.cpu_us = used * 1e6 / rate;
        one.cpus_used = used;
        level.repetitions.push_back(one);
    }
    level.latency.record(1'000'000, 10'000);
    return level;
}

inline void give_memory(MeasuredModel& model, double base, double slope) {
    Line line;
    line.slope = slope;
    line.slope_interval = {slope * 0.9, slope * 1.1};
    line.intercept = base;
    model.memory = line;
    model.kernel = KernelPart::read;
    model.memory_levels = 5;
    model.most_held = 2000;
}

// 10,000 requests/s on one core, 64 connections, 64 KiB each.
inline MeasuredModel made_up_loop() {
    MeasuredModel model;
    model.name = "loop";
    model.one_core = true;
    model.levels = {made_up_level(64, 10'000, 1, 0.95)};
    give_memory(model, 10 * kMebibyte, 65'536);
    return model;
}

// 4,000 requests/s on two CPUs with 100 workers of 2 MiB each, which is all there are.
inline MeasuredModel made_up_pool() {
    MeasuredModel model;
    model.name = "pool";
    model.pool = true;
    model.levels = {made_up_level(100, 4000, 2, 1.9)};
    model.connection_limit = 100;
    model.limited_by = "workers";
    give_memory(model, 10 * kMebibyte, 2 * kMebibyte);
    return model;
}

}  // namespace echotrio::loadgen
