// The one monotonic clock. Pure folders (protocol, schedule, record, analysis) may use the types,
// never now().
#pragma once

#include <chrono>

namespace echotrio {

using Nanos = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Nanos>;

inline TimePoint now() {
    return std::chrono::time_point_cast<Nanos>(std::chrono::steady_clock::now());
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
