// A chunked body on its way in (RFC 9112 7.1), without its trailer, which is HeadScanner's. For the
// protocol folder alone.
//
// This is not llhttp's because its releases differ here: 8.1 refuses an escape in a quoted
// extension value, 9.2 takes it, and both refuse the white space that 9112 7.1.1 allows around an
// extension's marks.
#pragma once

#include "common/protocol/request.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace echotrio::protocol {

class ChunkDecoder {
  public:
    enum class Reached : std::uint8_t { nothing, trailer, too_long };
    struct Decoded {
        std::size_t used = 0;
        std::size_t content = 0;
        Reached reached = Reached::nothing;
    };

    // Decodes more of the body and moves its content down to `to`, which must not lie behind
    // `bytes`. `used` bytes of them were read; the others have to come again, with more behind
    // them. It stops before the trailer, and at a chunk that is longer than `limit`.
    Problem decode(std::string_view bytes, char* to, std::uint64_t limit, Decoded& decoded);

  private:
    enum class Part : std::uint8_t { line, data, data_end };

    Part part_ = Part::line;
    std::size_t searched_ = 0;  // so many bytes of an unfinished chunk line hold no line end
    std::uint64_t left_ = 0;    // of this chunk's data
};

}  // namespace echotrio::protocol
