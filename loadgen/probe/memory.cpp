#include "loadgen/probe/memory.hpp"

#include "loadgen/probe/cgroup.hpp"
#include "loadgen/probe/proc_fs.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

constexpr double kKiB = 1024;

double bytes(const Slab& slab) {
    return static_cast<double>(slab.active_objects) * static_cast<double>(slab.object_bytes);
}

std::optional<double> kib_in(const std::optional<std::string>& text, std::string_view key) {
    if (!text) return std::nullopt;
    const auto number = number_after(*text, key);
    if (!number) return std::nullopt;
    return static_cast<double>(*number) * kKiB;
}

// A sum that is not known as soon as one of its parts is not.
void add(std::optional<double>& sum, std::optional<double> part) {
    sum = sum && part ? std::optional(*sum + *part) : std::nullopt;
}

bool still_there(const ProcStat& process) {
    const auto text = read_text(proc_path(process.pid, "stat"));
    const auto now = text ? parse_stat(*text) : std::nullopt;
    return now && now->started == process.started && now->state != 'Z' && now->state != 'X';
}

std::optional<double> difference(std::optional<double> after, std::optional<double> before) {
    if (!after || !before) return std::nullopt;
    return *after - *before;
}

}  // namespace

std::optional<KernelMemory::Slabs> parse_slabs(std::string_view slabinfo) {
    const auto tcp = parse_slab(slabinfo, "TCP");
    const auto inode = parse_slab(slabinfo, "sock_inode_cache");
    if (!tcp || !inode) return std::nullopt;
    // Caches of equal size may be merged under one name: those then count as nothing.
    const auto other = [&](std::string_view name) {
        return parse_slab(slabinfo, name).value_or(Slab{});
    };
    double traces = 0;
    for (const char* name : {"nf_conntrack", "tw_sock_TCP", "tw_sock_TCPv6"}) {
        const Slab slab = other(name);
        traces += static_cast<double>(slab.objects * slab.object_bytes);
    }
    return KernelMemory::Slabs{*tcp,
                               other("TCPv6"),
                               *inode,
                               other("filp"),
                               other("dentry"),
                               other("eventpoll_epi"),
                               other("eventpoll_pwq"),
                               other("task_struct"),
                               traces};
}

KernelMemory read_kernel_memory() {
    KernelMemory memory;
    memory.at = now();
    const auto meminfo = read_text("/proc/meminfo");
    memory.reclaimable_slab = kib_in(meminfo, "SReclaimable");
    memory.unreclaimable_slab = kib_in(meminfo, "SUnreclaim");
    if (const auto text = read_text("/proc/net/sockstat")) {
        if (const auto pages = parse_tcp_pages(*text)) {
            memory.tcp_buffers =
                static_cast<double>(*pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
        }
    }
    if (const auto text = read_text("/proc/sys/net/netfilter/nf_conntrack_count")) {
        memory.tracked_connections = number_after("count " + *text, "count");
    }
    if (const auto text = read_text("/proc/slabinfo")) memory.slabs = parse_slabs(*text);
    return memory;
}

KernelGrowth growth(const KernelMemory& before, const KernelMemory& after) {
    KernelGrowth grown;
    grown.socket_buffers = difference(after.tcp_buffers, before.tcp_buffers);
    grown.slab = difference(after.unreclaimable_slab, before.unreclaimable_slab);
    if (!before.slabs || !after.slabs) return grown;
    const KernelMemory::Slabs& a = *before.slabs;
    const KernelMemory::Slabs& b = *after.slabs;
    const auto more = [](const Slab& from, const Slab& to) {
        return static_cast<double>(to.active_objects) - static_cast<double>(from.active_objects);
    };
    const auto size = [](const Slab& slab) { return static_cast<double>(slab.object_bytes); };

    const double tcp_bytes = bytes(b.tcp) + bytes(b.tcp6) - bytes(a.tcp) - bytes(a.tcp6);
    const double sockets = more(a.tcp, b.tcp) + more(a.tcp6, b.tcp6);
    const double inodes = more(a.inode, b.inode);
    const double items = more(a.epoll_item, b.epoll_item);
    const double item_size = size(b.epoll_item) + size(b.epoll_queue);
    // Files and names of the whole machine come and go with every program; a socket that was
    // accepted or connected has one of each. The generator watches each of its own ends with
    // epoll; what it does not watch, the server does.
    const double accepted = inodes * (size(b.inode) + size(b.file) + size(b.dentry));
    grown.socket_objects =
        (tcp_bytes + accepted) / 2 + std::max(0.0, items - sockets / 2) * item_size;
    if (const auto slab = difference(after.unreclaimable_slab, before.unreclaimable_slab)) {
        // Socket inodes and names are reclaimable slab, and not in there.
        const double traces = b.traces - a.traces;
        const double others_half = sockets / 2 * before.other_per_connection / 2;
        grown.task_objects =
            *slab - tcp_bytes - inodes * size(b.file) - items * item_size - traces - others_half;
    }
    return grown;
}

double task_objects(double grown, std::uint64_t threads, std::uint64_t task_struct_bytes) {
    return std::max(grown, static_cast<double>(threads * task_struct_bytes));
}

std::optional<double> slab_in_pause(const SlabLook& begin, const SlabLook& end, Nanos length) {
    const Nanos pause = end.at - begin.at;
    const auto grown = difference(end.slab, begin.slab);
    if (!grown || length < Nanos(0) || pause <= Nanos(0) || pause < length / 2) return std::nullopt;
    return *grown * (seconds(length) / seconds(pause));
}

double kernel_stack_bytes(std::string_view meminfo, std::string_view loadavg) {
    constexpr double kUsual = 16 * kKiB;
    const auto stacks = number_after(meminfo, "KernelStack");
    const auto threads = parse_thread_count(loadavg);
    if (!stacks || !threads || *stacks == 0 || *threads == 0) return kUsual;
    const double each = static_cast<double>(*stacks) * kKiB / static_cast<double>(*threads);
    // No 64-bit Linux has less than 16 KiB; what comes out smaller is a machine whose threads have
    // just ended in thousands, between two counters.
    const double least = sizeof(void*) == 8 ? 14 : 13;
    return std::exp2(std::clamp(std::round(std::log2(each)), least, 16.0));
}

std::optional<double> available_memory(std::string_view meminfo, const MemoryUse& group) {
    std::optional<double> left;
    if (const auto kib = number_after(meminfo, "MemAvailable")) {
        left = static_cast<double>(*kib) * 1024;
    }
    const auto limit = group.find("limit");
    const auto current = group.find("current");
    if (limit == group.end() || current == group.end()) return left;
    if (!limit->second || !current->second) return left;
    const double in_group = std::max(0.0, *limit->second - *current->second);
    return left ? std::min(*left, in_group) : in_group;
}

std::optional<double> available_memory() {
    const auto group = read_cgroup(::getpid());
    return available_memory(read_text("/proc/meminfo").value_or(""),
                            group ? group->memory : MemoryUse{});
}

std::optional<double> anonymous_bytes(std::string_view smaps_rollup) {
    auto kib = number_after(smaps_rollup, "Pss_Anon");
    if (!kib) kib = number_after(smaps_rollup, "Private_Dirty");
    if (!kib) return std::nullopt;
    return static_cast<double>(*kib) * kKiB;
}

MemoryUse memory_of(std::span<const ProcStat> processes, const KernelMemory& before) {
    std::optional<double> pss = 0;
    std::optional<double> uss = 0;
    std::optional<double> rss = 0;
    std::optional<double> rss_peak = 0;
    std::optional<double> tables = 0;
    std::uint64_t threads = 0;
    for (const ProcStat& process : processes) {
        const auto rollup = read_text(proc_path(process.pid, "smaps_rollup"));
        const auto status = read_text(proc_path(process.pid, "status"));
        if ((!kib_in(rollup, "Pss") || !kib_in(status, "VmPTE")) && !still_there(process)) continue;
        threads += process.threads;
        add(pss, kib_in(rollup, "Pss"));
        add(uss, kib_in(rollup, "Private_Clean"));
        add(uss, kib_in(rollup, "Private_Dirty"));
        add(rss, kib_in(status, "VmRSS"));
        add(rss_peak, kib_in(status, "VmHWM"));
        add(tables, kib_in(status, "VmPTE"));
    }
    const KernelMemory here = read_kernel_memory();
    KernelGrowth grown = growth(before, here);
    if (grown.task_objects) {
        grown.task_objects =
            task_objects(*grown.task_objects, threads, here.slabs->task.object_bytes);
    }
    const double stack = kernel_stack_bytes(read_text("/proc/meminfo").value_or(""),
                                            read_text("/proc/loadavg").value_or(""));
    return {{"pss", pss},
            {"uss", uss},
            {"rss_sum", rss},
            {"rss_peak_sum", rss_peak},
            {"page_tables", tables},
            {"kernel_stacks", static_cast<double>(threads) * stack},
            {"task_objects", grown.task_objects},
            {"socket_objects", grown.socket_objects},
            {"socket_buffers", grown.socket_buffers},
            {"slab", grown.slab}};
}

}  // namespace echotrio::loadgen
