// One request as a record tells it, and why one can't be sent again. Pure.
#pragma once

#include "loadgen/schedule/recording.hpp"
#include "loadgen/traffic/times.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace echotrio::loadgen {

enum class Skip : std::uint8_t { malformed, too_long, time, protocol, method, path, body, cached };
inline constexpr std::size_t kSkips = 8;

// "not understood", to be said after a count of lines.
const char* words_of(Skip why);
// "malformed", for JSON.
const char* name_of(Skip why);

struct Seen {
    RecordedTime time;
    Resource resource;
    std::uint32_t bytes = RecordedRequest::kUnknown;
};

// The views are valid until the next line is read.
using Look = std::variant<Seen, Skip>;

// What can be sent of it: the path of a whole URL, without a fragment. `bytes` of the body as the
// record has them; below 0: it does not say.
Look sendable(const RecordedTime& time, std::string_view method, std::string_view target,
              std::int64_t bytes);

}  // namespace echotrio::loadgen
