// The text of an HDR log file: comment lines, a legend, then one line a histogram.
#include "loadgen/record/hdr_codec.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace echotrio::loadgen {
namespace {

// The part up to the next comma; `rest` moves behind it.
std::string_view next_field(std::string_view& rest) {
    const std::size_t comma = rest.find(',');
    const std::string_view field = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    return field;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [rest, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return value;
}

Result<HdrLogLine> parse_line(std::string_view line) {
    HdrLogLine parsed;
    if (line.starts_with("Tag=")) parsed.tag = next_field(line).substr(4);
    const auto start = number(next_field(line));
    const auto length = number(next_field(line));
    const auto greatest = number(next_field(line));
    if (!start || !length || !greatest) return Error{"HDR log: a line without its three numbers"};
    auto histogram = decode_hdr(line);
    if (!histogram) return histogram.error();
    parsed.start_s = *start;
    parsed.length_s = *length;
    parsed.histogram = std::move(*histogram);
    return parsed;
}

}  // namespace

std::string format_hdr_log(double start_unix_s, const std::vector<HdrLogLine>& lines) {
    std::string out = fmt::format(
        "#[Logged with loadgen {}; values in nanoseconds]\n"
        "#[Histogram log format version 1.3]\n"
        "#[StartTime: {:.3f} (seconds since epoch)]\n"
        "#[BaseTime: {:.3f} (seconds since epoch)]\n"
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
        "\"Interval_Compressed_Histogram\"\n",
        ECHOTRIO_VERSION, start_unix_s, start_unix_s);
    for (const HdrLogLine& line : lines) {
        if (!line.tag.empty()) out += fmt::format("Tag={},", line.tag);
        out += fmt::format("{:.3f},{:.3f},{:.3f},{}\n", line.start_s, line.length_s,
                           static_cast<double>(line.histogram.max()) / 1e6,
                           encode_hdr(line.histogram));
    }
    return out;
}

Result<std::vector<HdrLogLine>> parse_hdr_log(std::string_view text) {
    std::vector<HdrLogLine> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#' || line.front() == '"') continue;
        auto parsed = parse_line(line);
        if (!parsed) return parsed.error();
        lines.push_back(std::move(*parsed));
    }
    return lines;
}

}  // namespace echotrio::loadgen
