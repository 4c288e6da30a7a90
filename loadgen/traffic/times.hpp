// Times as records write them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace echotrio::loadgen {

struct RecordedTime {
    std::int64_t ns = 0;        // since 1970, >= 0
    bool has_fraction = false;  // the text goes beyond whole seconds
};

// All of them empty where the text is no such time, or one before 1970 or after 2261.

// "1764031200", "1764031200.25": exact to the ns, further digits are dropped; "1.7e9", too.
std::optional<RecordedTime> parse_unix_seconds(std::string_view text);

// "2026-01-31T12:00:00Z", "2026-01-31 12:00:00.123456+01:00" (RFC 3339).
std::optional<RecordedTime> parse_rfc3339(std::string_view text);

// "31/Jan/2026:12:00:00 +0100", as in the common log format.
std::optional<RecordedTime> parse_log_time(std::string_view text);

}  // namespace echotrio::loadgen
