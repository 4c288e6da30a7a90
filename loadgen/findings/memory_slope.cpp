#include "loadgen/findings/memory_slope.hpp"

#include "loadgen/analysis/capacity.hpp"
#include "loadgen/findings/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace echotrio::loadgen {
namespace {

constexpr const char* kUser = "pss";
// Parts that slabinfo alone tells apart; slab holds both.
constexpr const char* kObjects[] = {"task_objects", "socket_objects"};

using Parts = std::vector<const char*>;

Parts all_parts() {
    Parts parts;
    for (const MemoryPart& part : memory_parts()) parts.push_back(part.key);
    return parts;
}

Parts parts_beside_objects() {
    Parts parts = all_parts();
    for (const char* object : kObjects) {
        std::erase_if(parts, [&](const char* part) { return std::string_view(part) == object; });
    }
    return parts;
}

double connections_of(const Trial& trial) {
    return static_cast<double>(trial.point.level.connections);
}

// Empty: a part is missing.
std::optional<double> sum_of_parts(const Trial& trial, const Parts& parts) {
    double sum = 0;
    for (const char* part : parts) {
        const auto bytes = server_memory(trial, part);
        if (!bytes) return std::nullopt;
        sum += *bytes;
    }
    return sum;
}

// Through the sums of all the trials; empty where one misses a part.
std::optional<Line> line_of(const std::vector<const Trial*>& trials, const Parts& parts) {
    std::vector<double> x, y;
    for (const Trial* trial : trials) {
        const auto bytes = sum_of_parts(*trial, parts);
        if (!bytes) return std::nullopt;
        x.push_back(connections_of(*trial));
        y.push_back(*bytes);
    }
    return least_squares(x, y);
}

struct FromSlab {
    std::optional<Estimate> part;
    std::string why_not;
};

FromSlab kernel_from_slab(const std::vector<const Trial*>& trials,
                          const std::optional<BytesOfEnd>& end) {
    std::vector<double> x, y;
    std::set<std::uint64_t> read, levels;  // where slab was read, and where it tells something
    std::optional<std::uint64_t> ends;
    for (const Trial* trial : trials) {
        if (!trial->result.server) continue;
        const auto grown = slab_of_connections(*trial->result.server);
        if (server_memory(*trial, "slab")) read.insert(trial->point.level.connections);
        if (!grown) continue;
        ends = trial->result.server->ends_here;
        x.push_back(connections_of(*trial));
        y.push_back(*grown);
        levels.insert(trial->point.level.connections);
    }
    if (read.empty())
        return {{}, "neither slabinfo (for root only) nor SUnreclaim of /proc/meminfo was read"};
    if (read.size() < kMemoryLevels) {
        return {{},
                fmt::format("a slope of slab takes {} or more connection counts, there are {}",
                            kMemoryLevels, read.size())};
    }
    if (levels.size() < kMemoryLevels) {
        return {{},
                fmt::format("the silence after the connections was too short to see how slab moves "
                            "by itself, at {} of {} connection counts",
                            read.size() - levels.size(), read.size())};
    }
    if (!ends) return {{}, "it is not known whether the generator was on the server's machine"};
    if (!end) {
        return {{}, "what an end of a connection takes of slab could not be measured"};
    }
    const auto line = line_of_slab(x, y);
    auto part = line ? server_part(*line, ends, end) : std::nullopt;
    if (!part)
        return {{}, "slab moved too much meanwhile, by others or by what earlier trials gave back"};
    return {part, {}};
}

void set_total(MemorySlope& slope, const Line& own) {
    slope.total = own;
    if (slope.kernel != KernelPart::from_slab) return;
    const Estimate sum = sum_of({own.slope, own.slope_interval}, *slope.from_slab);
    slope.total.slope = sum.value;
    slope.total.slope_interval = *sum.interval;
}

}  // namespace

std::optional<double> counted_part(const MemorySlope& slope, const std::string& part) {
    const auto found = slope.parts.find(part);
    if (found == slope.parts.end()) return std::nullopt;
    const Parts counted = slope.kernel == KernelPart::read        ? all_parts()
                          : slope.kernel == KernelPart::from_slab ? parts_beside_objects()
                                                                  : Parts{kUser};
    const bool is_counted = std::find(counted.begin(), counted.end(), part) != counted.end();
    return is_counted ? std::optional(found->second) : std::nullopt;
}

std::optional<MemorySlope> memory_slope(const std::vector<const Trial*>& own,
                                        const std::vector<const Trial*>& all,
                                        const std::optional<BytesOfEnd>& end) {
    const auto user = line_of(own, {kUser});
    if (!user) return std::nullopt;
    MemorySlope slope;
    slope.variant = own.front()->point.variant;
    slope.workload = own.front()->point.level.workload;
    std::set<std::uint64_t> levels;
    for (const Trial* trial : own) levels.insert(trial->point.level.connections);
    slope.levels = levels.size();
    slope.most_held = *levels.rbegin();
    for (const char* part : all_parts()) {
        if (const auto line = line_of(own, {part})) slope.parts[part] = line->slope;
    }
    slope.user = *user;
    if (const auto line = line_of(own, all_parts())) {
        slope.kernel = KernelPart::read;
        set_total(slope, *line);
        return slope;
    }
    auto [part, why_not] = kernel_from_slab(all, end);
    const auto beside = line_of(own, parts_beside_objects());
    if (part && beside) {
        slope.kernel = KernelPart::from_slab;
        slope.from_slab = part;
        set_total(slope, *beside);
        return slope;
    }
    slope.why_unknown = part ? "page tables, stacks or socket buffers were not read" : why_not;
    set_total(slope, *user);
    return slope;
}

std::optional<FixedPool> fixed_pool(const std::vector<const Trial*>& trials) {
    if (trials.empty()) return std::nullopt;
    FixedPool pool;
    pool.variant = trials.front()->point.variant;
    for (const Trial* trial : trials) {
        const auto& server = trial->result.server;
        if (!server || server->processes < 2) return std::nullopt;
        if (pool.processes != 0 && server->processes != pool.processes) return std::nullopt;
        pool.processes = server->processes;
    }
    std::vector<double> bytes;
    for (const Trial* trial : trials) {
        if (const auto pss = server_memory(*trial, kUser)) {
            bytes.push_back(*pss / static_cast<double>(pool.processes));
        }
    }
    if (bytes.empty()) return std::nullopt;
    pool.bytes = typical(bytes);
    return pool;
}

KernelPart least_known(const std::vector<MemorySlope>& slopes) {
    const auto least = std::min_element(
        slopes.begin(), slopes.end(),
        [](const MemorySlope& a, const MemorySlope& b) { return a.kernel < b.kernel; });
    return least == slopes.end() ? KernelPart::unknown : least->kernel;
}

void make_comparable(std::vector<MemorySlope>& slopes) {
    for (const MemorySlope& poor : std::vector<MemorySlope>(slopes)) {
        if (poor.kernel != KernelPart::unknown) continue;
        for (MemorySlope& slope : slopes) {
            if (slope.workload != poor.workload || slope.kernel == KernelPart::unknown) continue;
            slope.kernel = KernelPart::unknown;
            slope.why_unknown = fmt::format("that of {} is not known", poor.variant);
            slope.total = slope.user;
        }
    }
}

}  // namespace echotrio::loadgen
