#include "loadgen/traffic/readers.hpp"

namespace echotrio::loadgen {
namespace {

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The text in quotes that `line` begins with, behind its opening quote: \" and \\ (Apache), \x22
// (both). False: the quote does not end.
bool unquote(std::string_view line, std::string& text) {
    text.clear();
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"') return true;
        if (c != '\\' || i + 1 == line.size()) {
            text += c;
            continue;
        }
        const char next = line[++i];
        if (next == 'x' && i + 2 < line.size() && hex(line[i + 1]) >= 0 && hex(line[i + 2]) >= 0) {
            text += static_cast<char>(hex(line[i + 1]) * 16 + hex(line[i + 2]));
            i += 2;
        } else {
            if (next != '"' && next != '\\') text += '\\';  // \n, \t: what was there can't be sent
            text += next;
        }
    }
    return false;
}

}  // namespace

Look AccessLogReader::read(std::string_view line) {
    constexpr std::string_view kBegin = " [";
    constexpr std::string_view kEnd = "] \"";
    const std::size_t begin = line.find(kBegin);
    if (begin == std::string_view::npos) return Skip::malformed;
    const std::size_t from = begin + kBegin.size();
    const std::size_t end = line.find(kEnd, from);
    if (end == std::string_view::npos) return Skip::malformed;
    if (!unquote(line.substr(end + kEnd.size()), request_)) return Skip::malformed;
    const std::string_view when = line.substr(from, end - from);
    auto time = parse_log_time(when);
    if (!time) time = parse_rfc3339(when);
    if (!time) return Skip::time;
    const std::string_view request = request_;
    const std::size_t first = request.find(' ');
    const std::size_t last = request.rfind(' ');
    // "-" is what is logged of a connection that never sent a request.
    if (first == std::string_view::npos || first == last || first == 0) return Skip::malformed;
    if (!request.substr(last + 1).starts_with("HTTP/")) return Skip::protocol;
    const std::string_view target = request.substr(first + 1, last - first - 1);
    if (target.empty()) return Skip::malformed;
    return sendable(*time, request.substr(0, first), target, -1);
}

}  // namespace echotrio::loadgen
