// A service level objective on latency, "p99=5ms", and whether measured latencies meet it. Pure.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "loadgen/record/histogram.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

struct Objective {
    double quantile = 0.99;  // 0 < quantile < 1
    Nanos limit{0};
};

// "p50", "p99", "p99.9" ... and a duration. Error: what to write instead.
Result<Objective> parse_objective(std::string_view text);
std::string format_objective(const Objective& objective);

enum class Outcome : std::uint8_t {
    met,       // at 99 % confidence (exact binomial)
    missed,    // more samples above the limit than the objective allows
    undecided  // few enough above it, but too few samples to be sure
};
Outcome outcome_of(std::uint64_t samples, std::uint64_t over, const Objective& objective);
Outcome outcome_of(const Histogram& latency, const Objective& objective);

}  // namespace echotrio::loadgen
