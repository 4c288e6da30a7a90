#include "servers/coroutine/connection.hpp"

#include "servers/coroutine/loop.hpp"

#include <asio/post.hpp>

#include <new>

namespace echotrio::coroutine {

Connection::Connection(Loop& loop, net::Fd socket) : loop_(loop), descriptor_(loop.executor()) {
    asio::error_code error;
    descriptor_.assign(socket.get(), error);
    if (error) throw std::bad_alloc();  // epoll is out of memory or watches: this one is dropped
    socket.release();
    enter(loop_.clocks().busy);
    loop_.connection_opened();
}

Connection::~Connection() {
    unlink();
    loop_.connection_closed();
}

void Connection::enter(ConnectionList& list) {
    unlink();
    list.push_back(*this);
    since_ = loop_.time();
    timed_out_ = false;
}

Connection::Readiness Connection::readable(bool in_request) {
    if (!in_request) {
        enter(loop_.clocks().idle);
    } else if (!same_request_) {
        enter(loop_.clocks().request);
    }
    same_request_ = in_request;
    return {*this, Descriptor::wait_read};
}

Connection::Readiness Connection::writable() {
    enter(loop_.clocks().idle);
    return {*this, Descriptor::wait_write};
}

Connection::Sleep Connection::sleep(Nanos duration) {
    enter(loop_.clocks().busy);
    return {*this, duration};
}

Connection::Yield Connection::yield() {
    enter(loop_.clocks().busy);
    return Yield(*this);
}

void Connection::Sleep::await_suspend(Handle coroutine) {
    connection_.timer_ = std::make_unique<Timer>(connection_.loop_.executor(), duration_);
    connection_.timer_->async_wait(Resume{coroutine});
}

void Connection::Yield::await_suspend(Handle coroutine) {
    asio::post(connection_.loop_.executor(), Resume{coroutine});
}

void Connection::time_out() {
    enter(loop_.clocks().busy);
    timed_out_ = true;
    wake();
}

void Connection::wake() {
    asio::error_code ignored;
    descriptor_.cancel(ignored);
    if (timer_) timer_->cancel();
}

}  // namespace echotrio::coroutine
