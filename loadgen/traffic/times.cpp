#include "loadgen/traffic/times.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>

namespace echotrio::loadgen {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLastSecond = 9'214'000'000;  // in 2261; ns fit up to April 2262

// Takes `digits` decimal digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        number = number * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, std::string_view marks) {
    if (text.empty() || marks.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

// ".25": ns, with `found` set; 0 where there is no point. Empty: a point without digits.
std::optional<std::int64_t> take_fraction(std::string_view& text, bool& found) {
    if (!take(text, ".,")) return 0;
    found = true;
    std::int64_t ns = 0;
    std::int64_t place = kSecond / 10;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
        ns += place * (text[digits] - '0');
        place /= 10;
    }
    text.remove_prefix(digits);
    return digits > 0 ? std::optional(ns) : std::nullopt;
}

// "Z", "+0100", "+01:00": seconds east of Greenwich.
std::optional<std::int64_t> take_zone(std::string_view& text) {
    if (take(text, "Zz")) return 0;
    if (text.empty()) return std::nullopt;
    const bool west = text.front() == '-';
    if (!take(text, "+-")) return std::nullopt;
    const auto hours = take_number(text, 2);
    take(text, ":");
    const auto minutes = take_number(text, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const std::int64_t east = (std::int64_t{*hours} * 60 + *minutes) * 60;
    return west ? -east : east;
}

struct Clock {
    std::int64_t second = 0, ns = 0;  // of the day; within the second
    bool has_fraction = false;
};

// "12:00:00.25", a leap second too.
std::optional<Clock> take_clock(std::string_view& text) {
    const auto h = take_number(text, 2);
    if (!h || *h > 23 || !take(text, ":")) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || *m > 59 || !take(text, ":")) return std::nullopt;
    const auto s = take_number(text, 2);
    if (!s || *s > 60) return std::nullopt;
    Clock clock{(std::int64_t{*h} * 60 + *m) * 60 + *s};
    const auto fraction = take_fraction(text, clock.has_fraction);
    if (!fraction) return std::nullopt;
    clock.ns = *fraction;
    return clock;
}

std::optional<RecordedTime> at(int year, unsigned month, unsigned day, const Clock& clock,
                               std::int64_t east) {
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::int64_t second = days * 86'400 + clock.second - east;
    if (second < 0 || second > kLastSecond) return std::nullopt;
    return RecordedTime{second * kSecond + clock.ns, clock.has_fraction};
}

}  // namespace

std::optional<RecordedTime> parse_unix_seconds(std::string_view text) {
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    if (text.find_first_of("eE") != std::string_view::npos) {
        double number = 0;
        const auto [rest, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (wrong != std::errc() || rest != text.data() + text.size() ||
            !(number <= static_cast<double>(kLastSecond))) {
            return std::nullopt;
        }
        return RecordedTime{std::llround(number * 1e9), true};
    }
    std::int64_t second = 0;
    const auto [rest, wrong] = std::from_chars(text.data(), text.data() + text.size(), second);
    if (wrong != std::errc() || second > kLastSecond) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    RecordedTime time;
    const auto fraction = take_fraction(text, time.has_fraction);
    if (!fraction || !text.empty()) return std::nullopt;
    time.ns = second * kSecond + *fraction;
    return time;
}

std::optional<RecordedTime> parse_rfc3339(std::string_view text) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || !take(text, "Tt ")) return std::nullopt;
    const auto clock = take_clock(text);
    if (!clock) return std::nullopt;
    const auto east = take_zone(text);
    if (!east || !text.empty()) return std::nullopt;
    return at(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day), *clock, *east);
}

std::optional<RecordedTime> parse_log_time(std::string_view text) {
    constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = take_number(text, 2);
    if (!day || !take(text, "/") || text.size() < 3) return std::nullopt;
    const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(0, 3));
    if (month == kMonths.end()) return std::nullopt;
    text.remove_prefix(3);
    if (!take(text, "/")) return std::nullopt;
    const auto year = take_number(text, 4);
    if (!year || !take(text, ":")) return std::nullopt;
    const auto clock = take_clock(text);
    if (!clock || !take(text, " ")) return std::nullopt;
    const auto east = take_zone(text);
    if (!east || !text.empty()) return std::nullopt;
    return at(*year, static_cast<unsigned>(month - kMonths.begin()) + 1,
              static_cast<unsigned>(*day), *clock, *east);
}

}  // namespace echotrio::loadgen
