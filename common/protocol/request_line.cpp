// The start of a request, before llhttp sees it: which method, which version, clean line ends.
#include "common/protocol/request.hpp"

#include <algorithm>
#include <array>

namespace echotrio::protocol {
namespace {

// RFC 9110 9.1 and RFC 5789. They are known, so on a path that lacks them they get a 405; other
// methods get a 501.
constexpr std::array<std::string_view, 9> kMethods{"GET",     "POST",    "PUT",   "HEAD", "DELETE",
                                                   "OPTIONS", "CONNECT", "TRACE", "PATCH"};

// RFC 9110 5.6.2
bool is_token(std::string_view text) {
    static constexpr std::array<bool, 256> kAllowed = [] {
        std::array<bool, 256> allowed{};
        for (unsigned c = '0'; c <= '9'; ++c) allowed[c] = true;
        for (unsigned c = 'A'; c <= 'Z'; ++c) allowed[c] = allowed[c | 0x20] = true;
        for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
            allowed[static_cast<unsigned char>(c)] = true;
        }
        return allowed;
    }();
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return kAllowed[static_cast<unsigned char>(c)];
    });
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// "METHOD target HTTP/1.x", without its line end.
Problem check_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::string_view method = line.substr(0, first);
    if (!is_token(method)) return {400, "the request line does not begin with a method"};
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || last <= first + 1) {
        return {400, "the request line is not: method, target, version"};
    }
    const std::string_view version = line.substr(last + 1);
    if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7])) {
        return {400, "the request line does not end in a version like HTTP/1.1"};
    }
    for (const char c : line.substr(first + 1, last - first - 1)) {
        if (c <= ' ' || c == '\x7f' || c == '#') {  // what is not ASCII is negative here
            return {400, "the request target holds a character that must be percent-encoded"};
        }
    }
    if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
        return {501, "this method is not known here"};
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    }
    return {};
}

}  // namespace

bool starts_with_method(std::string_view start) noexcept {
    return std::any_of(kMethods.begin(), kMethods.end(), [&](std::string_view method) {
        return start.size() > method.size() && start.starts_with(method) &&
               start[method.size()] == ' ';
    });
}

bool may_become_method(std::string_view start) noexcept {
    return std::any_of(kMethods.begin(), kMethods.end(), [&](std::string_view method) {
        return start.size() <= method.size() && method.starts_with(start);
    });
}

HeadScanner::Found HeadScanner::scan(std::string_view bytes) {
    while (true) {
        const std::size_t end = bytes.find('\n', scanned_);
        if (end == std::string_view::npos) {
            scanned_ = bytes.size();
            return Found::more;
        }
        scanned_ = end + 1;
        const Found found = line(bytes.substr(line_, scanned_ - line_));
        if (found != Found::more) return found;
        line_ = scanned_;
    }
}

// One whole line with its line end.
HeadScanner::Found HeadScanner::line(std::string_view text) {
    const std::size_t content = text.find('\r');
    if (text.size() < 2 || content != text.size() - 2) {
        problem_ = {400, "a line must end in CR LF, and CR or LF stand nowhere else"};
        return Found::problem;
    }
    const bool request_line = part_ == Part::head && line_ == 0;
    if (request_line) {
        problem_ = check_request_line(text.substr(0, content));
    } else if (content == 0) {
        return Found::end;
    } else if (text.front() == ' ' || text.front() == '\t') {
        problem_ = {400, "a header line must not begin with white space (no folded lines)"};
    } else if (text.front() == ':') {
        problem_ = {400, "a header field needs a name"};
    }
    return problem_ ? Found::problem : Found::more;
}

}  // namespace echotrio::protocol
