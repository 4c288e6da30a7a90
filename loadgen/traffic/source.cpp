#include "loadgen/traffic/source.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace echotrio::loadgen {

Source::Source(Read read) : read_(std::move(read)), buffer_(2 * kLongestLine) {}

// More bytes behind those that are there; false at the end of the file.
bool Source::fill() {
    if (ended_) return false;
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= std::exchange(begin_, 0);
    }
    const std::size_t n = read_(std::span(buffer_).subspan(end_));
    end_ += n;
    ended_ = n == 0;
    return !ended_;
}

std::string_view Source::ahead() {
    while (end_ - begin_ < kLongestLine && fill()) {
    }
    return {buffer_.data() + begin_, end_ - begin_};
}

void Source::discard_line() {
    while (!at_end()) {
        const char* const from = buffer_.data() + begin_;
        const void* const end = std::memchr(from, '\n', end_ - begin_);
        if (end == nullptr) {
            begin_ = end_;
            continue;
        }
        begin_ += static_cast<std::size_t>(static_cast<const char*>(end) - from) + 1;
        return;
    }
}

std::optional<Source::Line> Source::line() {
    if (at_end()) return std::nullopt;
    Line line{{}, false, ++lines_};
    std::size_t searched = 0;
    while (true) {
        const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
        const std::size_t end = rest.find('\n', searched);
        if (end != std::string_view::npos || (rest.size() <= kLongestLine && !fill())) {
            line.text = std::string_view(buffer_.data() + begin_, rest.size()).substr(0, end);
            begin_ += std::min(end, rest.size() - 1) + 1;
            break;
        }
        searched = rest.size();
        if (searched > kLongestLine) break;
    }
    if (line.text.size() > kLongestLine || searched > kLongestLine) {
        if (searched > kLongestLine) discard_line();
        line.text = {};
        line.too_long = true;
        return line;
    }
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (lines_ == 1 && line.text.starts_with(kByteOrderMark)) {
        line.text.remove_prefix(kByteOrderMark.size());
    }
    return line;
}

}  // namespace echotrio::loadgen
