// The generator's reply parser: how the bytes are cut up must not change what it reads, a learned
// head must read like a parsed one, and where llhttp understands a reply too, both must find the
// same end and the same body. Input: flags, a number of cuts, the cuts, the stream.
#include "common/base/check.hpp"
#include "loadgen/engine/reply.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <llhttp.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

using loadgen::ExpectedReply;
using loadgen::LearnedReply;
using loadgen::ReplyReader;

struct Reply {
    std::uint16_t status = 0;
    bool close = false;
    std::size_t end = 0;  // in the stream
    bool operator==(const Reply&) const = default;
};

struct Reading {
    std::vector<Reply> replies;
    ReplyReader::Outcome last = ReplyReader::Outcome::done;  // of the one that is not whole
    bool ends_in_order = false;
    bool operator==(const Reading&) const = default;
};

Reading read(std::string_view stream, std::string_view cuts, const ExpectedReply& expected,
             bool learn) {
    Reading reading;
    ReplyReader reader;
    LearnedReply learned;
    for (std::size_t at = 0, i = 0; at < stream.size(); ++i) {
        std::size_t n = stream.size() - at;
        if (!cuts.empty()) {
            n = std::min<std::size_t>(n, 1U + static_cast<unsigned char>(cuts[i % cuts.size()]));
        }
        // memory of its own, so that a byte read too far or too late is seen
        const std::vector<char> piece(stream.begin() + static_cast<std::ptrdiff_t>(at),
                                      stream.begin() + static_cast<std::ptrdiff_t>(at + n));
        at += n;
        std::string_view left(piece.data(), piece.size());
        while (!left.empty()) {
            const auto progress = reader.feed(left, expected, learned);
            CHECK(progress.taken <= left.size());
            left.remove_prefix(progress.taken);
            reading.last = progress.outcome;
            if (progress.outcome == ReplyReader::Outcome::more) {
                CHECK(left.empty());
                break;
            }
            if (progress.outcome != ReplyReader::Outcome::done) return reading;
            CHECK(progress.taken > 0);
            reading.replies.push_back({reader.status(), reader.close(), at - left.size()});
            reader.reset();
            if (!learn) learned = {};
        }
    }
    reading.ends_in_order = reader.finish_at_end(expected);
    return reading;
}

// What llhttp makes of the first reply that is not an interim one.
struct Other {
    llhttp_errno_t error = HPE_OK;
    bool complete = false;
    bool chunked = false;
    int status = 0;
    std::size_t end = 0;
    std::string body;
    bool to_head = false;
};

int on_headers_complete(llhttp_t* parser) {
    auto& other = *static_cast<Other*>(parser->data);
    other.status = parser->status_code;
    other.chunked = (parser->flags & F_CHUNKED) != 0;
    const bool bodiless = other.to_head || other.status < 200 || other.status == 204 ||
                          other.status == 304;  // RFC 9112 6.3
    return bodiless ? 1 : 0;
}

int on_body(llhttp_t* parser, const char* at, std::size_t size) {
    static_cast<Other*>(parser->data)->body.append(at, size);
    return 0;
}

int on_message_complete(llhttp_t* parser) {
    static_cast<Other*>(parser->data)->complete = true;
    return HPE_PAUSED;
}

Other read_with_llhttp(std::string_view stream, bool to_head) {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_headers_complete = on_headers_complete;
    settings.on_body = on_body;
    settings.on_message_complete = on_message_complete;
    std::size_t at = 0;
    while (true) {
        Other other;
        other.to_head = to_head;
        llhttp_t parser;
        llhttp_init(&parser, HTTP_RESPONSE, &settings);
        parser.data = &other;
        other.error = llhttp_execute(&parser, stream.data() + at, stream.size() - at);
        if (!other.complete) return other;
        other.end = static_cast<std::size_t>(llhttp_get_error_pos(&parser) - stream.data());
        if (other.status >= 200 || other.status == 101) return other;
        at = other.end;
    }
}

// Where we read what llhttp, made for servers, refuses, as far as RFC 9110 and 9112 let a
// recipient: a length said twice or with a tab (8.6, 5.6.3), one beside a coding (9112, 6.3),
// blanks before a colon (5.1), folded lines (5.2), single line feeds (2.2), other control
// characters (9110, 5.5), later versions of HTTP/1 (2.5).
bool known_to_differ(llhttp_errno_t error) {
    switch (error) {
        case HPE_UNEXPECTED_CONTENT_LENGTH:
        case HPE_INVALID_CONTENT_LENGTH:
        case HPE_INVALID_TRANSFER_ENCODING:
        case HPE_INVALID_HEADER_TOKEN:
        case HPE_LF_EXPECTED:
        case HPE_CR_EXPECTED:
        case HPE_INVALID_CONSTANT:
        case HPE_INVALID_VERSION:
        case HPE_STRICT:
            return true;
        default:
            return false;
    }
}

void compare_with_llhttp(std::string_view stream, const Reading& reading, bool to_head) {
    std::size_t begin = 0;
    for (const Reply& reply : reading.replies) {
        const std::string_view bytes = stream.substr(begin, reply.end - begin);
        begin = reply.end;
        const Other other = read_with_llhttp(bytes, to_head);
        if (other.status == 101) return;  // what follows is not HTTP
        // chunk extensions and trailers it takes apart, we pass over them
        CHECK(other.complete || other.chunked || known_to_differ(other.error));
        if (!other.complete) continue;
        CHECK(other.end == bytes.size());
        CHECK(other.status == reply.status);
        if (to_head || reply.status >= 300) continue;
        ExpectedReply expected{.check = true, .body = other.body};
        CHECK(read(bytes, {}, expected, true).last == ReplyReader::Outcome::done);
        const std::string longer = other.body + 'x';
        expected.body = longer;
        CHECK(read(bytes, {}, expected, true).last == ReplyReader::Outcome::mismatch);
    }
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace echotrio::test;
    std::string_view input = text_of(data, size);
    const unsigned flags = take_byte(input);
    const unsigned count = take_byte(input) % 16;
    const std::string_view cuts = input.substr(0, count);
    input.remove_prefix(cuts.size());
    const echotrio::loadgen::ExpectedReply expected{
        .head = (flags & 1U) != 0, .check = (flags & 2U) != 0, .body = "hello"};
    const Reading whole = read(input, {}, expected, true);
    CHECK(read(input, cuts, expected, true) == whole);
    CHECK(read(input, cuts, expected, false) == whole);
    compare_with_llhttp(input, whole, expected.head);
    return 0;
}
