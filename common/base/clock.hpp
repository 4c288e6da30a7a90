// The one monotonic clock. Pure folders (protocol, schedule, record, analysis) may use the types,
// never now() or coarse_now().
#pragma once

#include <chrono>
#include <ctime>

namespace echotrio {

using Nanos = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Nanos>;

inline TimePoint now() {
    return std::chrono::time_point_cast<Nanos>(std::chrono::steady_clock::now());
}

// The same clock as the kernel last looked at it: up to 10 ms behind (a tick of its own), for a
// quarter of the price.
inline TimePoint coarse_now() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return TimePoint(std::chrono::seconds(t.tv_sec) + Nanos(t.tv_nsec));
}

inline double seconds(Nanos d) {
    return std::chrono::duration<double>(d).count();
}
inline double micros(Nanos d) {
    return std::chrono::duration<double, std::micro>(d).count();
}
inline Nanos from_seconds(double s) {
    return Nanos(static_cast<Nanos::rep>(s * 1e9));
}

}  // namespace echotrio
