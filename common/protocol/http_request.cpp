// A request comes in: head, limits, body.
#include "common/base/check.hpp"
#include "common/protocol/http.hpp"

namespace echotrio::protocol {
namespace {

// A longer Content-Type is not sent back.
constexpr std::size_t kLongestType = 1024;

}  // namespace

bool Http::read_head(Context& context, Input& input) {
    // RFC 9112 2.2: empty lines before a request are let pass
    if (scanner_.size() == 0) {
        while (input.view().starts_with("\r\n")) input.consume(2);
        if (input.empty() || input.view() == "\r") return false;
    }
    if (room() < kReplyRoom) {
        flushing_ = true;
        return true;
    }
    const std::uint64_t limit = context.settings.max_request;
    switch (scanner_.scan(input.view().substr(0, limit))) {
        case HeadScanner::Found::end:
            return begin_request(context, input);
        case HeadScanner::Found::problem:
            return fail(context, input, scanner_.problem());
        case HeadScanner::Found::more:
            return input.size() >= limit && refuse_long_head(context, input);
    }
    CHECK(false);
    return false;
}

bool Http::refuse_long_head(Context& context, const Input& input) {
    const std::string_view all = input.view().substr(0, context.settings.max_request);
    return fail(context, input, scanner_.too_long(all));
}

// Of a head with a problem. False: in other words it has none.
bool Http::refuse_head(Context& context, Input& input, Problem problem) {
    const std::size_t size = scanner_.size();
    input.keep();
    if (reword_head(input.own(), size)) problem = parser_.parse_head(input.view().substr(0, size));
    return problem && fail(context, input, problem);
}

bool Http::begin_request(Context& context, Input& input) {
    const Problem problem = parser_.parse_head(input.view().substr(0, scanner_.size()));
    if (problem && refuse_head(context, input, problem)) return true;
    const Head& head = parser_.head();
    const std::string_view bytes = input.view().substr(0, head.size);
    if (head.content_length > context.settings.max_request - head.size) {
        return fail(context, input, {413, "the request is longer than --max-request"});
    }
    if (head.content_type.size > kLongestType) {
        return fail(context, input, {431, "the Content-Type is too long to be sent back"});
    }
    find_resource(head.method, head.target.in(bytes), context.settings, resource_);
    if (resource_.problem) {
        // what is wrong is known before the body: it is not worth receiving
        if (head.has_body()) return fail(context, input, resource_.problem);
        make_error(context, input, resource_.problem, head.keep_alive);
        finish_request(input);
        return true;
    }
    wire_ = head.size;
    phase_ = Phase::body;
    if (head.expects_continue && !head.http_1_0 && head.has_body() && input.size() == head.size) {
        append_continue(context);
        flushing_ = true;
    }
    return true;
}

bool Http::read_body(Context& context, Input& input) {
    const Head& head = parser_.head();
    if (head.chunked) return read_chunks(context, input);
    if (input.size() - head.size < head.content_length) return false;
    body_size_ = head.content_length;
    received();
    return true;
}

bool Http::read_chunks(Context& context, Input& input) {
    const std::size_t decoded = parser_.head().size + body_size_;
    CHECK_LE(decoded, input.size());
    const std::uint64_t left = context.settings.max_request - wire_;
    const std::string_view bytes = input.view().substr(decoded, left);
    const Problem too_long{413, "the request is longer than --max-request"};
    const bool full = bytes.size() == left;
    if (in_trailer_) {
        const HeadScanner::Found found = scanner_.scan(bytes);
        if (found == HeadScanner::Found::problem) return fail(context, input, scanner_.problem());
        if (found == HeadScanner::Found::more) return full && fail(context, input, too_long);
        input.keep();
        input.cut(decoded, scanner_.size());
        received();
        return true;
    }
    if (bytes.empty()) return full && fail(context, input, too_long);
    input.keep();
    char* const at = input.own() + decoded;
    ChunkDecoder::Decoded step;
    const Problem problem =
        chunks_.decode({at, bytes.size()}, at, context.settings.max_request, step);
    wire_ += step.used;
    body_size_ += step.content;
    input.cut(decoded + step.content, step.used - step.content);
    if (problem) return fail(context, input, problem);
    switch (step.reached) {
        case ChunkDecoder::Reached::nothing:
            return full && fail(context, input, too_long);
        case ChunkDecoder::Reached::too_long:
            return fail(context, input, too_long);
        case ChunkDecoder::Reached::trailer:
            in_trailer_ = true;
            scanner_ = HeadScanner(HeadScanner::Part::trailer);
            return true;
    }
    CHECK(false);
    return true;
}

// The whole request is here.
void Http::received() noexcept {
    phase_ = resource_.cost() > Nanos(0) ? Phase::cpu : Phase::reply;
}

void Http::finish_request(Input& input) {
    input.consume(parser_.head().size + body_size_);
    scanner_ = HeadScanner{};
    chunks_ = ChunkDecoder{};
    parser_.forget_head();
    body_size_ = wire_ = 0;
    in_trailer_ = false;
    if (!page_.empty()) std::string().swap(page_);  // given back: the next may be long in coming
    phase_ = closing_ ? Phase::closing : Phase::head;
}

}  // namespace echotrio::protocol
