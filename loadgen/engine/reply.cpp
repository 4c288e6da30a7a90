#include "loadgen/engine/reply.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <limits>

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

// RFC 9112 2.2 and 5: no control character but the tab. A bare CR or LF could end a line for
// somebody else.
bool is_clean(std::string_view line) {
    return std::all_of(line.begin(), line.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= ' ' && byte != 0x7f) || byte == '\t';
    });
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

// "HTTP/1.1 200" and then a space or the end.
bool parse_status_line(std::string_view line, ReplyHead& parsed, bool& version_1_0) {
    if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ' ||
        (line[7] != '0' && line[7] != '1') || (line.size() > 12 && line[12] != ' ') ||
        !is_clean(line)) {
        return false;
    }
    version_1_0 = line[7] == '0';
    const std::string_view code = line.substr(9, 3);
    if (!std::all_of(code.begin(), code.end(), is_digit) || code[0] == '0') return false;
    parsed.status =
        static_cast<std::uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
    return true;
}

struct Framing {
    bool has_length = false, chunked = false, close = false, keep = false;
    std::uint64_t length = 0;
};

bool parse_field(std::string_view line, Framing& framing) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_clean(line)) return false;
    const std::string_view name = line.substr(0, colon);
    if (!is_token(name)) return false;
    std::string_view value = trimmed(line.substr(colon + 1));
    if (equal_ignoring_case(name, "content-length")) {
        std::uint64_t length = 0;
        if (!parse_length(value, length)) return false;
        if (framing.has_length && length != framing.length) return false;
        framing.has_length = true;
        framing.length = length;
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
        if (framing.chunked || !equal_ignoring_case(value, "chunked")) return false;
        framing.chunked = true;
    } else if (equal_ignoring_case(name, "connection")) {
        while (!value.empty()) {
            const std::size_t comma = value.find(',');
            const std::string_view token = trimmed(value.substr(0, comma));
            framing.close |= equal_ignoring_case(token, "close");
            framing.keep |= equal_ignoring_case(token, "keep-alive");
            value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
        }
    }
    return true;
}

constexpr std::string_view kHeadEnd = "\r\n\r\n";

}  // namespace

bool parse_reply_head(std::string_view head, bool to_head_request, ReplyHead& parsed) {
    bool version_1_0 = false;
    Framing framing;
    std::size_t end = head.find("\r\n");
    if (!parse_status_line(head.substr(0, end), parsed, version_1_0)) return false;
    for (head.remove_prefix(end + 2); !head.starts_with("\r\n"); head.remove_prefix(end + 2)) {
        end = head.find("\r\n");
        if (end == std::string_view::npos || !parse_field(head.substr(0, end), framing)) {
            return false;
        }
    }
    if (framing.chunked && framing.has_length) return false;
    parsed.close = framing.close || (version_1_0 && !framing.keep);
    parsed.length = 0;
    if (to_head_request || parsed.status < 200 || parsed.status == 204 || parsed.status == 304) {
        parsed.body = ReplyHead::Body::none;
    } else if (framing.chunked) {
        parsed.body = ReplyHead::Body::chunked;
    } else if (framing.has_length) {
        parsed.body = framing.length == 0 ? ReplyHead::Body::none : ReplyHead::Body::sized;
        parsed.length = framing.length;
    } else {
        parsed.body = ReplyHead::Body::until_close;
        parsed.close = true;
    }
    return true;
}

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
    const std::size_t end = all.find(kHeadEnd, had < 3 ? 0 : had - 3);
    if (end == std::string_view::npos || end + kHeadEnd.size() > kHeadLimit) {
        if (all.size() > kHeadLimit || end != std::string_view::npos) return false;
        if (!stash_) stash_ = std::make_unique<std::string>(in);
        in = {};
        return true;
    }
    const std::string_view head = all.substr(0, end + kHeadEnd.size());
    if (!parse_reply_head(head, expected.head, head_)) return false;
    if (head_.status >= 200) learn(head, head_, expected, learned);
    in.remove_prefix(head.size() - had);
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
    const bool letter = lower >= 'a' && lower <= 'f';
    if ((!is_digit(c) && !letter) || ++digits_ > 15) return false;
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
