#include "loadgen/probe/cpu_clocks.hpp"

#include <time.h>

#include <chrono>

namespace echotrio::loadgen {

Clocks read_clocks(std::span<const pid_t> processes) {
    Clocks clocks;
    for (const pid_t pid : processes) {
        clockid_t clock{};
        timespec time{};
        if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) continue;
        clocks.emplace(pid, std::chrono::seconds(time.tv_sec) + Nanos(time.tv_nsec));
    }
    return clocks;
}

Nanos difference(const Clocks& before, const Clocks& after) {
    Nanos sum{0};
    for (const auto& [pid, time] : after) {
        const auto found = before.find(pid);
        // A clock that went back is that of another process that got the number.
        sum += found != before.end() && found->second <= time ? time - found->second : time;
    }
    return sum;
}

}  // namespace echotrio::loadgen
