// Figures as people read them, the same in every table, chart and sentence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

enum class Unit : std::uint8_t { per_second, microseconds, bytes, count };

// For people, three significant digits and never an exponent: "41,200", "1.20 ms", "23.4 MiB". The
// page's script writes its figures by the same rule.
std::string format_value(double value, Unit unit);
std::string format_count(double value);               // 41234 -> "41,200", 0.02451 -> "0.0245"
std::string format_short(double value);               // what was asked for: 4 -> "4", 2.50 -> "2.5"
std::string format_exact_count(std::uint64_t value);  // 1234567 -> "1,234,567"

// A figure whose unit is known by name, "us", "ms", "ns" or "bytes", in the unit that suits its
// size: 11,880 us is 11.9 ms.
std::string format_in(double value, std::string_view unit);

// "1 thread", "1,024 threads".
std::string format_plural(std::uint64_t count, std::string_view one, std::string_view ending = "s");

}  // namespace echotrio::loadgen
