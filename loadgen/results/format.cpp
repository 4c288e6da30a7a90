#include "loadgen/results/format.hpp"

#include "common/base/to_count.hpp"
#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace echotrio::loadgen {

std::string format_exact_count(std::uint64_t value) {
    std::string digits = fmt::format("{}", value);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

std::string format_count(double value) {
    if (!std::isfinite(value)) return "-";
    if (value < 0) return fmt::format("-{}", format_count(-value));
    if (value == 0) return "0";
    const int magnitude = static_cast<int>(std::floor(std::log10(value)));
    if (magnitude < 2) return fmt::format("{:.{}f}", value, std::min(2 - magnitude, 4));
    const double grain = std::pow(10, magnitude - 2);
    return format_exact_count(to_count(std::round(value / grain) * grain));
}

std::string format_value(double value, Unit unit) {
    constexpr std::uint64_t kLongest = std::numeric_limits<Nanos::rep>::max();
    switch (unit) {
        case Unit::microseconds:
            return human_duration(Nanos(
                static_cast<Nanos::rep>(std::min(to_count(std::round(value * 1000)), kLongest))));
        case Unit::bytes:
            return human_bytes(value);
        case Unit::per_second:
        case Unit::count:
            return format_count(value);
    }
    return {};
}

std::string format_plural(std::uint64_t count, std::string_view one, std::string_view ending) {
    return fmt::format("{} {}{}", format_exact_count(count), one, count == 1 ? "" : ending);
}

}  // namespace echotrio::loadgen
