// Bytes of a connection cut into lines.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace echotrio::loadgen::rendezvous {

class LineBuffer {
  public:
    void add(std::string_view bytes) { pending_ += bytes; }

    // The next whole line, without its end; empty: there is none yet.
    std::optional<std::string> next() {
        const std::size_t end = pending_.find('\n', searched_);
        if (end == std::string::npos) {
            searched_ = pending_.size();
            return std::nullopt;
        }
        std::string line = pending_.substr(0, end);
        pending_.erase(0, end + 1);
        searched_ = 0;
        return line;
    }
    // Of the line that has begun.
    std::size_t pending() const { return pending_.size(); }

  private:
    std::string pending_;
    std::size_t searched_ = 0;  // no line end before this
};

}  // namespace echotrio::loadgen::rendezvous
