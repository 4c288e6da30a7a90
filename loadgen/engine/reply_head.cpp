// What a reply's head says: its status and where its body ends (RFC 9112, 4 to 6).
#include "loadgen/engine/reply_head.hpp"

#include <algorithm>
#include <cctype>

namespace echotrio::loadgen {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view lower) {
    return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == y;
    });
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// RFC 9110, 5.5: other control characters may be kept; these could end a line for somebody else.
bool is_clean(std::string_view line) {
    return line.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos;
}

// RFC 9110 5.6.2
bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool parse_length(std::string_view text, std::uint64_t& length) {
    if (text.empty() || text.size() > 18 || !std::all_of(text.begin(), text.end(), is_digit)) {
        return false;
    }
    length = 0;
    for (const char c : text) length = length * 10 + static_cast<std::uint64_t>(c - '0');
    return true;
}

// What is wrong with a head; null: nothing.
using Fault = const char*;

// "HTTP/1.1 200" and then a space or the end. A later minor version is read as 1.1 (RFC 9110, 2.5).
Fault parse_status_line(std::string_view line, ReplyHead& parsed, bool& version_1_0) {
    if (!line.starts_with("HTTP/")) return "what came is no HTTP";
    if (line.size() < 12 || !line.starts_with("HTTP/1.") || !is_digit(line[7])) {
        return "the reply's version is not HTTP/1";
    }
    if (line[8] != ' ' || (line.size() > 12 && line[12] != ' ') || !is_clean(line)) {
        return "the status line is malformed";
    }
    version_1_0 = line[7] == '0';
    const std::string_view code = line.substr(9, 3);
    if (!std::all_of(code.begin(), code.end(), is_digit) || code[0] == '0') {
        return "the status code is not a number from 100 to 999";
    }
    parsed.status =
        static_cast<std::uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
    return nullptr;
}

struct Framing {
    bool has_length = false, chunked = false, other_coding = false, close = false, keep = false;
    std::uint64_t length = 0;
};

// Calls `take` for each member of a list, empty ones left out; the first fault ends it.
template <class Take>
Fault for_each_member(std::string_view list, Take take) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view member = trimmed(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        if (member.empty()) continue;
        if (const Fault fault = take(member)) return fault;
    }
    return nullptr;
}

// A list of equal lengths counts as one (RFC 9110, 8.6).
Fault parse_length_field(std::string_view value, Framing& framing) {
    if (value.empty()) return "Content-Length is empty";
    return for_each_member(value, [&](std::string_view member) -> Fault {
        std::uint64_t length = 0;
        if (!parse_length(member, length)) return "Content-Length is not a number";
        if (framing.has_length && length != framing.length)
            return "Content-Length contradicts itself";
        framing.has_length = true;
        framing.length = length;
        return nullptr;
    });
}

// The last coding decides where the body ends (RFC 9112, 6.3); "identity" was one that changes
// nothing (RFC 2616).
Fault parse_coding_field(std::string_view value, Framing& framing) {
    return for_each_member(value, [&](std::string_view member) -> Fault {
        if (framing.chunked) return "Transfer-Encoding goes on after chunked";
        if (equal_ignoring_case(member, "identity")) return nullptr;
        framing.chunked = equal_ignoring_case(member, "chunked");
        framing.other_coding |= !framing.chunked;
        return nullptr;
    });
}

// Blanks before the colon are to be taken off a reply (RFC 9112, 5.1).
std::string_view name_of(std::string_view line) {
    return trimmed(line.substr(0, line.find(':')));
}

bool frames_the_reply(std::string_view name) {
    return equal_ignoring_case(name, "content-length") ||
           equal_ignoring_case(name, "transfer-encoding") ||
           equal_ignoring_case(name, "connection");
}

Fault parse_field(std::string_view line, Framing& framing) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return "a header line has no colon";
    if (!is_clean(line)) return "a header line has a zero byte or a lone CR in it";
    const std::string_view name = name_of(line);
    if (!is_token(name)) return "a header's name is malformed";
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equal_ignoring_case(name, "content-length")) return parse_length_field(value, framing);
    if (equal_ignoring_case(name, "transfer-encoding")) return parse_coding_field(value, framing);
    if (!equal_ignoring_case(name, "connection")) return nullptr;
    return for_each_member(value, [&](std::string_view member) -> Fault {
        framing.close |= equal_ignoring_case(member, "close");
        framing.keep |= equal_ignoring_case(member, "keep-alive");
        return nullptr;
    });
}

// The next line without its end, which may be a single LF (RFC 9112, 2.2). Precondition: there is
// one.
std::string_view take_line(std::string_view& head) {
    const std::size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

const char* parse_reply_head(std::string_view head, bool to_head_request, ReplyHead& parsed) {
    bool version_1_0 = false;
    Framing framing;
    if (const Fault fault = parse_status_line(take_line(head), parsed, version_1_0)) return fault;
    std::string_view field;  // the last one's name
    for (std::string_view line = take_line(head); !line.empty(); line = take_line(head)) {
        // A folded line belongs to the field before it (RFC 9112, 5.2), whose value matters only
        // where it frames the reply.
        if (line.front() == ' ' || line.front() == '\t') {
            if (field.empty()) return "a folded line has no header before it";
            if (frames_the_reply(field)) return "a header that frames the reply is folded";
            continue;
        }
        if (const Fault fault = parse_field(line, framing)) return fault;
        field = name_of(line);
    }
    // A length beside a coding does not count, and the connection is not to be trusted any more
    // (RFC 9112, 6.3); nor is one whose HTTP/1.0 knows no coding (6.1).
    const bool coded = framing.chunked || framing.other_coding;
    parsed.close = framing.close || (version_1_0 && !framing.keep) ||
                   (coded && (framing.has_length || version_1_0));
    parsed.length = 0;
    if (parsed.status == 101) return "the server switched protocols, which nobody asked for";
    if (to_head_request || parsed.status < 200 || parsed.status == 204 || parsed.status == 304) {
        parsed.body = ReplyHead::Body::none;
    } else if (framing.chunked) {
        parsed.body = ReplyHead::Body::chunked;
    } else if (framing.has_length && !coded) {
        parsed.body = framing.length == 0 ? ReplyHead::Body::none : ReplyHead::Body::sized;
        parsed.length = framing.length;
    } else {
        parsed.body = ReplyHead::Body::until_close;
        parsed.close = true;
    }
    return nullptr;
}

bool could_begin_a_reply(std::string_view text) {
    constexpr std::string_view kBegin = "HTTP/";
    return text == "\r" || text.substr(0, kBegin.size()) == kBegin.substr(0, text.size());
}

std::size_t end_of_head(std::string_view text, std::size_t from) {
    for (std::size_t at = text.find('\n', from); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
        const std::string_view rest = text.substr(at + 1);
        if (rest.starts_with('\n')) return at + 2;
        if (rest.starts_with("\r\n")) return at + 3;
    }
    return std::string_view::npos;
}

}  // namespace echotrio::loadgen
