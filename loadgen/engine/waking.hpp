// How long a sleeping generator takes to wake: from the moment when something happens to the moment
// when the thread that waited for it runs.
#pragma once

#include "common/base/clock.hpp"

#include <optional>
#include <vector>

namespace echotrio::loadgen {

// A thread sleeps as a generator's does, in epoll_wait; another one, after a sleep of its own as a
// server has it, writes to its eventfd and looks at the clock before. So many times, for at most
// `longest` (0.1 s are plenty). The median; it is for waits that are as short as a fast server's
// reply, and grows where the CPU goes into a deeper sleep. Empty: no descriptor or thread was to be
// had, or there was too little time. An empty list of CPUs: wherever the kernel likes.
std::optional<Nanos> measure_waking(const std::vector<int>& generator_cpus,
                                    const std::vector<int>& server_cpus, Nanos longest);

}  // namespace echotrio::loadgen
