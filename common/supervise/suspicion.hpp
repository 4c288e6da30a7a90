// Whether a worker whose heartbeat is overdue hangs, or only gets no CPU: on a machine with
// thousands of busy threads a healthy worker can wait for its turn longer than its bound, and
// aborting it would cut its connection off for nothing. What counts is the time that it had for
// itself: it ran, or it was blocked. Waiting for a CPU is nobody's fault but the machine's.
#pragma once

#include "common/base/clock.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace echotrio::supervise {

// Of a process with one thread, since it began.
struct Scheduled {
    bool ready = false;  // runs, or is held up by the machine: no CPU yet, or no page from the disk
    Nanos ran{0};
    Nanos waited{0};  // for a CPU; a wait counts once it has ended
};

// From /proc. Empty: the process is gone, or the kernel does not tell.
std::optional<Scheduled> scheduled(pid_t pid);

class Suspicion {
  public:
    // So much time of its own beyond its bound, and it hangs.
    static constexpr Nanos kEnough = std::chrono::milliseconds(500);

    // Every look at an overdue worker. True: it hangs. Where the kernel tells nothing, all time is
    // the worker's own.
    bool look(TimePoint at, const std::optional<Scheduled>& state);

  private:
    std::optional<TimePoint> last_;
    Scheduled before_;
    Nanos own_{0};
};

}  // namespace echotrio::supervise
