#include "common/base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace echotrio {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::array<Unit, 6> kDurations{{{"h", 3'600'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"s", 1'000'000'000},
                                          {"ms", 1'000'000},
                                          {"us", 1'000},
                                          {"ns", 1}}};
constexpr std::array<Unit, 4> kSizes{
    {{"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"", 1}}};

constexpr std::int64_t kLongestDuration = 10'000LL * 3'600'000'000'000LL;

// number x unit, rounded to the nearest whole ns or byte; an Error names what was wrong with it.
template <std::size_t N>
Result<std::int64_t> parse(std::string_view text, const std::array<Unit, N>& units,
                           std::string_view what, std::string_view examples, std::int64_t limit) {
    const auto wrong = [&](std::string_view why) {
        return Error{fmt::format("{} {}, write a {} like {}, got '{}'", what, why, what, examples,
                                 text.substr(0, 40))};
    };
    long double number = 0;  // holds every whole ns of the range, which double does not
    const char* const end = text.data() + text.size();
    // libstdc++ 12 can crash over "nan" and "inf", which are no number here anyway
    const std::size_t sign = text.starts_with('-') ? 1 : 0;
    if (text.find_first_of(".0123456789") != sign) return wrong("is not a number");
    const auto [rest, ec] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (ec != std::errc{} || !std::isfinite(number)) return wrong("is not a number");
    if (number < 0) return wrong("must not be negative");
    const std::string_view name(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        const long double value = std::round(number * static_cast<long double>(unit.factor));
        if (value > static_cast<long double>(limit)) return wrong("is too large");
        return static_cast<std::int64_t>(value);
    }
    if (name.empty() && number == 0) return std::int64_t{0};
    return wrong(name.empty() ? "needs a unit" : "has an unknown unit");
}

template <std::size_t N>
std::string format_exact(std::int64_t value, const std::array<Unit, N>& units) {
    for (const Unit& unit : units) {
        if (value % unit.factor == 0) return fmt::format("{}{}", value / unit.factor, unit.name);
        // a thousandth of the unit divides it: three decimals say it exactly, 1500us is 1.5ms
        if (value > unit.factor && unit.factor % 1000 == 0 && value % (unit.factor / 1000) == 0) {
            // in whole numbers: a double does not hold every nanosecond of 10,000 hours
            const std::int64_t thousandths = value % unit.factor / (unit.factor / 1000);
            std::string decimals = fmt::format("{:03}", thousandths);
            decimals.erase(decimals.find_last_not_of('0') + 1);
            return fmt::format("{}.{}{}", value / unit.factor, decimals, unit.name);
        }
    }
    return fmt::format("{}{}", value, units.back().name);
}

}  // namespace

Result<Nanos> parse_duration(std::string_view text) {
    auto parsed = parse(text, kDurations, "duration", "200us, 5ms, 10s or 1m", kLongestDuration);
    if (!parsed) return parsed.error();
    return Nanos(*parsed);
}

Result<std::uint64_t> parse_size(std::string_view text) {
    auto parsed =
        parse(text, kSizes, "size", "64, 64KiB or 1MiB", std::numeric_limits<std::int64_t>::max());
    if (!parsed) return parsed.error();
    return static_cast<std::uint64_t>(*parsed);
}

std::string format_duration(Nanos d) {
    if (d.count() == 0) return "0s";
    return format_exact(d.count(), kDurations);
}

std::string format_size(std::uint64_t bytes) {
    if (bytes == 0) return "0";
    for (const Unit& unit : kSizes) {
        const auto factor = static_cast<std::uint64_t>(unit.factor);
        if (bytes % factor == 0) return fmt::format("{}{}", bytes / factor, unit.name);
    }
    return fmt::format("{}", bytes);
}

std::string human_duration(Nanos d) {
    const double value = static_cast<double>(d.count());
    if (d.count() == 0) return "0s";
    for (const Unit& unit : kDurations) {
        const double scaled = value / static_cast<double>(unit.factor);
        if (std::abs(scaled) < 1 && unit.factor > 1) continue;
        const int decimals = std::abs(scaled) >= 100 ? 0 : std::abs(scaled) >= 10 ? 1 : 2;
        return fmt::format("{:.{}f}{}", scaled, unit.factor == 1 ? 0 : decimals, unit.name);
    }
    return fmt::format("{}ns", d.count());
}

std::string human_bytes(double bytes) {
    for (const Unit& unit : kSizes) {
        const double scaled = bytes / static_cast<double>(unit.factor);
        if (std::abs(scaled) < 1 && unit.factor > 1) continue;
        if (unit.factor == 1) return fmt::format("{:.0f} B", bytes);
        const int decimals = std::abs(scaled) >= 100 ? 0 : std::abs(scaled) >= 10 ? 1 : 2;
        return fmt::format("{:.{}f} {}", scaled, decimals, unit.name);
    }
    return fmt::format("{:.0f} B", bytes);
}

}  // namespace echotrio
