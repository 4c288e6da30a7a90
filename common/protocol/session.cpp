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
    if (http_ && !context_.spare_http) {
        http_->reset();
        context_.spare_http = std::move(http_);
    }
    context_.counters.closed.add();
}

Step Session::next() {
    if (closing_) return {Step::Kind::close, reason_};
    if (protocol_ == Protocol::undecided && !decide()) return read();
    if (closing_) return {Step::Kind::close, reason_};
    return protocol_ == Protocol::raw ? next_raw() : next_http();
}

void Session::receive(std::string_view bytes) {
    context_.counters.bytes_in.add(bytes.size());
    const std::size_t most = context_.settings.max_request + bytes.size();
    input_.receive(bytes, most);
    CHECK_LE(input_.size(), most);
    if (protocol_ == Protocol::raw) begin_echo();
}

void Session::end_of_stream() {
    ended_ = true;
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
    if (lingering()) {  // it has its reply, and why is counted
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

bool Session::in_request() const noexcept {
    if (protocol_ == Protocol::undecided) return refused_ || !input_.empty();
    return http_ && http_->receiving() && !http_->done(input_);
}

bool Session::lingering() const noexcept {
    return http_ && http_->lingering();
}

bool Session::idle() const noexcept {
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

// A stream has no messages: what one read brings is the request, with its work.
void Session::begin_echo() noexcept {
    context_.counters.requests.add();
    compute_due_ = context_.settings.cpu > Nanos(0);
    wait_due_ = context_.settings.wait > Nanos(0);
}

Step Session::next_raw() {
    if (std::exchange(compute_due_, false)) {
        return {Step::Kind::compute, {}, {}, context_.settings.cpu};
    }
    if (std::exchange(wait_due_, false)) {
        return {Step::Kind::wait, {}, {}, context_.settings.wait};
    }
    if (!input_.empty()) return {Step::Kind::write, {}, input_.view()};
    if (ended_) return {Step::Kind::close, reason_};
    return read();
}

Step Session::next_http() {
    if (!http_) {
        if (input_.empty()) return ended_ ? Step{Step::Kind::close} : read();
        http_ = std::move(context_.spare_http);
        if (!http_) http_.reset(new Http);
        if (refused_) http_->answer_refusal(context_);
    }
    const Step step = http_->next(context_, input_, ended_);
    if (step.kind != Step::Kind::read) return step;
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
    if (idle() && context_.draining.load()) {
        return {Step::Kind::close, CloseReason::draining};
    }
    input_.keep();
    return {Step::Kind::read};
}

void Session::close_now(CloseReason reason) noexcept {
    closing_ = true;
    reason_ = reason;
}

}  // namespace echotrio::protocol
