// The head of one HTTP/1.x request on its way in (RFC 9112 2 to 5, with llhttp). Everything is said
// in offsets from the request's first byte, so the bytes may move meanwhile.
// This header is for the protocol folder alone; it brings llhttp with it.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace echotrio::protocol {

// Why a request is turned down; status 0 = it is not. The reason is a view of a literal, or of a
// text that its owner keeps beside it.
struct Problem {
    int status = 0;
    std::string_view reason{};
    explicit operator bool() const noexcept { return status != 0; }
};

// The size of the token that `text` begins with (RFC 9110 5.6.2); 0: none.
std::size_t token_size(std::string_view text) noexcept;

enum class Method : std::uint8_t { get, head, post, put, options, connect, other };

// True when `start` begins with a known method and a space.
bool starts_with_method(std::string_view start) noexcept;
// True when more bytes could make it so.
bool may_become_method(std::string_view start) noexcept;

struct Span {
    std::size_t at = 0;
    std::size_t size = 0;
    std::string_view in(std::string_view bytes) const noexcept { return bytes.substr(at, size); }
};

struct Head {
    std::size_t size = 0;  // bytes, the empty line included
    Method method = Method::other;
    bool http_1_0 = false;
    bool keep_alive = false;
    bool chunked = false;
    bool expects_continue = false;
    std::uint64_t content_length = 0;
    Span target;
    Span content_type;

    bool has_body() const noexcept { return chunked || content_length > 0; }
};

// Finds the end of a head or of a chunked body's trailer, line by line as bytes arrive, and refuses
// what llhttp 8.1 (strict) lets pass and a proxy in front might read differently: a bare LF, or a
// CR in it, as the end of a line; folded lines; a field without a name; and in the request line a
// version that it does not know, spaces too many, methods that are not HTTP's. A trailer it checks
// whole: llhttp never sees one, because since 9.0 it takes a Content-Length there for the body's.
class HeadScanner {
  public:
    enum class Part : std::uint8_t { head, trailer };
    enum class Found : std::uint8_t { more, end, problem };

    explicit HeadScanner(Part part = Part::head) noexcept : part_(part) {}

    // `bytes` begins at the part's first byte each time. Looks at each byte once.
    Found scan(std::string_view bytes);

    std::size_t size() const noexcept { return scanned_; }  // after end: of the part
    const Problem& problem() const noexcept { return problem_; }
    // What is wrong with a head that has not ended within these bytes, all that it may have.
    Problem too_long(std::string_view bytes) const;

  private:
    Found line(std::string_view text);

    Part part_;
    std::size_t line_ = 0;     // where the current line begins
    std::size_t scanned_ = 0;  // line_ <= scanned_
    Problem problem_;
};

// Says what HTTP allows and llhttp does not read in words that it does, in place: tabs around a
// field's value become spaces (RFC 9112 5), HTTP/1.2 and later become 1.1 (RFC 9110 2.5). False:
// there is nothing of that. The head is one that HeadScanner found.
bool reword_head(char* head, std::size_t size) noexcept;

// llhttp with what it does not check itself: the form of the target, that Host is there once and a
// host, that nothing but chunked is a transfer coding and not beside a Content-Length or in
// HTTP/1.0, Expect, and "close" as any token of any Connection field. One object serves one request
// after the other.
class RequestParser {
  public:
    RequestParser();
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;

    // `bytes` is exactly a head that HeadScanner found. On success head() is valid.
    Problem parse_head(std::string_view bytes);
    const Head& head() const noexcept { return head_; }
    void forget_head() noexcept { head_ = Head{}; }

  private:
    struct Callbacks;
    enum class Field : std::uint8_t {
        other,
        host,
        expect,
        connection,
        content_type,
        transfer_encoding
    };

    Problem check(std::string_view target) const;

    llhttp_t parser_;
    Head head_;
    const char* start_ = nullptr;  // of the bytes being parsed
    Field field_ = Field::other;
    std::uint8_t hosts_ = 0;
    std::uint8_t encodings_ = 0;
    bool plain_chunked_ = false;
    bool close_ = false;
    bool keep_alive_ = false;
    bool unknown_expectation_ = false;
    bool bad_host_ = false;
};

}  // namespace echotrio::protocol
