#include "loadgen/results/format.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>

#include <utility>

namespace echotrio::loadgen {

std::string format_exact_count(std::uint64_t value) {
    return group_digits(fmt::format("{}", value));
}

std::string format_count(double value) {
    return human_number(value);
}

std::string format_short(double value) {
    std::string text = human_number(value);
    if (text.find('.') == std::string::npos) return text;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

std::string format_value(double value, Unit unit) {
    switch (unit) {
        case Unit::microseconds:
            return human_seconds(value * 1e-6);
        case Unit::bytes:
            return human_bytes(value);
        case Unit::per_second:
        case Unit::count:
            return format_count(value);
    }
    return {};
}

std::string format_in(double value, std::string_view unit) {
    if (unit == "bytes") return format_value(value, Unit::bytes);
    for (const auto& [name, in_us] : {std::pair("us", 1.0), {"ms", 1e3}, {"ns", 1e-3}}) {
        if (unit == name) return format_value(value * in_us, Unit::microseconds);
    }
    return unit.empty() ? format_count(value) : fmt::format("{} {}", format_count(value), unit);
}

std::string format_plural(std::uint64_t count, std::string_view one, std::string_view ending) {
    return fmt::format("{} {}{}", format_exact_count(count), one, count == 1 ? "" : ending);
}

}  // namespace echotrio::loadgen
