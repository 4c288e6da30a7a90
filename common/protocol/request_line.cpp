// The start of a request, before llhttp sees it: which method, which version, clean line ends. And
// the trailer of a chunked body, which llhttp does not see.
#include "common/protocol/request.hpp"

#include <algorithm>
#include <array>

namespace echotrio::protocol {
namespace {

// RFC 9110 9.1 and RFC 5789. They are known, so on a path that lacks them they get a 405; other
// methods get a 501.
constexpr std::array<std::string_view, 9> kMethods{
    "GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE ", "PATCH "};

// The size of the known method that `start` begins with, before its space; 0: none.
std::size_t known_method(std::string_view start) {
    // the usual ones without a loop: their sizes are known to the compiler
    if (start.starts_with(kMethods[0])) return kMethods[0].size() - 1;
    if (start.starts_with(kMethods[1])) return kMethods[1].size() - 1;
    for (const std::string_view method : kMethods) {
        if (start.starts_with(method)) return method.size() - 1;
    }
    return 0;
}

bool is_token(std::string_view text) {
    return !text.empty() && token_size(text) == text.size();
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_version(std::string_view text) {
    return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
           is_digit(text[7]);
}

// No white space, control character or fragment, and nothing that is not ASCII (negative here).
bool is_target(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return c <= ' ' || c == '\x7f' || c == '#'; });
}

// "METHOD target HTTP/1.x", without its line end.
Problem check_request_line(std::string_view line) {
    const std::size_t known = known_method(line);
    const std::size_t first = known > 0 ? known : line.find(' ');
    if (known == 0 && !is_token(line.substr(0, first))) {
        return {400, "the request line does not begin with a method"};
    }
    const bool spoken = line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0");
    const std::size_t last =
        spoken ? line.size() - std::string_view(" HTTP/1.1").size() : line.rfind(' ');
    if (first == std::string_view::npos || last <= first + 1) {
        return {400, "the request line is not: method, target, version"};
    }
    if (!spoken && !is_version(line.substr(last + 1))) {
        return {400, "the request line does not end in a version like HTTP/1.1"};
    }
    if (!is_target(line.substr(first + 1, last - first - 1))) {
        return {400, "the request target holds a character that must be percent-encoded"};
    }
    if (known == 0) return {501, "this method is not known here"};
    if (!spoken) return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    return {};
}

// name ":" value (RFC 9112 5, RFC 9110 5.5), without its line end.
bool is_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    const std::string_view value = line.substr(colon + 1);
    return std::none_of(value.begin(), value.end(), is_control);
}

}  // namespace

std::size_t token_size(std::string_view text) noexcept {
    static constexpr std::array<bool, 256> kAllowed = [] {
        std::array<bool, 256> allowed{};
        for (unsigned c = '0'; c <= '9'; ++c) allowed[c] = true;
        for (unsigned c = 'A'; c <= 'Z'; ++c) allowed[c] = allowed[c | 0x20] = true;
        for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
            allowed[static_cast<unsigned char>(c)] = true;
        }
        return allowed;
    }();
    const auto end = std::find_if_not(
        text.begin(), text.end(), [](char c) { return kAllowed[static_cast<unsigned char>(c)]; });
    return static_cast<std::size_t>(end - text.begin());
}

bool starts_with_method(std::string_view start) noexcept {
    return known_method(start) > 0;
}

bool may_become_method(std::string_view start) noexcept {
    return std::any_of(kMethods.begin(), kMethods.end(), [&](std::string_view method) {
        return start.size() < method.size() && method.starts_with(start);
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
    const bool request_line = part_ == Part::head && line_ == 0;
    if (text == "\r\n" && !request_line) return Found::end;
    const std::size_t content = text.find('\r');
    if (text.size() < 2 || content != text.size() - 2) {
        problem_ = {400, "a line must end in CR LF, and CR or LF stand nowhere else"};
    } else if (request_line) {
        problem_ = check_request_line(text.substr(0, content));
    } else if (text.front() == ' ' || text.front() == '\t') {
        problem_ = {400, "a header line must not begin with white space (no folded lines)"};
    } else if (text.front() == ':') {
        problem_ = {400, "a header field needs a name"};
    } else if (part_ == Part::trailer && !is_field(text.substr(0, content))) {
        problem_ = {400, "a trailer line is malformed"};
    }
    return problem_ ? Found::problem : Found::more;
}

}  // namespace echotrio::protocol
