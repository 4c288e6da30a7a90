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
    }
    if (input.empty() || input.view() == "\r") return false;
    if (room() < kReplyRoom) {
        flushing_ = true;
        return true;
    }
    const std::uint64_t limit = context.settings.max_request;
    switch (scanner_.scan(input.view().substr(0, limit))) {
        case HeadScanner::Found::end:
            begin_request(context, input);
            return true;
        case HeadScanner::Found::problem:
            fail(context, scanner_.problem());
            return true;
        case HeadScanner::Found::more:
            if (input.size() < limit) return false;
            fail(context, {431, "the head is longer than --max-request"});
            return true;
    }
    CHECK(false);
    return false;
}

void Http::begin_request(Context& context, Input& input) {
    const std::string_view bytes = input.view().substr(0, scanner_.size());
    if (const Problem problem = parser_.parse_head(bytes)) return fail(context, problem);
    const Head& head = parser_.head();
    if (head.content_length > context.settings.max_request - head.size) {
        return fail(context, {413, "the request is longer than --max-request"});
    }
    if (head.content_type.size > kLongestType) {
        return fail(context, {431, "the Content-Type is too long to be sent back"});
    }
    resource_ = find_resource(head.method, head.target.in(bytes), context.settings);
    if (resource_.problem) {
        // what is wrong is known before the body: it is not worth receiving
        if (head.has_body()) return fail(context, resource_.problem);
        make_error(context, resource_.problem, head.keep_alive);
        return finish_request(input);
    }
    wire_ = head.size;
    phase_ = Phase::body;
    if (head.expects_continue && !head.http_1_0 && head.has_body() && input.size() == head.size) {
        append_continue(context);
        flushing_ = true;
    }
}

bool Http::read_body(Context& context, Input& input) {
    const Head& head = parser_.head();
    if (head.chunked) return read_chunks(context, input);
    if (input.size() - head.size < head.content_length) return false;
    body_size_ = head.content_length;
    phase_ = Phase::cpu;
    return true;
}

bool Http::read_chunks(Context& context, Input& input) {
    const std::size_t decoded = parser_.head().size + body_size_;
    CHECK_LE(decoded, input.size());
    if (decoded == input.size()) return false;
    input.keep();
    const std::uint64_t limit = context.settings.max_request;
    RequestParser::Decoded step;
    const Problem problem = parser_.decode_chunks(input.view().substr(decoded, limit - wire_),
                                                  input.own() + decoded, step);
    wire_ += step.used;
    body_size_ += step.content;
    input.cut(decoded + step.content, step.used - step.content);
    if (problem) {
        fail(context, problem);
    } else if (step.done) {
        phase_ = Phase::cpu;
    } else if (wire_ == limit) {
        fail(context, {413, "the request is longer than --max-request"});
    } else {
        return false;
    }
    return true;
}

void Http::finish_request(Input& input) {
    input.consume(parser_.head().size + body_size_);
    scanner_ = HeadScanner{};
    parser_.forget_head();
    body_size_ = wire_ = 0;
    page_.clear();
    phase_ = closing_ ? Phase::closing : Phase::head;
}

}  // namespace echotrio::protocol
