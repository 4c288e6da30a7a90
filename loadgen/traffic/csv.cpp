#include "loadgen/traffic/readers.hpp"

#include <algorithm>
#include <charconv>

namespace echotrio::loadgen {
namespace {

// -1: there is none. Empty: no such number.
std::optional<std::int64_t> parse_bytes(std::string_view text) {
    if (text.empty() || text == "-") return -1;
    std::int64_t bytes = 0;
    const auto [rest, wrong] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (wrong != std::errc() || rest != text.data() + text.size()) return std::nullopt;
    return std::max<std::int64_t>(bytes, -1);
}

}  // namespace

std::optional<RecordedTime> parse_any_time(std::string_view text) {
    const auto seconds = parse_unix_seconds(text);
    return seconds ? seconds : parse_rfc3339(text);
}

bool CsvReader::could_begin_with(std::string_view line) {
    CsvReader reader;
    if (!reader.split(line)) return false;
    if (reader.take_header()) return true;
    // Many files of numbers begin with what could be a time.
    const bool others = reader.cells_.size() == 1 || reader.cell(reader.path_).starts_with('/');
    return others && parse_any_time(reader.cell(0));
}

// False: it is no record, or something stands behind it.
bool CsvReader::split(std::string_view line) {
    return cells_.take(line) == CsvFault::none && line.empty();
}

// Whether the line that was split names the columns.
bool CsvReader::take_header() {
    const auto column = [&](const char* name) { return cells_.find(name).value_or(kMissing); };
    const std::size_t time = column("time");
    if (time == kMissing) return false;
    time_ = time;
    method_ = column("method");
    path_ = column("path");
    bytes_ = column("bytes");
    return true;
}

std::optional<Look> CsvReader::read(std::string_view line) {
    if (!split(line)) return Skip::malformed;
    if (!begun_ && take_header()) {
        begun_ = true;
        return std::nullopt;
    }
    begun_ = true;
    const auto time = parse_any_time(cell(time_));
    if (!time) return Skip::time;
    const auto bytes = parse_bytes(cell(bytes_));
    if (!bytes) return Skip::malformed;
    return sendable(*time, cell(method_), cell(path_), *bytes);
}

}  // namespace echotrio::loadgen
