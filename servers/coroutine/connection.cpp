#include "servers/coroutine/connection.hpp"

#include "servers/coroutine/loop.hpp"

#include <asio/post.hpp>

#include <new>
#include <utility>

namespace echotrio::coroutine {

Connection::Connection(Loop& loop, net::Fd socket) : descriptor_(loop.executor()) {
    asio::error_code error;
    descriptor_.assign(socket.get(), error);
    if (error) throw std::bad_alloc();  // epoll is out of memory or watches: this one is dropped
    socket.release();
    enter(loop.clocks().busy, loop);
}

void Connection::enter(ConnectionList& list, const Loop& loop) {
    unlink();
    list.push_back(*this);
    since_ = loop.ticks();
    timed_out_ = false;
}

void Connection::until_readable(Loop& loop, const protocol::Session& session) {
    const bool in_request = session.in_request();
    if (session.lingering()) {
        if (!std::exchange(lingers_, true)) linger_since_ = loop.ticks();
        enter(loop.clocks().linger, loop);
        timed_out_ = loop.lingered_enough(linger_since_);
    } else if (!in_request) {
        enter(loop.clocks().idle, loop);
    } else if (!same_request_) {
        enter(loop.clocks().request, loop);
    }
    same_request_ = in_request;
    waits_for_ = For::reading;
}

void Connection::until_writable(Loop& loop) {
    enter(loop.clocks().idle, loop);
    waits_for_ = For::writing;
}

void Connection::until_passed(Loop& loop, const Nanos& duration) {
    enter(loop.clocks().busy, loop);
    timer_ = std::make_unique<Timer>(loop.executor(), duration);
    waits_for_ = For::time;
}

void Connection::until_others_ran(Loop& loop) {
    enter(loop.clocks().busy, loop);
    waits_for_ = For::others;
}

void Connection::await_suspend(Handle coroutine) {
    const Resume resume{coroutine};
    switch (waits_for_) {
        case For::reading:
            return descriptor_.async_wait(Descriptor::wait_read, resume);
        case For::writing:
            return descriptor_.async_wait(Descriptor::wait_write, resume);
        case For::time:
            return timer_->async_wait(resume);
        case For::others:
            return asio::post(descriptor_.get_executor(), resume);
    }
}

void Connection::time_out(Loop& loop) {
    enter(loop.clocks().busy, loop);
    timed_out_ = true;
    wake();
}

void Connection::wake() {
    asio::error_code ignored;
    descriptor_.cancel(ignored);
    if (timer_) timer_->cancel();
}

}  // namespace echotrio::coroutine
