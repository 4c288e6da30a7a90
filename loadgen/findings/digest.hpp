// What an experiment's trials say: medians with their spread per level and model, ratios of models
// with intervals, memory per connection. Pure. Trials that don't count (INVALID, superseded) are
// kept beside the figures with their reasons, never dropped.
#pragma once

#include "loadgen/analysis/statistics.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/findings/comparisons.hpp"
#include "loadgen/findings/memory_slope.hpp"
#include "loadgen/findings/metrics.hpp"
#include "loadgen/results/experiment.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// The median of the repetitions and the smallest and largest of them. With fewer than six
// repetitions a median has no 95 % interval, so the range is what reports show as spread.
struct Spread {
    double median = 0, least = 0, most = 0;
    std::size_t count = 0;
    bool valid = true;  // false: no trial counts, these are figures of those that don't
};

// All trials of one model at one level.
struct Cell {
    std::string variant;
    Level level;
    std::vector<const Trial*> trials;      // all of them, by repetition and attempt
    std::size_t counted = 0;               // of these, the ones that count
    std::map<std::string, Spread> values;  // by metric; of those that count, of all if none does
    std::uint64_t connections = 0;         // asked for
    std::uint64_t served = 0;              // the least over the trials
    bool starved() const { return served < connections; }
    bool overloaded = false;  // in any trial that counts
    // Each reason and flag once, with the number of trials that have it.
    std::vector<std::pair<Finding, std::size_t>> reasons, flags;

    const Spread* value(std::string_view metric) const;
};

struct Digest {
    Plan plan;                          // empty where the results have none (a single run)
    std::vector<std::string> variants;  // in the plan's order
    std::vector<Level> levels;          // by workload in the plan's order, CPUs, connections, rate
    std::vector<Cell> cells;            // by level, then variant
    std::vector<Comparison> comparisons;
    std::vector<MemorySlope> memory;
    std::vector<FixedPool> pools;

    const Cell* cell(std::string_view variant, const Level& level) const;
    const Comparison* comparison(const Level& level, std::string_view metric, std::string_view a,
                                 std::string_view b) const;  // in either direction
};

// The experiment must outlive the digest.
Digest digest(const Experiment& experiment, Rounds rounds = Rounds::shared);

// The metric's figures of the trials that count at this level.
std::vector<double> counted_values(const Cell& cell, const Metric& metric);
// The same by the round that they are of.
std::map<std::uint64_t, double> counted_by_round(const Cell& cell, const Metric& metric);

// "served 256 of 1,000 connections"
std::string served_text(const Cell& cell);

}  // namespace echotrio::loadgen
