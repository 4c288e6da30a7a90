// The Date field of replies (RFC 9110 6.6.1), made once a second and copied for each reply.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace echotrio::protocol {

// For one thread. The time is the caller's, in seconds since 1970, UTC.
class DateLine {
  public:
    DateLine() noexcept { make(0); }

    static constexpr std::size_t kSize = sizeof "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" - 1;

    // "Date: ...\r\n" with an IMF-fixdate (RFC 9110 5.6.7); valid until the next call. Its years
    // have four digits: what lies outside of 1970 to 9999 becomes the nearest that it can say.
    std::string_view at(std::int64_t unix_time) noexcept {
        if (unix_time != made_for_) make(unix_time);
        return {text_.data(), kSize};
    }

  private:
    void make(std::int64_t unix_time) noexcept;

    std::int64_t made_for_;
    std::array<char, kSize> text_;
};

}  // namespace echotrio::protocol
