// The HTTP half of a session: requests in progress and their replies, in order. It exists only
// while a request does: a session takes one from its context and gives it back between requests.
// For the protocol folder alone.
//
// In `input` a request lies like this, and moves on as it comes in:
//
//     0 <= head.size <= decoded (head + body so far) <= received
//
// A chunked body is decoded in place, so its chunk lines are gone from there.
#pragma once

#include "common/protocol/chunks.hpp"
#include "common/protocol/input.hpp"
#include "common/protocol/request.hpp"
#include "common/protocol/resource.hpp"
#include "common/protocol/session.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace echotrio::protocol {

// Room in the output that a reply's own head fits in, and a whole error reply.
inline constexpr std::size_t kReplyRoom = 1024;
inline constexpr std::size_t kLongestReason = 400;

class Http {
  public:
    // Makes one that was left in the middle ready for another session. One that is done() is that.
    void reset() noexcept;

    // The next step of a session; `ended`: the peer closed its side.
    Step next(Context& context, Input& input, bool ended);
    void written(Input& input, std::size_t n);
    void hold(const Context& context);

    // False: the peer is slow at taking a reply or at ending, so nothing more can be said to it.
    bool answer_timeout(Context& context, const Input& input);
    void answer_refusal(Context& context, const Input& input);

    // Made so far, interim ones apart; wraps.
    std::uint8_t replies() const noexcept { return replies_; }
    // Nothing is here that a session between two requests needs.
    bool done(const Input& input) const noexcept {
        return phase_ == Phase::head && input.empty() && pending() == 0;
    }

  private:
    enum class Phase : std::uint8_t {
        head,     // of the next request, perhaps not begun
        body,     // of this request
        cpu,      // the request is whole: its work, if it has any,
        native,   // that without a global lock,
        hold,     // that in one piece under it,
        wait,     // its wait,
        reply,    // its reply,
        rest,     // and of that the part that is too long for the output
        closing,  // the last reply was made
    };

    // http.cpp
    bool must_read(Context& context, const Input& input, bool ended);
    std::string_view unsent(const Context& context, const Input& input) const noexcept;
    std::size_t pending() const noexcept { return made_ - sent_ + rest_size_; }

    // http_request.cpp; false: more input is needed
    bool read_head(Context& context, Input& input);
    [[gnu::noinline]] bool refuse_long_head(Context& context, const Input& input);
    [[gnu::noinline]] bool refuse_head(Context& context, Input& input, Problem problem);
    bool begin_request(Context& context, Input& input);
    bool read_body(Context& context, Input& input);
    bool read_chunks(Context& context, Input& input);
    void finish_request(Input& input);

    // http_reply.cpp
    void make_reply(Context& context, Input& input);
    Span make_body(Context& context, Input& input);
    // `input` begins with the request, or with what there is of it.
    void make_error(Context& context, const Input& input, const Problem& problem, bool keep_alive);
    // The last reply; true.
    bool fail(Context& context, const Input& input, const Problem& problem,
              CloseReason reason = CloseReason::protocol);
    void append_continue(Context& context);
    void append_allow(Context& context) noexcept;
    void append(Context& context, std::string_view text) noexcept;
    void append_head(Context& context, int status, std::string_view type, std::size_t length,
                     bool keep_alive) noexcept;
    void received() noexcept;
    std::size_t room() const noexcept { return kOutputSize - made_; }

    RequestParser parser_;
    HeadScanner scanner_;
    ChunkDecoder chunks_;
    Resource resource_;
    Phase phase_ = Phase::head;
    CloseReason reason_ = CloseReason::finished;
    std::uint8_t replies_ = 0;
    bool flushing_ = false;      // write what is pending before anything else
    bool closing_ = false;       // this reply is the last
    bool in_trailer_ = false;    // of a chunked body, whose chunks are decoded
    bool rest_is_page_ = false;  // the rest lies in page_, else in the input
    // The reply: context.output (or held_, after hold()) from sent_ to made_, then the rest.
    std::size_t made_ = 0;  // sent_ <= made_ <= kOutputSize
    std::size_t sent_ = 0;
    std::size_t rest_at_ = 0;
    std::size_t rest_size_ = 0;
    std::size_t body_size_ = 0;  // decoded so far
    std::size_t wire_ = 0;       // bytes that a chunked request took so far, chunk lines included
    std::string page_;           // /stats and the like
    std::unique_ptr<char[]> held_;
};

}  // namespace echotrio::protocol
