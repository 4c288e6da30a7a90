// The head of an HTTP reply, as far as a load generator must understand it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace echotrio::loadgen {

// What a head says about its reply.
struct ReplyHead {
    enum class Body : std::uint8_t { none, sized, chunked, until_close };
    std::uint16_t status = 0;
    Body body = Body::none;
    bool close = false;  // the server ends the connection after this reply
    std::uint64_t length = 0;
};

// Parses a complete head, with its empty line. Returns what is wrong with it, null where nothing
// is: it is HTTP/1 and does not contradict itself.
const char* parse_reply_head(std::string_view head, bool to_head_request, ReplyHead& parsed);

// Behind the empty line that ends a head; npos: it is not there. Nothing ends before `from`.
std::size_t end_of_head(std::string_view text, std::size_t from);

// Whether a reply may begin so: one who speaks something else is not waited for until its head is
// too long.
bool could_begin_a_reply(std::string_view text);

}  // namespace echotrio::loadgen
