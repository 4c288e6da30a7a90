// Which protocol it is, and raw echo. HTTP is in http.cpp.
#include "common/protocol/session.hpp"

#include "common/base/check.hpp"
#include "common/protocol/http.hpp"

#include <utility>

namespace echotrio::protocol {

void HttpDeleter::operator()(Http* http) const noexcept {
    delete http;
}

Session::Session(Context& context) : context_(context) {
    context_.counters.opened.add();
}

Session::~Session() {
    if (http_) give_http_back();
    context_.counters.closed.add();
}

Step Session::next() {
    if (ending_ != Ending::no) [[unlikely]]
        return next_at_the_end();
    if (protocol_ == Protocol::undecided) {
        if (!decide()) return read();
        if (ending_ != Ending::no) return next_at_the_end();
    }
    return protocol_ == Protocol::raw ? next_raw() : next_http();
}

bool Session::took_none(Io::Kind why) {
    if (why == Io::Kind::would_block) return false;
    if (why == Io::Kind::end) ended_ = true;
    if (why == Io::Kind::late) timed_out();
    if (why == Io::Kind::failed) broken();
    return true;
}

// RFC 9112 9.6: after the last reply the server reads on, as much as comes, because a reset would
// take that reply away from who is still sending. The server's clock ends it.
Step Session::next_at_the_end() {
    if (ending_ == Ending::now || ended_) return {Step::Kind::close, reason_};
    input_.consume(input_.size());
    return {Step::Kind::read};
}

// A connection that lingers holds nothing.
void Session::linger(CloseReason reason) {
    ending_ = Ending::lingering;
    reason_ = reason;
    input_.consume(input_.size());
    give_http_back();
}

void Session::give_http_back() noexcept {
    if (!context_.spare_http) {
        http_->reset();
        context_.spare_http = std::move(http_);
    }
    http_.reset();
}

void Session::receive(std::string_view bytes) {
    context_.counters.bytes_in.add(bytes.size());
    const std::size_t most = context_.settings.max_request + bytes.size();
    input_.receive(bytes, most);
    CHECK_LE(input_.size(), most);
    if (protocol_ == Protocol::raw) begin_echo();
}

void Session::sent_none(Io::Kind why) {
    if (why == Io::Kind::late) timed_out();
    if (why == Io::Kind::failed) broken();
}

void Session::written(std::size_t n) {
    context_.counters.bytes_out.add(n);
    if (protocol_ == Protocol::raw) {
        input_.consume(n);
    } else {
        http_->written(input_, n);
    }
}

void Session::hold() {
    input_.keep();
    if (http_) http_->hold(context_);
}

void Session::timed_out() {
    if (refused_ && protocol_ == Protocol::undecided) return close_now(CloseReason::refused);
    if (ending_ == Ending::lingering) {  // it has its reply, and why is counted
        ended_ = true;
        return;
    }
    context_.counters.timeouts.add();
    if (protocol_ == Protocol::undecided && !input_.empty()) {
        ended_ = true;  // it did not become HTTP: raw echo gives back what came, and ends
        reason_ = CloseReason::timeout;
        return;
    }
    if (http_ && http_->answer_timeout(context_, input_)) return;
    close_now(CloseReason::timeout);
}

void Session::refuse() {
    context_.counters.refused.add();
    refused_ = true;
}

Waiting Session::waits() const noexcept {
    if (protocol_ == Protocol::undecided) {
        if (refused_) return Waiting::refused;
        return input_.empty() ? Waiting::quiet : Waiting::request;
    }
    if (ending_ == Ending::lingering) return Waiting::lingering;
    return !http_ || http_->done(input_) ? Waiting::quiet : Waiting::request;
}

std::uint8_t Session::request() const noexcept {
    return http_ ? http_->replies() : 0;
}

bool Session::at_rest() const noexcept {
    return input_.empty() && (!http_ || http_->done(input_));
}

// False: the bytes so far may still become an HTTP method.
bool Session::decide() {
    const std::string_view start = input_.view();
    const Mode mode = context_.settings.mode;
    if (mode == Mode::http ? start.empty() : mode != Mode::echo && may_become_method(start)) {
        if (!ended_) return false;
    } else if (mode == Mode::http || (mode == Mode::automatic && starts_with_method(start))) {
        protocol_ = Protocol::http;
        return true;
    }
    protocol_ = Protocol::raw;
    if (refused_) {
        close_now(CloseReason::refused);
    } else if (!input_.empty()) {
        begin_echo();
    }
    return true;
}

// A stream has no messages: what one read brings is the request, with its work and base cost.
void Session::begin_echo() noexcept {
    context_.counters.requests.add();
    compute_due_ = context_.raw_work > Nanos(0);
    wait_due_ = context_.settings.wait > Nanos(0);
}

Step Session::next_raw() {
    if (std::exchange(compute_due_, false)) {
        return {.kind = Step::Kind::compute, .duration = context_.raw_work};
    }
    if (std::exchange(wait_due_, false)) {
        return {.kind = Step::Kind::wait, .duration = context_.settings.wait};
    }
    if (!input_.empty()) return {.kind = Step::Kind::write, .bytes = input_.view()};
    if (ended_) return {Step::Kind::close, reason_};
    return read();
}

Step Session::next_http() {
    if (!http_) {
        if (input_.empty()) return ended_ ? Step{Step::Kind::close} : read();
        http_ = std::move(context_.spare_http);
        if (!http_) http_.reset(new Http);
        if (refused_) http_->answer_refusal(context_, input_);
    }
    const Step step = http_->next(context_, input_, ended_);
    if (step.kind != Step::Kind::read) {
        if (step.kind == Step::Kind::shut_down) [[unlikely]]
            linger(step.reason);
        return step;
    }
    if (http_->done(input_)) {
        if (context_.spare_http) {
            http_.reset();
        } else {
            context_.spare_http = std::move(http_);
        }
    }
    return read();
}

// Between requests a drain ends the session. Otherwise the input buffer may be used anew.
Step Session::read() {
    if (at_rest() && context_.draining.load()) {
        return {Step::Kind::close, CloseReason::draining};
    }
    input_.keep();
    return {Step::Kind::read};
}

void Session::broken() noexcept {
    if (ending_ == Ending::lingering) {  // nothing was left to be lost
        ended_ = true;
        return;
    }
    context_.counters.resets.add();
    close_now(CloseReason::reset);
}

void Session::close_now(CloseReason reason) noexcept {
    ending_ = Ending::now;
    reason_ = reason;
}

}  // namespace echotrio::protocol
