// URLs and request classes as people write them.
#include "loadgen/load/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace echotrio::loadgen {
namespace {

bool is_path(std::string_view text) {
    return text.starts_with('/') &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// "HTTP://" is "http://" (RFC 3986, 3.1). Removes what it finds.
bool take_scheme(std::string_view& url, std::string_view scheme) {
    const bool found =
        url.size() >= scheme.size() &&
        std::equal(scheme.begin(), scheme.end(), url.begin(), [](char lower, char c) {
            return lower == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
        });
    if (found) url.remove_prefix(scheme.size());
    return found;
}

}  // namespace

bool has_scheme(std::string_view url) {
    return url.find("://") != std::string_view::npos;
}

std::string host_field(const net::HostPort& where) {
    std::string text = net::format_host_port(where);
    if (where.port == 80) text.resize(text.rfind(':'));
    return text;
}

Result<Target> parse_target(const std::string& url) {
    const auto wrong = [&](std::string_view why) {
        return Error{fmt::format("{}, write tcp://host:port or http://host:port/path, got '{}'",
                                 why, url.substr(0, 100))};
    };
    Target target;
    std::string_view rest = url;
    if (!take_scheme(rest, "tcp://")) {
        target.scheme = Scheme::http;
        if (take_scheme(rest, "https://")) return wrong("https is not spoken here");
        if (!take_scheme(rest, "http://") && has_scheme(rest.substr(0, rest.find('?')))) {
            return wrong("not a URL of a known kind");
        }
    }
    const std::size_t slash = rest.find_first_of("/?#");
    std::string authority(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    if (authority.find('@') != std::string::npos) return wrong("no user name is taken");
    if (target.scheme == Scheme::tcp && !rest.empty() && rest != "/") {
        return wrong("a tcp:// URL has no path");
    }
    if (target.scheme == Scheme::http) {
        rest = rest.substr(0, rest.find('#'));
        if (!rest.starts_with('/')) target.path.append(rest);
        if (rest.starts_with('/')) target.path = rest;
        if (!is_path(target.path)) return wrong("a path has no spaces or control characters");
        const std::size_t colon = authority.rfind(':');
        const std::size_t bracket = authority.rfind(']');
        const bool has_port =
            colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
        if (!has_port) authority += ":80";
    }
    auto where = net::parse_host_port(authority);
    if (!where || where->port == 0) return wrong("no host and port");
    target.where = *where;
    return target;
}

Result<RequestClass> parse_class(const std::string& text) {
    const auto wrong = [&](std::string_view why) {
        return Error{
            fmt::format("{}, write NAME:WEIGHT:PATH like slow:2:/echo/x?cpu=20ms, got '{}'", why,
                        text.substr(0, 100))};
    };
    const std::size_t first = text.find(':');
    const std::size_t second = text.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) return wrong("is not a request class");
    RequestClass made{text.substr(0, first), 0, text.substr(second + 1)};
    if (made.name.empty()) return wrong("has no name");
    const char* const end = text.data() + second;
    const auto [rest, ec] = std::from_chars(text.data() + first + 1, end, made.weight);
    if (ec != std::errc{} || rest != end || !std::isfinite(made.weight) || made.weight <= 0) {
        return wrong("its weight is not a number > 0");
    }
    if (!is_path(made.path)) return wrong("its path must begin with / and have no spaces");
    return made;
}

}  // namespace echotrio::loadgen
