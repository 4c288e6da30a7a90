// A figure from elsewhere as a count. A plain cast of what no count can hold is undefined.
#pragma once

#include <cstdint>
#include <limits>

namespace echotrio {

// Without its fraction. Not a number and below 0: 0; beyond the largest count: that one.
constexpr std::uint64_t to_count(double value) noexcept {
    constexpr double kEnd = 18446744073709551616.0;  // 2^64
    if (!(value > 0)) return 0;
    return value < kEnd ? static_cast<std::uint64_t>(value)
                        : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace echotrio
