// What the calling thread, or the whole process, has used of the CPU so far.
#pragma once

#include "common/base/clock.hpp"

namespace echotrio::loadgen {

// By a moment between `before` and `after`: a share of the time from one's `before` to another's
// `after` can't come out above 1, however close they are.
struct ThreadUsage {
    double cpu_s = 0;
    double wait_s = 0;  // runnable, without a CPU; 0 where the kernel doesn't tell
    TimePoint before, after;
};
ThreadUsage thread_usage();

// Seconds of CPU time of all threads of this process, ended ones included.
double process_cpu_s();

}  // namespace echotrio::loadgen
