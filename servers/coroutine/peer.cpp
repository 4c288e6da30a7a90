#include "servers/coroutine/peer.hpp"

#include "common/net/socket.hpp"
#include "servers/coroutine/event_loop.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <new>
#include <utility>

namespace echotrio::coroutine {

using protocol::Deadline;
using protocol::Waiting;

namespace {

constexpr Nanos kMost = std::chrono::hours(24 * 200);  // ticks go round

}  // namespace

Peer::Peer(EventLoop& loop, net::Fd socket) : socket_(loop.executor()) {
    if (const int error = socket_.watch(std::move(socket))) {
        loop.cannot_watch(error);
        throw std::bad_alloc();  // ends this coroutine, as when memory is out
    }
    enter(loop.timeouts().busy(), For::others);
}

void Peer::until_readable(EventLoop& loop, const protocol::Session& session) {
    wait_for(For::reading, loop, session.waits(), session.request());
}

void Peer::until_writable(EventLoop& loop, protocol::Session& session) {
    session.hold();
    wait_for(For::writing, loop, Waiting::unsent, 0);
}

void Peer::until_passed(EventLoop& loop, protocol::Session& session, const Nanos& time) {
    session.hold();
    timer_ = std::make_unique<Timer>(loop.executor(), time);
    enter(loop.timeouts().busy(), For::time);
}

void Peer::until_others_ran(EventLoop& loop, protocol::Session& session) {
    session.hold();
    enter(loop.timeouts().busy(), For::others);
}

void Peer::wait_for(For what, EventLoop& loop, Waiting waiting, std::uint8_t request) {
    const TimePoint time = coarse_now();
    const Nanos left = deadline_.left(waiting, request, loop.limits(), [time] { return time; });
    if (left <= Nanos(0)) {
        time_ = Time::was_up;
        return;
    }
    if (left == Deadline::kNever) return enter(loop.timeouts().unlimited(), what);
    // never too early: the present tick has begun some time ago, and the clock is a tick behind
    due_ = loop.ticks_at(time) + 2 +
           static_cast<Ticks>((std::min(left, kMost) + kTick - Nanos(1)) / kTick);
    enter(loop.timeouts().at(due_), what);
}

void Peer::enter(Timeouts::List& list, For what) {
    unlink();
    list.push_back(*this);
    waits_for_ = what;
    time_ = Time::left;
}

void Peer::await_suspend(Handle coroutine) {
    switch (waits_for_) {
        case For::reading:
            // of what is there already no edge would tell
            if (unread_ == Unread::nothing) return socket_.when_readable(coroutine);
            return socket_.when_others_ran(coroutine);
        case For::writing:
            return socket_.when_writable(coroutine);
        case For::time:
            return timer_->async_wait(Resume{coroutine});
        case For::others:
            return socket_.when_others_ran(coroutine);
    }
}

Io Peer::receive(EventLoop& loop) {
    const Time time = std::exchange(time_, Time::left);
    if (time == Time::was_up) return {Io::Kind::late};
    auto [io, all] = net::read_and_tell(socket_.fd(), loop.context().input);
    unread_ = all ? Unread::a_reset_perhaps : Unread::something;
    if (io.kind == Io::Kind::would_block) unread_ = Unread::nothing;
    if (io.kind == Io::Kind::would_block && time == Time::is_up) io.kind = Io::Kind::late;
    return io;
}

bool Peer::send(protocol::Session& session, std::string_view bytes) {
    const Time time = std::exchange(time_, Time::left);
    Io io = net::write_some(socket_.fd(), bytes);
    if (io.kind == Io::Kind::would_block) {
        if (time == Time::left) return false;
        io.kind = Io::Kind::late;
    }
    if (unread_ == Unread::a_reset_perhaps) unread_ = Unread::nothing;  // where it failed it ends
    session.sent(io);
    return true;
}

void Peer::shut_down() {
    ::shutdown(socket_.fd(), SHUT_WR);
}

void Peer::time_out(EventLoop& loop) {
    enter(loop.timeouts().busy(), waits_for_);
    time_ = Time::is_up;
    wake();
}

void Peer::wake() {
    socket_.cancel();
    if (timer_) timer_->cancel();
}

}  // namespace echotrio::coroutine
