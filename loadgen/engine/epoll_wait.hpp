// epoll_wait with a timeout in nanoseconds, also where the kernel or a sandbox knows no
// epoll_pwait2 (Linux before 5.11, some seccomp profiles, valgrind).
#pragma once

#include "common/base/clock.hpp"

#include <sys/epoll.h>

#include <span>

namespace echotrio::loadgen {

// The number of events that are there now.
int poll_events(int epoll, std::span<epoll_event> events);

// The number of events; 0 after the timeout, and after a signal (the caller looks at the clock).
// Precondition: timeout >= 0.
int wait_for_events(int epoll, std::span<epoll_event> events, Nanos timeout);

}  // namespace echotrio::loadgen
