#include "tests/support/replies.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace echotrio::test {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

[[noreturn]] void refuse(std::string_view why, std::string_view stream) {
    throw std::runtime_error(std::string(why) + ": " + std::string(stream.substr(0, 200)));
}

std::size_t number(std::string_view text, std::string_view stream) {
    std::size_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, ec] = std::from_chars(text.data(), end, value);
    if (ec != std::errc{} || rest != end) refuse("not a number", stream);
    return value;
}

}  // namespace

std::optional<std::string> StreamReply::field(std::string_view name) const {
    std::optional<std::string> found;
    for (const auto& [field, value] : fields) {
        if (field != name) continue;
        if (found) return std::nullopt;
        found = value;
    }
    return found;
}

std::optional<StreamReply> take_reply(std::string_view& stream) {
    if (stream.empty()) return std::nullopt;
    const std::size_t head_end = stream.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return std::nullopt;
    std::string_view head = stream.substr(0, head_end + kLineEnd.size());
    const auto take_line = [&] {
        const std::size_t end = head.find(kLineEnd);
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + kLineEnd.size());
        if (line.find_first_of("\r\n") != std::string_view::npos) refuse("bare CR or LF", stream);
        return line;
    };
    StreamReply reply;
    const std::string_view status_line = take_line();
    if (!status_line.starts_with("HTTP/1.1 ") || status_line.size() < 13 ||
        status_line[12] != ' ') {
        refuse("not a status line", stream);
    }
    reply.status = static_cast<int>(number(status_line.substr(9, 3), stream));
    while (!head.empty()) {
        const std::string_view line = take_line();
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) refuse("not a header field", stream);
        std::string name(line.substr(0, colon));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
        reply.fields.emplace_back(std::move(name), line.substr(colon + 2));
    }
    std::string_view rest = stream.substr(head_end + 4);
    const auto length = reply.field("content-length");
    if (reply.status >= 200 && !length) refuse("no Content-Length", stream);
    if (length && !rest.empty() && !rest.starts_with("HTTP/1.1 ")) {
        const std::size_t size = number(*length, stream);
        if (rest.size() < size) return std::nullopt;
        reply.body = rest.substr(0, size);
        rest.remove_prefix(size);
    }
    stream = rest;
    return reply;
}

std::vector<StreamReply> all_replies(std::string_view stream) {
    std::vector<StreamReply> replies;
    while (auto reply = take_reply(stream)) replies.push_back(std::move(*reply));
    if (!stream.empty()) refuse("not a whole reply", stream);
    return replies;
}

std::vector<int> statuses_of(std::string_view stream) {
    std::vector<int> statuses;
    for (const StreamReply& reply : all_replies(stream)) statuses.push_back(reply.status);
    return statuses;
}

}  // namespace echotrio::test
