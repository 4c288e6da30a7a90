// The kernel's part of what a connection costs, where slabinfo is closed to the reader: from the
// machine's slab in /proc/meminfo, which anybody can read. Of that the unreclaimable half is looked
// at (SUnreclaim): the other one grows and shrinks with each file that anybody opens. Pure.
#pragma once

#include "loadgen/analysis/statistics.hpp"
#include "loadgen/results/run_result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace echotrio::loadgen {

// How much of a memory figure the system told.
enum class KernelPart : std::uint8_t {
    unknown,    // user memory only
    from_slab,  // estimated: slab counts the whole machine
    read,       // every part, slabinfo among them
};
const char* name_of(KernelPart part);   // in files: "user_only", "slab", "read"
const char* words_of(KernelPart part);  // behind a figure: "kernel included", "user memory only"
const char* source_of(
    KernelPart part);  // in a table: "read", "from Slab, whole machine", "not known"

// Fewer connection counts make no slope to trust.
inline constexpr std::size_t kMemoryLevels = 4;

inline constexpr const char* kEndKey = "kernel_bytes_per_end";

// What one end of a silent connection takes of the machine's slab, in bytes: of the unreclaimable
// one, and of the other, where its inode and its name are.
struct BytesOfEnd {
    Estimate unreclaimable;
    Estimate reclaimable{0, Bounds{0, 0}};
};

// Bytes that the machine's slab grew by until the connections stood, less what it did in the
// silence after that, over the same length. Empty: one of the two was not seen.
std::optional<double> slab_of_connections(const ServerUse& server);

// A series of the machine's slab in bytes after each of `connections` was opened, both ends of them
// in one process, and after each of as many pauses of the same length (`still`, which begins where
// the other ends): bytes of one end. Empty where the interval is wider than the value, or too
// little was read.
std::optional<Estimate> bytes_of_end(std::span<const double> connections,
                                     std::span<const double> slab, std::span<const double> still);

// Slab over the connections of trials: Theil and Sen's line finds the trials in which a neighbour
// took or gave back memory (further off than four median deviations, made to standard ones; a
// quarter of all at most), least squares through the others tell the slope. Empty as those are.
std::optional<Line> line_of_slab(std::span<const double> connections, std::span<const double> slab);

// What a server's connections cost the kernel, from the slope of unreclaimable slab over them.
// `ends`: how many ends of each connection that slope holds; of two, the client's own is taken off.
// What the server's takes of reclaimable slab comes on top. Empty: not known, or the interval
// reaches further than half of the value to either side.
std::optional<Estimate> server_part(const Line& slab, std::optional<std::uint64_t> ends,
                                    const std::optional<BytesOfEnd>& end);
// The same in bytes of so many connections that took `slab` together.
std::optional<double> server_part(double slab, double connections,
                                  std::optional<std::uint64_t> ends,
                                  const std::optional<BytesOfEnd>& end);

// The value of kEndKey in an environment; null where it is not known. A file of an older release
// has one estimate, of all slab, as its trials have.
nlohmann::ordered_json end_to_json(const std::optional<BytesOfEnd>& end);
std::optional<BytesOfEnd> end_from_json(const nlohmann::ordered_json& environment);

// Independent estimates added up or subtracted: the halves of their intervals as the root of the
// sum of squares. The result has an interval where all have one.
Estimate sum_of(const Estimate& a, const Estimate& b);
Estimate difference_of(const Estimate& a, const Estimate& b);

}  // namespace echotrio::loadgen
