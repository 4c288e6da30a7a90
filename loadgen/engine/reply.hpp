// HTTP replies, as far as a load generator must understand them: where one ends, its status, and
// whether its body is the expected one. Incremental, bounded, without I/O. It reads what browsers
// and curl read, as far as RFC 9112 lets a recipient, and says what is wrong with the rest.
#pragma once

#include "loadgen/engine/reply_head.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

// What is known beforehand about a reply.
struct ExpectedReply {
    bool head = false;        // to HEAD: no body, whatever the head says
    bool check = false;       // the body must be `body`
    std::string_view body{};  // valid while the reply is read
};

// The last reply met, with its meaning: most replies of a run are the same bytes, and comparing
// them is cheaper than parsing. One per request class and thread.
struct LearnedReply {
    static constexpr std::size_t kBodyLimit = 4096;  // of a longer body the comparison is the cost

    std::string bytes;  // its head, and where the body is known beforehand the body too
    std::size_t head_size = 0;
    bool whole = false;  // nothing but `bytes` belongs to it
    ReplyHead head;
};

// One connection's place in the reply that is coming in. Holds no buffer unless a head is cut in
// two, and then at most kHeadLimit bytes.
class ReplyReader {
  public:
    static constexpr std::size_t kHeadLimit = 256 * 1024;

    enum class Outcome : std::uint8_t {
        more,      // all bytes were taken and the reply goes on
        done,      // it ended; bytes beyond it are not taken
        mismatch,  // the body is not the expected one
        broken,    // not HTTP
    };
    struct Progress {
        Outcome outcome;
        std::size_t taken;
    };

    // Precondition after done: reset() was called.
    Progress feed(std::string_view bytes, const ExpectedReply& expected, LearnedReply& learned) {
        if (learned.whole && !begun() && bytes.starts_with(learned.bytes)) [[likely]] {
            head_ = learned.head;
            done_ = true;
            return {Outcome::done, learned.bytes.size()};
        }
        return parse(bytes, expected, learned);
    }

    // The server closed: whether that ends the reply in order (a body until close).
    bool finish_at_end(const ExpectedReply& expected) const;

    std::uint16_t status() const { return head_.status; }
    // After broken: what is wrong, in words.
    const char* fault() const { return fault_; }
    bool close() const { return head_.close; }
    bool begun() const { return phase_ != Phase::head || stash_ != nullptr; }
    void reset() {
        phase_ = Phase::head;
        done_ = false;
        body_at_ = 0;
        stash_.reset();
    }

  private:
    enum class Phase : std::uint8_t {
        head,
        body,
        chunk_size,
        chunk_extension,
        chunk_data,
        chunk_end,
        trailer
    };
    Progress parse(std::string_view bytes, const ExpectedReply& expected, LearnedReply& learned);
    bool take_head(std::string_view& in, const ExpectedReply& expected, LearnedReply& learned);
    bool take_body(std::string_view& in, const ExpectedReply& expected);
    bool take_chunk_size(std::string_view& in);
    bool take_line_end(std::string_view& in);
    bool take_trailer(std::string_view& in);
    void head_is_known();
    bool step(std::string_view& in, const ExpectedReply& expected, LearnedReply& learned);

    Outcome failure_ = Outcome::broken;
    const char* fault_ = nullptr;
    Phase phase_ = Phase::head;
    bool done_ = false;
    std::uint8_t digits_ = 0;  // of the chunk size
    std::uint32_t line_ = 0;   // bytes of the trailer line, or of a chunk's line end
    std::uint32_t extra_ = 0;  // bytes of chunk extensions and trailer, bounded together
    ReplyHead head_;
    std::uint64_t left_ = 0;              // of the body or the chunk
    std::uint64_t body_at_ = 0;           // bytes of the body so far
    std::unique_ptr<std::string> stash_;  // the beginning of a cut head
};

}  // namespace echotrio::loadgen
