// The authority of an http URI, as in a Host field, a request target and after CONNECT: uri-host
// [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2). For the protocol folder alone.
#pragma once

#include <optional>
#include <string_view>

namespace echotrio::protocol {

struct Authority {
    std::string_view host;  // never empty; an IP literal has its brackets
    std::string_view port;  // digits as they stand; empty where there is none

    // 1 to 65535.
    bool has_valid_port() const noexcept;
};

// Empty: `text` is none. User information, which RFC 3986 would allow before the host, is a mistake
// in a request (RFC 9110 4.2.4), and so is an empty host (4.2.1).
std::optional<Authority> parse_authority(std::string_view text) noexcept;
bool is_authority(std::string_view text) noexcept;

}  // namespace echotrio::protocol
