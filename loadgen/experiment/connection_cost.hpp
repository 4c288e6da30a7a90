// What one end of a silent connection costs this machine's kernel, measured on connections of our
// own: what has to come off Slab where it holds the generator's ends, too.
#pragma once

#include "loadgen/analysis/statistics.hpp"
#include "loadgen/engine/own_connections.hpp"

#include <cstdint>
#include <optional>

namespace echotrio::loadgen {

// Bytes. Opens up to 1,600 connections of this process to itself, each end watched by an epoll as
// the generator's are, waits as long, and closes them; a fifth of a second. Tries again, twice at
// most, where others on the machine blur it. Empty: they blurred it each time, or Slab is not told
// here, or descriptors are too few.
std::optional<Estimate> measure_bytes_of_end();

// Slab grows only once its caches have no free object left, and how many they have depends on what
// ended before. Connections that use them up, to be held while Slab is read for a load. `most`: of
// all loads of the experiment the most connections. Empty where descriptors are too few for both:
// then for every load, as filling some of them would tilt the line through all.
std::optional<OwnConnections> fill_slabs(std::uint64_t most);

}  // namespace echotrio::loadgen
