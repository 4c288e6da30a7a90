// The requests of a replay as bytes. There may be a million kinds of them, so none is kept ready:
// each is put together when it is sent, of its resource and of what all have in common.
#pragma once

#include "loadgen/load/load.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

class RecordedRequests {
  public:
    // Precondition: options.replay holds a recording. The recording must outlive this.
    explicit RecordedRequests(const RunOptions& options);

    // The request with the bytes that it will be sent with, where the record does not say them, or
    // says some of a method that has none: of a raw message at least 1, else of an HTTP body.
    RecordedRequest settled(const RecordedRequest& recorded) const;
    bool is_head(const RecordedRequest& settled) const { return method_of(settled) == "HEAD"; }

    // All but the body. `last`: it asks the server to close.
    std::size_t head_size(const RecordedRequest& settled, bool last) const;
    void append_head(std::string& to, const RecordedRequest& settled, bool last) const;
    // The body's bytes from `from` on; the same for all.
    std::string_view body(const RecordedRequest& settled, std::size_t from) const {
        return std::string_view(body_).substr(from, settled.bytes - from);
    }

  private:
    std::string_view method_of(const RecordedRequest& settled) const;
    // Hands over the head piece by piece.
    void pieces(const RecordedRequest& settled, bool last, const auto& take) const;

    const RunOptions* options_;
    const Recording* recording_;
    bool raw_;
    std::string fields_;  // of every request, each with its line end
    bool says_close_;     // where it asks for that
    std::string body_;    // as long as the longest
};

}  // namespace echotrio::loadgen
