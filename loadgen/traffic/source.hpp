// A file's bytes as they come: a look ahead, one character after the other, or line by line. It
// holds 128 KiB, however long the file is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

class Source {
  public:
    static constexpr std::size_t kLongestLine = std::size_t{64} << 10U;

    // Puts bytes into the given space and says how many: 0 at the end.
    using Read = std::function<std::size_t(std::span<char>)>;
    explicit Source(Read read);

    // The first bytes: all that there are, or at least kLongestLine. Precondition: nothing was
    // taken.
    std::string_view ahead();

    bool at_end() { return begin_ == end_ && !fill(); }
    // Precondition: !at_end().
    char front() const { return buffer_[begin_]; }
    void pop() { ++begin_; }

    struct Line {
        std::string_view text;     // without its end (LF or CR LF); empty where it is too long
        bool too_long = false;     // longer than kLongestLine
        std::uint64_t number = 0;  // from 1
    };
    // Empty at the end. What it gave before is gone then. A byte order mark is no part of line 1.
    std::optional<Line> line();

  private:
    bool fill();
    void discard_line();

    Read read_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;  // of what is not taken yet
    std::uint64_t lines_ = 0;
    bool ended_ = false;
};

}  // namespace echotrio::loadgen
