// How a server's memory grows with its connections, and how much of it the system told. Pure.
#pragma once

#include "loadgen/analysis/kernel_part.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/results/experiment.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// Slopes in bytes per connection.
struct MemorySlope {
    std::string variant;
    std::string workload;
    std::size_t levels = 0;  // distinct connection counts that went in
    KernelPart kernel = KernelPart::unknown;
    // What `kernel` says: all parts; those of the processes, the buffers and `from_slab`; or the
    // user memory (PSS) alone.
    Line total;
    Line user;                            // of the user memory alone, whatever is known
    std::map<std::string, double> parts;  // by memory part; those that could be read
    std::optional<Estimate> from_slab;    // the kernel's objects, where slabinfo is closed
    std::string why_unknown;              // of the kernel's part, in words; empty where it is known
    std::uint64_t most_held = 0;          // connections at the largest level that was held whole
};

// A pool that stands whatever the load: its memory is told per process, as its slope says nothing.
struct FixedPool {
    std::string variant;
    std::uint64_t processes = 0;
    // User memory (PSS) of a process, for the kernel made the pool's tasks before anybody looked:
    // the median over the silent trials; no interval from a single one.
    Estimate bytes;
};

// The slope of a part that is in the total; empty: it is not.
std::optional<double> counted_part(const MemorySlope& slope, const std::string& part);

// Silent trials of one variant and workload, in each of which all connections were held. `own`: of
// these, the ones whose server keeps nothing of more connections before; `end`: bytes of the
// generator's end of one. Empty: too few to draw a line through.
std::optional<MemorySlope> memory_slope(const std::vector<const Trial*>& own,
                                        const std::vector<const Trial*>& all,
                                        const std::optional<BytesOfEnd>& end);

// Empty: no pool, or one that changed its size.
std::optional<FixedPool> fixed_pool(const std::vector<const Trial*>& trials);

// "kernel included" where that is true of all, else what is true of the one that tells least.
KernelPart least_known(const std::vector<MemorySlope>& slopes);

// Slopes are compared, so all of a workload tell the user memory alone where one knows no more.
void make_comparable(std::vector<MemorySlope>& slopes);

}  // namespace echotrio::loadgen
