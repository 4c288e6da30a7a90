// The CPU time of processes by the kernel's exact clocks, as opposed to its ticks.
#pragma once

#include "common/base/clock.hpp"

#include <sys/types.h>

#include <map>
#include <span>

namespace echotrio::loadgen {

// Of each process, all its threads and the ended ones included.
using Clocks = std::map<pid_t, Nanos>;

// About 1 us a process. One that has ended has none.
Clocks read_clocks(std::span<const pid_t> processes);

// Added up; a process that began in between counts from its start.
Nanos difference(const Clocks& before, const Clocks& after);

}  // namespace echotrio::loadgen
