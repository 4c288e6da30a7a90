// Recorded traffic read from what others write: access logs, CSV, NDJSON, HAR. Pure: it is given
// bytes. What can't be sent again is skipped, counted by reason and told, never guessed.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/traffic/seen.hpp"
#include "loadgen/traffic/source.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

enum class TrafficFormat : std::uint8_t { ndjson, csv, log, har };
// "ndjson", "csv", "log", "har".
const std::vector<std::string>& traffic_format_names();
const char* name_of(TrafficFormat format);
// Empty for another name.
std::optional<TrafficFormat> traffic_format_named(std::string_view name);

struct Skipped {
    std::uint64_t count = 0;
    std::uint64_t first = 0;  // the first one's line, or of HAR its entry, from 1
};

struct Traffic {
    std::shared_ptr<const Recording> recording;
    TrafficFormat format = TrafficFormat::log;
    std::array<Skipped, kSkips> skipped;  // by reason
    std::uint64_t out_of_order = 0;       // requests that came after one of a later time
    bool spread = false;                  // all times were whole seconds: spread over theirs

    std::uint64_t all_skipped() const;
};

// "2 lines not understood (the first: line 7), 1 with a method that can't be sent (line 9)"; of
// HAR "entries". Empty where nothing was skipped.
std::string skipped_words(const Traffic& traffic);

// Reads all of it; without a format it is recognised by its beginning. At most 64 KiB a line, and
// the limits of Recording. Error: what it is not, or which limit it exceeds.
Result<Traffic> read_traffic(Source::Read read, std::optional<TrafficFormat> format);

// A request of a record as a line of NDJSON, with its end; `at`: ns since 1970. read_traffic reads
// the same back.
std::string format_record_line(std::int64_t at, const Resource& resource, std::uint32_t bytes);

}  // namespace echotrio::loadgen
