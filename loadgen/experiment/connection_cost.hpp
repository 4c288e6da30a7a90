// What a silent connection costs this machine's kernel, measured on connections of our own: what
// has to come off the machine's figures where they hold the generator's ends, too.
#pragma once

#include "loadgen/analysis/kernel_part.hpp"
#include "loadgen/engine/own_connections.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>

namespace echotrio::loadgen {

struct ConnectionCost {
    std::optional<BytesOfEnd> end;
    // As in KernelMemory, for who reads slabinfo.
    std::optional<double> other;
};

// Opens up to 1,600 connections of this process to itself, each end watched by an epoll as the
// generator's are, waits as long, and closes them; a fifth of a second. Tries again, twice at most,
// where others on the machine blur it. Without `end`: they blurred it each time, or slab is not
// told here, or descriptors are too few.
ConnectionCost measure_connection_cost();

// Into and from an experiment's environment.
void add_connection_cost(nlohmann::ordered_json& environment, const ConnectionCost& cost);
double other_per_connection(const nlohmann::ordered_json& environment);  // 0: not known

// Slab grows only once its caches have no free object left, and how many they have depends on what
// ended before. Connections that use them up, to be held while it is read for a load. `most`: of
// all loads of the experiment the most connections. Empty where descriptors are too few for both:
// then for every load, as filling some of them would tilt the line through all.
std::optional<OwnConnections> fill_slabs(std::uint64_t most);

}  // namespace echotrio::loadgen
