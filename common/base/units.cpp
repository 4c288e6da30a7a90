#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
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

// A number of three significant digits, and the decimals that it takes to write it.
struct Rounded {
    double value = 0;
    int decimals = 0;
};

// Of a finite number but 0.
Rounded round_to_three(double value) {
    // of the number as it is printed: 999.9 has the magnitude of 1000
    // and what lies in the middle goes up, as in the page's script, not to the even digit.
    const std::string printed = fmt::format("{:.2e}", value * (1 + 1e-15));
    double rounded = value;
    int magnitude = 0;
    const char* const end = printed.data() + printed.size();
    std::from_chars(printed.data(), end, rounded);
    const char* exponent = printed.data() + printed.find('e') + 1;
    std::from_chars(exponent + (*exponent == '+' ? 1 : 0), end, magnitude);
    return {rounded, std::max(2 - magnitude, 0)};
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

std::string group_digits(std::string number) {
    const std::size_t begin = number.starts_with('-') ? 1 : 0;
    for (std::size_t at = std::min(number.find('.'), number.size()); at > begin + 3;) {
        at -= 3;
        number.insert(at, 1, ',');
    }
    return number;
}

std::string human_number(double value) {
    if (!std::isfinite(value)) return "-";
    if (value == 0) return "0";
    const Rounded rounded = round_to_three(value);
    // what is smaller than that is none: the number stays readable
    constexpr int kMostDecimals = 12;
    if (rounded.decimals > kMostDecimals) return "0";
    return group_digits(fmt::format("{:.{}f}", rounded.value, rounded.decimals));
}

std::string human_seconds(double seconds) {
    if (!std::isfinite(seconds)) return "-";
    if (seconds == 0) return "0 s";
    const double ns = round_to_three(seconds * 1e9).value;
    constexpr std::array<const char*, 6> kNames{"h", "min", "s", "ms", "µs", "ns"};
    static_assert(kNames.size() == kDurations.size());
    std::size_t unit = 0;
    while (unit + 1 < kDurations.size() &&
           std::abs(ns) < static_cast<double>(kDurations[unit].factor)) {
        ++unit;
    }
    return fmt::format("{} {}", human_number(ns / static_cast<double>(kDurations[unit].factor)),
                       kNames[unit]);
}

std::string human_duration(Nanos d) {
    return human_seconds(static_cast<double>(d.count()) * 1e-9);
}

std::string human_bytes(double bytes) {
    for (const Unit& unit : kSizes) {
        const double scaled = bytes / static_cast<double>(unit.factor);
        if (unit.factor == 1) break;
        // 1,023.9 KiB would be 1024 KiB
        if (std::abs(scaled) < 1 - 0.5 / 1024) continue;
        const bool exact = std::abs(scaled) >= 1000 && std::abs(scaled) < 1024;
        return fmt::format(
            "{} {}", exact ? group_digits(fmt::format("{:.0f}", scaled)) : human_number(scaled),
            unit.name);
    }
    return fmt::format("{:.0f} B", bytes);
}

}  // namespace echotrio
