// What an ordinary socket call came to, as a value: neither an exception nor an Error. The servers'
// sessions take it as it is.
#pragma once

#include <cstdint>
#include <string_view>

namespace echotrio {

struct Io {
    enum class Kind : std::uint8_t {
        bytes,
        end,          // the peer closed its side
        would_block,  // nothing yet
        late,         // nothing in the time that there was
        failed,
    };
    Kind kind = Kind::failed;
    int error = 0;             // failed: errno
    std::string_view bytes{};  // those that were read, or of those to write, the ones that are out
};

}  // namespace echotrio
