// The texts of /proc, parsed. Pure functions: any text at all is fine, what is not understood is
// empty. Formats: proc(5) and the kernel's Documentation/filesystems/proc.rst.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace echotrio::loadgen {

// /proc/PID/stat. Times in clock ticks; the process's own include threads that have ended, those
// of children include every descendant that was waited for.
struct ProcStat {
    pid_t pid = 0, parent = 0;
    char state = '?';
    std::uint64_t minor_faults = 0, children_minor_faults = 0;
    std::uint64_t major_faults = 0, children_major_faults = 0;
    std::uint64_t user = 0, system = 0, children_user = 0, children_system = 0;
    std::uint64_t threads = 0;
    std::uint64_t started = 0;  // ticks after boot; with the pid it names a process for good
    std::uint64_t resident_pages = 0;
};
std::optional<ProcStat> parse_stat(std::string_view text);

// The number after `key` at the beginning of a line, as in "VmPTE:\t 104 kB" or "pswpin 0" (the
// key without colon); the unit is the caller's to know.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key);

// /proc/PID/schedstat: nanoseconds on a CPU, and waiting for one.
struct SchedStat {
    std::uint64_t on_cpu_ns = 0, waiting_ns = 0;
};
std::optional<SchedStat> parse_schedstat(std::string_view text);

// A cache of /proc/slabinfo (version 2.1).
struct Slab {
    std::uint64_t active_objects = 0, objects = 0, object_bytes = 0;  // objects: with free places
};
std::optional<Slab> parse_slab(std::string_view slabinfo, std::string_view cache);

// /proc/net/sockstat: pages that TCP holds for what is queued, of the whole machine.
std::optional<std::uint64_t> parse_tcp_pages(std::string_view sockstat);

// A counter of /proc/net/netstat or /proc/net/snmp: a line of names and a line of values, both
// beginning with `group`: "TcpExt:".
std::optional<std::uint64_t> parse_counter(std::string_view text, std::string_view group,
                                           std::string_view name);

// The first line of /proc/stat, in clock ticks summed over all CPUs.
struct CpuTicks {
    std::uint64_t user = 0, nice = 0, system = 0, idle = 0, io_wait = 0, irq = 0, soft_irq = 0,
                  steal = 0;
    std::uint64_t all() const {
        return user + nice + system + idle + io_wait + irq + soft_irq + steal;
    }
    std::uint64_t busy() const { return user + nice + system + irq + soft_irq; }
};
std::optional<CpuTicks> parse_cpu_ticks(std::string_view stat);

// The number of threads of the machine: "0.35 0.27 0.15 1/113 11674" -> 113.
std::optional<std::uint64_t> parse_thread_count(std::string_view loadavg);

}  // namespace echotrio::loadgen
