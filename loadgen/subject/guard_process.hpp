// The guard's own side: what runs in the process between us and a subject, and what the two say to
// each other.
#pragma once

#include "loadgen/subject/guard.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace echotrio::loadgen {

// What the guard tells.
struct GuardNews {
    enum class What : std::int32_t {
        failed,      // value: errno; nothing was started
        not_pinned,  // value: errno; nothing was started
        started,     // value: the command's pid
        ended,       // value: its exit status, or 128 + signal
        empty,       // nothing is left
    };
    What what{};
    std::int32_t value = 0;
    std::int64_t time_ns = 0;  // of `started`: monotonic clock, before the fork
};

// The end of what was written, in memory that both see.
struct Guard::SharedTail {
    static constexpr std::size_t kBytes = 16U << 10U;
    std::atomic<std::uint64_t> written = 0;  // bytes in all; the ring holds the last of them
    std::array<char, kBytes> ring{};
    std::atomic<bool> seen = false;  // what was waited for
};

// Runs until nobody is left to guard and the other end of `control` is closed. `tail`, `log` and
// `control` are the guard's copies.
[[noreturn]] void run_guard(const Guard::Options& options, int control, int log,
                            Guard::SharedTail& tail);

// Of all processes those that descend from `guard`; zombies are left out.
std::vector<ProcStat> descendants_of(pid_t guard);

}  // namespace echotrio::loadgen
