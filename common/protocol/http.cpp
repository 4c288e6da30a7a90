// HTTP: from request to reply, one after the other, several replies gathered in one write.
#include "common/protocol/http.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <cstring>

namespace echotrio::protocol {
namespace {

Step compute(Work work, Nanos duration) noexcept {
    return {.kind = Step::Kind::compute, .work = work, .duration = duration};
}

}  // namespace

void Http::reset() noexcept {
    scanner_ = HeadScanner{};
    chunks_ = ChunkDecoder{};
    parser_.forget_head();
    phase_ = Phase::head;
    reason_ = CloseReason::finished;
    flushing_ = closing_ = in_trailer_ = false;
    made_ = sent_ = rest_at_ = rest_size_ = 0;
    wire_ = body_size_ = 0;
    std::string().swap(page_);
    held_.reset();
}

Step Http::next(Context& context, Input& input, bool ended) {
    while (true) {
        if (flushing_) {
            if (pending() > 0) return {.kind = Step::Kind::write, .bytes = unsent(context, input)};
            flushing_ = false;
        }
        switch (phase_) {
            case Phase::head:
                if (!read_head(context, input) && must_read(context, input, ended)) {
                    return {Step::Kind::read};
                }
                break;
            case Phase::body:
                if (!read_body(context, input) && must_read(context, input, ended)) {
                    return {Step::Kind::read};
                }
                break;
            case Phase::cpu:
                if (pending() > 0) {
                    flushing_ = true;  // earlier replies do not wait for this request's work
                    break;
                }
                phase_ = Phase::native;
                if (resource_.cpu > Nanos(0)) return compute(Work::interpreted, resource_.cpu);
                break;
            case Phase::native:
                phase_ = Phase::hold;
                if (resource_.native > Nanos(0)) return compute(Work::native, resource_.native);
                break;
            case Phase::hold:
                phase_ = Phase::wait;
                if (resource_.hold > Nanos(0)) return compute(Work::hold, resource_.hold);
                break;
            case Phase::wait:
                phase_ = Phase::reply;
                if (resource_.wait > Nanos(0)) {
                    return {.kind = Step::Kind::wait, .duration = resource_.wait};
                }
                break;
            case Phase::reply:
                make_reply(context, input);
                break;
            case Phase::rest:
                flushing_ = true;
                break;
            case Phase::closing:
                flushing_ = pending() > 0;
                if (flushing_) break;
                return {ended ? Step::Kind::close : Step::Kind::shut_down, reason_};
        }
    }
}

// What is here is not enough to go on with. False: there is something to do all the same.
bool Http::must_read(Context& context, const Input& input, bool ended) {
    if (pending() > 0) {
        flushing_ = true;
    } else if (!ended) {
        return true;
    } else if (phase_ == Phase::head && input.empty()) {
        phase_ = Phase::closing;
    } else {
        fail(context, input, {400, "the connection ended in the middle of a request"});
    }
    return false;
}

void Http::written(Input& input, std::size_t n) {
    CHECK_LE(n, pending());
    const std::size_t made = std::min(n, made_ - sent_);
    sent_ += made;
    rest_at_ += n - made;
    rest_size_ -= n - made;
    if (pending() > 0) return;
    made_ = sent_ = 0;
    held_.reset();
    if (phase_ == Phase::rest) finish_request(input);
}

std::string_view Http::unsent(const Context& context, const Input& input) const noexcept {
    if (sent_ < made_) {
        return {(held_ ? held_.get() : context.output.data()) + sent_, made_ - sent_};
    }
    return (rest_is_page_ ? std::string_view(page_) : input.view()).substr(rest_at_, rest_size_);
}

void Http::hold(const Context& context) {
    if (held_ || sent_ == made_) return;
    held_.reset(new char[made_]);
    std::memcpy(held_.get(), context.output.data(), made_);
}

}  // namespace echotrio::protocol
