// The classes of characters that HTTP and URIs are made of. For the protocol folder alone.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace echotrio::protocol {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// The value of a hexadecimal digit; -1: it is none.
constexpr int hex_digit(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Not allowed in a field's value or a quoted string (RFC 9110 5.5, 5.6.4).
constexpr bool is_control(char c) noexcept {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

// Letters, digits and `marks`, to be looked up byte by byte.
class CharacterSet {
  public:
    explicit constexpr CharacterSet(std::string_view marks) noexcept {
        for (unsigned c = '0'; c <= '9'; ++c) has_[c] = true;
        for (unsigned c = 'A'; c <= 'Z'; ++c) has_[c] = has_[c | 0x20] = true;
        for (const char c : marks) has_[static_cast<unsigned char>(c)] = true;
    }
    constexpr CharacterSet with(char mark) const noexcept {
        CharacterSet larger = *this;
        larger.has_[static_cast<unsigned char>(mark)] = true;
        return larger;
    }
    // How many characters of it `text` begins with.
    constexpr std::size_t prefix(std::string_view text) const noexcept {
        const auto end = std::find_if_not(text.begin(), text.end(), [this](char c) {
            return has_[static_cast<unsigned char>(c)];
        });
        return static_cast<std::size_t>(end - text.begin());
    }

  private:
    std::array<bool, 256> has_{};
};

}  // namespace echotrio::protocol
