// The readers of lines, one per format, and that of HAR, which has none. For the traffic folder.
#pragma once

#include "common/base/csv.hpp"
#include "common/base/result.hpp"
#include "loadgen/traffic/seen.hpp"
#include "loadgen/traffic/source.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

// The common log format and the combined one, which begins so, as Apache and nginx write them:
//     host - user [31/Jan/2026:12:00:00 +0100] "GET /path HTTP/1.1" 200 612 ...
// The bytes behind the status are the reply's: a body's are not known.
class AccessLogReader {
  public:
    Look read(std::string_view line);

  private:
    std::string request_;  // without the log's escapes
};

// Cells between commas, in quotes where they hold commas or quotes (RFC 4180); a line is a record.
// The first line names the columns, of which `time` is needed and method, path and bytes are known;
// without such a line they are these four.
class CsvReader {
  public:
    // Empty: the line names the columns.
    std::optional<Look> read(std::string_view line);
    // The line names a column time; or has a time and, if more than that, a path.
    static bool could_begin_with(std::string_view line);

  private:
    static constexpr std::size_t kMissing = SIZE_MAX;
    bool split(std::string_view line);
    bool take_header();
    std::string_view cell(std::size_t column) const {
        return column < cells_.size() ? std::string_view(cells_[column]) : std::string_view();
    }

    CsvCells cells_;  // of the line
    bool begun_ = false;
    std::size_t time_ = 0, method_ = 1, path_ = 2, bytes_ = 3;
};

// An object a line with "time", "method", "path" and "bytes"; others are passed over.
class NdjsonReader {
  public:
    Look read(std::string_view line);

  private:
    std::string method_, path_;
};

// HAR 1.2: log.entries[], of which startedDateTime and request are read. `take` gets each entry
// with its number, from 1. Error: not JSON, not HAR, or what `take` says.
Status read_har(Source& source, const std::function<Status(const Look&, std::uint64_t)>& take);

// A time of NDJSON or CSV: seconds since 1970, or RFC 3339.
std::optional<RecordedTime> parse_any_time(std::string_view text);

}  // namespace echotrio::loadgen
