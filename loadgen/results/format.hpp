// Figures as people read them, the same in every table, chart and sentence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

enum class Unit : std::uint8_t { per_second, microseconds, bytes, count };

// For people, three significant digits: "41,200", "1.20ms", "23.4 MiB".
std::string format_value(double value, Unit unit);
std::string format_count(double value);               // 41234 -> "41,200"; small ones keep decimals
std::string format_exact_count(std::uint64_t value);  // 1234567 -> "1,234,567"

// "1 thread", "1,024 threads".
std::string format_plural(std::uint64_t count, std::string_view one, std::string_view ending = "s");

}  // namespace echotrio::loadgen
