// Durations and sizes as people write them: one table parses and prints both ways.
// A duration takes one of ns us ms s m h, a size a bare number (bytes) or KiB MiB GiB.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace echotrio {

// "5ms", "1.5s", "0" (zero needs no unit). Range: 0 to 10,000 hours. Error: what to write instead.
Result<Nanos> parse_duration(std::string_view text);

// "64", "64KiB", "1MiB". Range: 0 to 2^63 - 1 bytes. Error: what to write instead.
Result<std::uint64_t> parse_size(std::string_view text);

// The shortest exact form in the largest unit that has at most three decimals: 5000us -> "5ms".
std::string format_duration(Nanos d);

// 65536 -> "64KiB"; 65537 -> "65537".
std::string format_size(std::uint64_t bytes);

// For people's eyes (not for parsing back): three significant digits, never an exponent. Rounded
// first, so that 999.9 µs is 1.00 ms.
std::string human_number(double value);     // 41,200, 12.3, 0.0245; "-" for no number
std::string human_seconds(double seconds);  // 12.3 µs, 1.50 min
std::string human_duration(Nanos d);        // the same
std::string human_bytes(double bytes);      // 1.20 MiB

// "1234567" -> "1,234,567": whole numbers of any length, perhaps with a sign or decimals.
std::string group_digits(std::string number);

}  // namespace echotrio
