// The HdrHistogram V2 encoding, which other HdrHistogram tools read: histogram <-> text, and the
// log file made of such texts. No file is opened here.
//
//     payload     "0x1c849313", then big endian: payload length, normalising offset (int32 each),
//                 digits (int32), lowest, highest (int64), ratio (double), counts
//     counts      ZigZag LEB128 of 1 to 9 bytes: n >= 0 one slot's count, n < 0 -n slots of 0
//     compressed  "0x1c849314", length (int32), zlib stream of the payload; all of it in base64
#pragma once

#include "common/base/result.hpp"
#include "loadgen/record/histogram.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

std::string encode_hdr(const Histogram& histogram);

// Error: not base64, not zlib, not V2, or not of our range and digits. The number of clamped values
// is not part of the format and comes back as 0.
Result<Histogram> decode_hdr(std::string_view text);

// One line of a log: what was recorded in [start, start + length), seconds.
struct HdrLogLine {
    std::string tag;  // empty = none
    double start_s = 0;
    double length_s = 0;
    Histogram histogram;
};

// The whole file, version 1.3. Values are ns; Interval_Max is in ms, as is the custom.
std::string format_hdr_log(double start_unix_s, const std::vector<HdrLogLine>& lines);
Result<std::vector<HdrLogLine>> parse_hdr_log(std::string_view text);

}  // namespace echotrio::loadgen
