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

// For people's eyes, three significant digits: 12.3us, 1.20 MiB (not for parsing back).
std::string human_duration(Nanos d);
std::string human_bytes(double bytes);

}  // namespace echotrio
