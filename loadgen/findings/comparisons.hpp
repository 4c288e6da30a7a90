// Ratios of models at a level, each taken within the rounds of the experiment, with the false
// discovery rate held over all of them. Pure.
#pragma once

#include "loadgen/analysis/discoveries.hpp"
#include "loadgen/results/experiment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

struct Cell;
struct Digest;
struct Metric;

enum class Direction : std::uint8_t { more, less, no_difference, not_known };
const char* name_of(Direction direction);

// numerator / denominator at one level.
struct Comparison {
    Level level{};
    std::string metric{};
    std::string numerator{}, denominator{};
    std::size_t numerator_count = 0, denominator_count = 0;  // repetitions that count
    std::size_t rounds = 0;                   // in which both sides count; the ratio is of these
    std::size_t left_out = 0;                 // in which one does not
    std::optional<double> p{}, p_adjusted{};  // of "no difference"; empty with one round
    Estimate ratio{};                         // its interval: see Discoveries
    Direction finding = Direction::not_known;
    std::string sentence{};
};

// Whether trials of the same repetition met the machine in the same state, as in one experiment, or
// are of several laid over each other, where their numbers mean nothing to one another.
enum class Rounds : std::uint8_t { shared, separate };

// Of all pairs of models at all levels, by every metric that tells something there.
std::vector<Comparison> comparisons_of(const Digest& digest, std::uint64_t seed, Rounds rounds);

Discoveries discoveries_of(const std::vector<Comparison>& comparisons);

// The figures of both in the rounds in which both count, in the order of the rounds.
struct Pairs {
    std::vector<double> numerator, denominator;
    std::size_t left_out = 0;  // rounds in which only one or none does
};
Pairs pairs_of(const Cell& numerator, const Cell& denominator, const Metric& metric);

// The levels at which a ratio of the workload's headline figure is not yet as narrow as the plan's
// precision asks for; see is_narrow. Those without any ratio are not among them: more rounds of
// what does not count are of no use.
std::vector<Level> wide_levels(const Digest& digest);

// The interval, unless it reaches so far from the ratio that it says nothing: two rounds under many
// comparisons have such.
std::optional<Bounds> telling_interval(const Estimate& ratio);

std::string format_ratio(double ratio);
// "1.91 to 2.21": of a ratio, with as many digits as show on which side of 1 each is.
std::string format_bounds(const Bounds& bounds);
// "95 % interval 1.38 to 1.47", or why there is none.
std::string format_interval(const Comparison& comparison);

}  // namespace echotrio::loadgen
