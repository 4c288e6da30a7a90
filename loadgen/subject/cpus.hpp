// Which CPUs the server gets and which the generator, so that neither takes the other's time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace echotrio::loadgen {

struct CpuShare {
    std::vector<int> server, generator;
    bool shared = false;  // some CPU is in both: the trial is flagged
};

// The CPUs this process may use, hyperthreads of one core beside each other, so that cutting the
// list in two seldom cuts a core in two.
std::vector<int> usable_cpus();

// Those that process `pid` may use (0 = this one), ascending; empty when it can't be told.
std::vector<int> allowed_cpus(pid_t pid);

// The core that each of these is a thread of, as a number that is the same for all of its threads.
std::vector<int> cores_of(const std::vector<int>& cpus);

// Pure. Halves: the generator gets the last half (rounded down, at least one), the server the rest.
// `many`: the workload is pointless on one server CPU; then the server gets all of them where its
// half would be a single one. `exactly` > 0: the server gets so many instead, as far as there are,
// and the generator those of its half that are left, or the last one. One CPU alone is shared.
CpuShare share_cpus(const std::vector<int>& usable, bool many, std::size_t exactly = 0);

}  // namespace echotrio::loadgen
