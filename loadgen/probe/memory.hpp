// Where the memory of a group of processes is: their own, and the kernel's for them.
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/probe/proc_text.hpp"
#include "loadgen/results/run_result.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

// What the kernel holds for sockets and tasks of the whole machine. Bytes.
struct KernelMemory {
    TimePoint at{};                                              // when it was read
    std::optional<double> unreclaimable_slab, reclaimable_slab;  // meminfo
    std::optional<double> tcp_buffers;                           // sockstat
    struct Slabs {                                               // slabinfo: for root only
        Slab tcp, tcp6, inode, file, dentry, epoll_item, epoll_queue, task;
        // Of what outlives a connection by a minute or two: its TIME_WAIT, its entry in a
        // firewall's connection tracking.
        double traces = 0;
    };
    std::optional<Slabs> slabs;
    std::optional<std::uint64_t> tracked_connections;  // by that firewall; empty: there is none
    // Bytes of unreclaimable slab that a connection takes beside the above, both its ends together
    // (security labels, say): known from elsewhere.
    double other_per_connection = 0;
};
// Pure. Empty where a cache that every kernel with TCP has is missing.
std::optional<KernelMemory::Slabs> parse_slabs(std::string_view slabinfo);
KernelMemory read_kernel_memory();

// What grew between two of them, in bytes; of what `before` says that a connection takes beside,
// half is the server's. Pure.
struct KernelGrowth {
    std::optional<double> socket_objects, task_objects, socket_buffers;
    std::optional<double> slab;  // unreclaimable: both ends of each connection, and all others
};
KernelGrowth growth(const KernelMemory& before, const KernelMemory& after);

// What the kernel keeps for so many threads, by what the machine's slab grew by, and no less than a
// task_struct each. What others give back meanwhile is in that growth, too, and may be more: a
// kernel with lazy RCU callbacks frees ended tasks up to ten seconds later. Bytes. Pure.
double task_objects(double grown, std::uint64_t threads, std::uint64_t task_struct_bytes);

// What slab would have done in a pause of that length, by what it did in one from `begin` to `end`.
// Empty where one of the two did not see it, or the pause was shorter than half of that. Pure.
struct SlabLook {
    TimePoint at{};
    std::optional<double> slab;
};
std::optional<double> slab_in_pause(const SlabLook& begin, const SlabLook& end, Nanos length);

// Bytes of one kernel stack: meminfo's KernelStack over the machine's threads, as the power of two
// next to it from 16 KiB (8 on 32 bits) to 64 KiB; 16 KiB where that can't be read. Pure.
double kernel_stack_bytes(std::string_view meminfo, std::string_view loadavg);

// Bytes that new processes can still take: what the machine has available, or what our control
// group's limit leaves if that is less. Empty where neither is told.
std::optional<double> available_memory();
std::optional<double> available_memory(std::string_view meminfo, const MemoryUse& group);  // pure

// Anonymous memory of a process, pages that it shares with its family in equal parts: what no other
// program can move. PSS does not do for that: of a file's pages, those of the program itself among
// them, it counts a part for each process that maps them, and so falls when a stranger starts the
// same program and rises when that ends. Private changed pages where the kernel does not tell
// (before 5.4). Pure.
std::optional<double> anonymous_bytes(std::string_view smaps_rollup);

// The metrics of GroupProbe::memory() for these processes.
MemoryUse memory_of(std::span<const ProcStat> processes, const KernelMemory& before);

}  // namespace echotrio::loadgen
