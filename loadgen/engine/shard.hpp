// One load made by several generators: each one's part, so that the parts add up to the whole.
#pragma once

#include "loadgen/engine/run.hpp"

#include <cstdint>
#include <string_view>

namespace echotrio::loadgen {

inline constexpr std::uint64_t kMostGenerators = 10'000;

struct Shard {
    std::uint64_t index = 1, of = 1;  // 1 <= index <= of <= kMostGenerators
};
// "2/3": the second of three. Error: what to write instead.
Result<Shard> parse_shard(std::string_view text);

// The parts of a count differ by at most 1 and add up to it.
std::uint64_t share_of(std::uint64_t total, const Share& share);
std::uint64_t part_of(std::uint64_t total, const Shard& shard);

// How much later than the first this part begins: constant arrivals take turns.
Nanos stagger(const RunOptions& whole, const Shard& shard);

// Turns the options of the whole load into those of this part: connections, idle connections and a
// request count are counted out, rates divided, recorded arrivals dealt in turn. Poisson arrivals
// get seeds of their own (their sum is Poisson again); constant ones are staggered by the start,
// where --start-at sets it. Error: too little to share out.
Status take_shard(RunOptions& options, const Shard& shard);

}  // namespace echotrio::loadgen
