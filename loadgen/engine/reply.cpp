#include "loadgen/engine/reply.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <limits>

namespace echotrio::loadgen {
namespace {

// Errors and redirections come with a body of their own.
bool is_checked(const ExpectedReply& expected, const ReplyHead& head) {
    return expected.check && head.status < 300;
}

void learn(std::string_view bytes, const ReplyHead& head, const ExpectedReply& expected,
           LearnedReply& learned) {
    learned.bytes = bytes;
    learned.head_size = bytes.size();
    learned.head = head;
    const std::string_view body = is_checked(expected, head) ? expected.body : std::string_view();
    const bool framed = head.body == ReplyHead::Body::none || head.body == ReplyHead::Body::sized;
    learned.whole = framed && head.length == body.size() && body.size() <= LearnedReply::kBodyLimit;
    if (learned.whole) learned.bytes += body;
}

}  // namespace

void ReplyReader::head_is_known() {
    body_at_ = 0;
    if (head_.status < 200) return;  // an interim reply: the real head follows
    switch (head_.body) {
        case ReplyHead::Body::none:
            done_ = true;
            break;
        case ReplyHead::Body::sized:
            phase_ = Phase::body;
            left_ = head_.length;
            break;
        case ReplyHead::Body::chunked:
            phase_ = Phase::chunk_size;
            left_ = 0;
            digits_ = 0;
            extra_ = 0;
            break;
        case ReplyHead::Body::until_close:
            phase_ = Phase::body;
            left_ = std::numeric_limits<std::uint64_t>::max();
            break;
    }
}

// Takes a whole head, or stashes what there is of it.
bool ReplyReader::take_head(std::string_view& in, const ExpectedReply& expected,
                            LearnedReply& learned) {
    if (!stash_ && learned.head_size > 0 &&
        in.starts_with(std::string_view(learned.bytes).substr(0, learned.head_size))) {
        in.remove_prefix(learned.head_size);
        head_ = learned.head;
        head_is_known();
        return true;
    }
    std::string_view all = in;
    std::size_t had = 0;
    if (stash_) {
        had = stash_->size();
        stash_->append(in.substr(0, kHeadLimit + 1 - std::min(had, kHeadLimit)));
        all = *stash_;
    }
    // One empty line before the head is passed over, as servers do before a request.
    const std::size_t begin = all.starts_with("\r\n") ? 2 : 0;
    const std::size_t end = end_of_head(all, std::max(begin, had < 3 ? 0 : had - 3));
    if (all.size() > kHeadLimit && (end == std::string_view::npos || end > kHeadLimit)) {
        fault_ = "the head is longer than 256 KiB";
        return false;
    }
    if (end == std::string_view::npos) {
        if (!could_begin_a_reply(all.substr(begin))) {
            fault_ = "what came is no HTTP";
            return false;
        }
        if (!stash_) stash_ = std::make_unique<std::string>(in);
        in = {};
        return true;
    }
    const std::string_view head = all.substr(begin, end - begin);
    if (const char* const fault = parse_reply_head(head, expected.head, head_)) {
        fault_ = fault;
        return false;
    }
    if (head_.status >= 200) learn(head, head_, expected, learned);
    in.remove_prefix(end - had);
    stash_.reset();
    head_is_known();
    return true;
}

bool ReplyReader::take_body(std::string_view& in, const ExpectedReply& expected) {
    const std::string_view piece = in.substr(0, std::min<std::uint64_t>(left_, in.size()));
    if (is_checked(expected, head_)) {
        if (expected.body.size() - std::min<std::uint64_t>(body_at_, expected.body.size()) <
                piece.size() ||
            std::memcmp(expected.body.data() + body_at_, piece.data(), piece.size()) != 0) {
            failure_ = Outcome::mismatch;
            return false;
        }
    }
    body_at_ += piece.size();
    in.remove_prefix(piece.size());
    if (head_.body != ReplyHead::Body::until_close) left_ -= piece.size();
    if (left_ > 0) return true;
    if (phase_ == Phase::body) {
        done_ = true;
    } else {
        phase_ = Phase::chunk_end;
        line_ = 0;
    }
    return true;
}

// Hex digits, then an extension that is passed over, then CR LF.
bool ReplyReader::take_chunk_size(std::string_view& in) {
    const char c = in.front();
    in.remove_prefix(1);
    if (phase_ == Phase::chunk_extension) {
        if (c == '\n') {
            if (line_ == 0) return false;  // no CR before it
            phase_ = left_ > 0 ? Phase::chunk_data : Phase::trailer;
            line_ = 0;
            digits_ = 0;
            return true;
        }
        if (line_ != 0) return false;  // something between CR and LF
        line_ = c == '\r' ? 1 : 0;
        return ++extra_ <= kHeadLimit;
    }
    if (digits_ > 0 && (c == '\r' || c == ';' || c == ' ' || c == '\t')) {
        phase_ = Phase::chunk_extension;
        line_ = c == '\r' ? 1 : 0;
        return true;
    }
    const int lower = std::tolower(static_cast<unsigned char>(c));
    const bool digit = c >= '0' && c <= '9', letter = lower >= 'a' && lower <= 'f';
    if ((!digit && !letter) || ++digits_ > 15) return false;
    left_ = left_ * 16 + static_cast<std::uint64_t>(letter ? lower - 'a' + 10 : c - '0');
    return true;
}

bool ReplyReader::take_line_end(std::string_view& in) {
    const char c = in.front();
    in.remove_prefix(1);
    if (c != (line_ == 0 ? '\r' : '\n')) return false;
    if (++line_ == 2) {
        phase_ = Phase::chunk_size;
        digits_ = 0;
    }
    return true;
}

// Lines up to an empty one; line_ counts the bytes of the current line, 1 + its CR in the end.
bool ReplyReader::take_trailer(std::string_view& in) {
    const char c = in.front();
    in.remove_prefix(1);
    if (++extra_ > kHeadLimit) return false;
    if (c == '\n') {
        if (digits_ == 0) return false;  // no CR before it
        if (line_ == 1) done_ = true;
        line_ = 0;
        digits_ = 0;
        return true;
    }
    if (digits_ != 0) return false;
    digits_ = c == '\r' ? 1 : 0;
    ++line_;
    return true;
}

bool ReplyReader::step(std::string_view& in, const ExpectedReply& expected, LearnedReply& learned) {
    switch (phase_) {
        case Phase::head:
            return take_head(in, expected, learned);
        case Phase::body:
        case Phase::chunk_data:
            return take_body(in, expected);
        case Phase::chunk_size:
        case Phase::chunk_extension:
            return take_chunk_size(in);
        case Phase::chunk_end:
            return take_line_end(in);
        case Phase::trailer:
            return take_trailer(in);
    }
    return false;
}

ReplyReader::Progress ReplyReader::parse(std::string_view bytes, const ExpectedReply& expected,
                                         LearnedReply& learned) {
    std::string_view in = bytes;
    failure_ = Outcome::broken;
    fault_ = "the chunks of the body are malformed";
    while (!in.empty() && !done_) {
        if (!step(in, expected, learned)) return {failure_, bytes.size() - in.size()};
    }
    if (!done_) return {Outcome::more, bytes.size()};
    const bool whole = !is_checked(expected, head_) || body_at_ == expected.body.size();
    return {whole ? Outcome::done : Outcome::mismatch, bytes.size() - in.size()};
}

bool ReplyReader::finish_at_end(const ExpectedReply& expected) const {
    if (phase_ != Phase::body || head_.body != ReplyHead::Body::until_close) return false;
    return !is_checked(expected, head_) || body_at_ == expected.body.size();
}

}  // namespace echotrio::loadgen
