#include "common/protocol/authority.hpp"

#include "common/protocol/characters.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace echotrio::protocol {
namespace {

// unreserved and sub-delims of RFC 3986, 2.2 and 2.3
constexpr CharacterSet kName("-._~!$&'()*+,;=");
constexpr CharacterSet kFuture = kName.with(':');

std::size_t hex_digits(std::string_view text) noexcept {
    const auto end =
        std::find_if(text.begin(), text.end(), [](char c) { return hex_digit(c) < 0; });
    return static_cast<std::size_t>(end - text.begin());
}

// The size of the reg-name that `text` begins with; IPv4 addresses are such, too.
std::size_t name_size(std::string_view text) noexcept {
    std::size_t size = kName.prefix(text);
    while (size < text.size() && text[size] == '%') {
        if (hex_digits(text.substr(size + 1, 2)) != 2) return size;
        size += 3;
        size += kName.prefix(text.substr(size));
    }
    return size;
}

// Four numbers up to 255 without zeros in front.
bool is_ipv4(std::string_view text) noexcept {
    for (int i = 0; i < 4; ++i) {
        std::uint8_t octet = 0;
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), octet);
        const auto size = static_cast<std::size_t>(rest - text.data());
        if (error != std::errc{} || (size > 1 && text.front() == '0')) return false;
        text.remove_prefix(size);
        if (i == 3) break;
        if (!text.starts_with('.')) return false;
        text.remove_prefix(1);
    }
    return text.empty();
}

// Eight groups of 16 bits, the last two perhaps as an IPv4 address; "::" stands once for one or
// more of them.
bool is_ipv6(std::string_view text) noexcept {
    int groups = 0;
    bool elided = text.starts_with("::");
    if (elided) text.remove_prefix(2);
    while (!text.empty()) {
        const std::size_t size = hex_digits(text);
        if (size < text.size() && text[size] == '.') {
            if (!is_ipv4(text)) return false;
            groups += 2;
            break;
        }
        if (size == 0 || size > 4) return false;
        ++groups;
        text.remove_prefix(size);
        if (text.empty()) break;
        if (text.front() != ':' || text == ":") return false;
        text.remove_prefix(1);
        if (!text.starts_with(':')) continue;
        if (elided) return false;
        elided = true;
        text.remove_prefix(1);
    }
    return elided ? groups < 8 : groups == 8;
}

// "v" version "." address, for what may come after IPv6.
bool is_ip_future(std::string_view text) noexcept {
    if (!text.starts_with('v') && !text.starts_with('V')) return false;
    const std::size_t version = hex_digits(text.substr(1));
    const std::string_view rest = text.substr(1 + version);
    return version > 0 && rest.size() > 1 && rest.front() == '.' &&
           kFuture.prefix(rest.substr(1)) == rest.size() - 1;
}

// The size of the host that `text` begins with; 0: none.
std::size_t host_size(std::string_view text) noexcept {
    if (!text.starts_with('[')) return name_size(text);
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return 0;
    const std::string_view address = text.substr(1, end - 1);
    return is_ipv6(address) || is_ip_future(address) ? end + 1 : 0;
}

// Behind a host of that size, if it is one, `text` has nothing or a port.
bool ends_in_port(std::string_view text, std::size_t host) noexcept {
    if (host == text.size() || host == 0) return host > 0;
    return text[host] == ':' && std::all_of(text.begin() + host + 1, text.end(), is_digit);
}

}  // namespace

bool Authority::has_valid_port() const noexcept {
    std::uint16_t number = 0;
    const auto [rest, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    return error == std::errc{} && rest == port.data() + port.size() && number > 0;
}

std::optional<Authority> parse_authority(std::string_view text) noexcept {
    const std::size_t host = host_size(text);
    if (!ends_in_port(text, host)) return std::nullopt;
    return Authority{text.substr(0, host), text.substr(std::min(host + 1, text.size()))};
}

bool is_authority(std::string_view text) noexcept {
    // most are a name and a port: this is the hot path
    const std::size_t name = kName.prefix(text);
    const bool usual = name > 0 && name < text.size() && text[name] == ':';
    return ends_in_port(text, usual ? name : host_size(text));
}

}  // namespace echotrio::protocol
