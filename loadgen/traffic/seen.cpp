#include "loadgen/traffic/seen.hpp"

#include <algorithm>
#include <array>

namespace echotrio::loadgen {
namespace {

constexpr std::int64_t kMostBody = std::int64_t{64} << 20U;
constexpr std::size_t kLongestMethod = 32;
constexpr std::size_t kLongestPath = 16 * 1024;  // servers take 8 KiB or so

struct Words {
    const char* name;
    const char* text;
};
constexpr std::array<Words, kSkips> kWords{{
    {"malformed", "not understood"},
    {"too_long", "longer than 64 KiB"},
    {"time", "without a usable time"},
    {"protocol", "of another protocol"},
    {"method", "with a method that can't be sent"},
    {"path", "with a path that can't be sent"},
    {"body", "with a body above 64 MiB"},
    {"cached", "served from the browser's cache"},
}};

// A token of RFC 9110, 5.6.2. CONNECT asks for a tunnel, not for a reply.
bool is_sendable_method(std::string_view method) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return method.size() <= kLongestMethod && method != "CONNECT" &&
           std::all_of(method.begin(), method.end(), [&](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      kMarks.find(c) != std::string_view::npos;
           });
}

bool same_start(std::string_view text, std::string_view lower) {
    return text.size() >= lower.size() &&
           std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
           });
}

}  // namespace

const char* words_of(Skip why) {
    return kWords[static_cast<std::size_t>(why)].text;
}

const char* name_of(Skip why) {
    return kWords[static_cast<std::size_t>(why)].name;
}

Look sendable(const RecordedTime& time, std::string_view method, std::string_view target,
              std::int64_t bytes) {
    if (!is_sendable_method(method)) return Skip::method;
    std::string_view path = target.substr(0, target.find('#'));
    if (const std::size_t scheme = path.find("://");
        scheme != std::string_view::npos && !path.starts_with('/')) {
        if (!same_start(path, "http://") && !same_start(path, "https://")) return Skip::protocol;
        const std::size_t slash = path.find_first_of("/?", scheme + 3);
        path = slash == std::string_view::npos ? "/" : path.substr(slash);
    }
    const bool clean =
        std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f; });
    // An empty one is not known, which only a record without paths may say.
    if (!clean || path.size() > kLongestPath || (!path.empty() && path.front() != '/') ||
        (path.empty() && !target.empty())) {
        return Skip::path;
    }
    if (bytes > kMostBody) return Skip::body;
    const auto known = bytes < 0 ? RecordedRequest::kUnknown : static_cast<std::uint32_t>(bytes);
    return Seen{time, {method, path}, known};
}

}  // namespace echotrio::loadgen
