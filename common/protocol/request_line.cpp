// The start of a request, before llhttp sees it: which method, which version, clean line ends. And
// the trailer of a chunked body, which llhttp does not see.
#include "common/protocol/characters.hpp"
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

bool is_version(std::string_view text) {
    return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
           is_digit(text[7]);
}

// No white space, control character or fragment, and nothing that is not ASCII (negative here).
bool is_target(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return c <= ' ' || c == '\x7f' || c == '#'; });
}

constexpr Problem kNoMethod{400, "the request line does not begin with a method"};
constexpr Problem kNotALine{400, "the request line is not: method, target, version"};
constexpr Problem kUnknownMethod{501, "this method is not known here"};
// Where the major version stands, from the space before "HTTP/1.1".
constexpr std::size_t kMajor = std::string_view(" HTTP/").size();

// "METHOD target HTTP/1.x", without its line end.
Problem check_request_line(std::string_view line) {
    const std::size_t known = known_method(line);
    const std::size_t first = known > 0 ? known : line.find(' ');
    if (known == 0 && !is_token(line.substr(0, first))) {
        return kNoMethod;
    }
    const bool usual = line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0");
    const std::size_t last =
        usual ? line.size() - std::string_view(" HTTP/1.1").size() : line.rfind(' ');
    if (first == std::string_view::npos || last <= first + 1) {
        return kNotALine;
    }
    if (!usual && !is_version(line.substr(last + 1))) {
        return {400, "the request line does not end in a version like HTTP/1.1"};
    }
    if (!is_target(line.substr(first + 1, last - first - 1))) {
        return {400, "the request target holds a character that must be percent-encoded"};
    }
    if (known == 0) return kUnknownMethod;
    // 1.2 and later are read as 1.1 (RFC 9110 2.5)
    if (!usual && line[last + kMajor] != '1') {
        return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    }
    return {};
}

// What is wrong with a request line that begins like this and is too long to be read (RFC 9112 3).
Problem check_endless_line(std::string_view start) {
    const std::size_t method = start.find(' ');
    if (!is_token(start.substr(0, method))) return kNoMethod;
    if (known_method(start) == 0) return kUnknownMethod;
    // of the version and the line's end, what fits may stand behind the target
    const std::size_t rest = start.size() - std::min(start.find(' ', method + 1), start.size());
    if (rest > std::string_view(" HTTP/1.1\r").size()) return kNotALine;
    return {414, "the request target is longer than --max-request"};
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
    static constexpr CharacterSet kToken("!#$%&'*+-.^_`|~");
    return kToken.prefix(text);
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

Problem HeadScanner::too_long(std::string_view bytes) const {
    if (line_ == 0) return check_endless_line(bytes);
    return {431, "the head is longer than --max-request"};
}

bool reword_head(char* head, std::size_t size) noexcept {
    const std::string_view bytes(head, size);
    bool reworded = false;
    const auto blank = [&](std::size_t at) {
        reworded = reworded || head[at] == '\t';
        head[at] = ' ';
    };
    const auto is_space = [&](std::size_t at) { return head[at] == ' ' || head[at] == '\t'; };
    const std::size_t first_end = bytes.find("\r\n");
    char& minor = head[first_end - 1];
    if (minor > '1') {
        minor = '1';
        reworded = true;
    }
    for (std::size_t line = first_end + 2; line < size;) {
        const std::size_t end = bytes.find("\r\n", line);
        std::size_t at = std::min(bytes.find(':', line), end);
        while (at + 1 < end && is_space(at + 1)) blank(++at);
        for (std::size_t last = end; last - 1 > at && is_space(last - 1);) blank(--last);
        line = end + 2;
    }
    return reworded;
}

}  // namespace echotrio::protocol
