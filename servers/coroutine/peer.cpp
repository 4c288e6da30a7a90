#include "servers/coroutine/peer.hpp"

#include "common/net/socket.hpp"
#include "servers/coroutine/event_loop.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <new>
#include <utility>

namespace echotrio::coroutine {

using protocol::Deadline;
using protocol::Waiting;

namespace {

constexpr Nanos kMost = std::chrono::hours(24 * 200);  // ticks go round
// How long after the last bytes the loop looks whether the peer's end came with them. A connection
// that is busy meanwhile is not looked at: to look after every read is 3 % of an echo.
constexpr Ticks kLook = 50;

constexpr bool after(Ticks a, Ticks b) {
    return static_cast<std::int32_t>(a - b) > 0;
}

bool has_unread(int fd) {
    pollfd now{fd, POLLIN, 0};
    return ::poll(&now, 1, 0) != 0;
}

}  // namespace

Peer::Peer(EventLoop& loop, net::Fd socket) : socket_(loop.executor()) {
    if (const int error = socket_.watch(std::move(socket))) {
        loop.cannot_watch(error);
        throw std::bad_alloc();  // ends this coroutine, as when memory is out
    }
    enter_busy(loop, For::others);
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
    enter_busy(loop, For::time);
}

void Peer::until_others_ran(EventLoop& loop, protocol::Session& session) {
    session.hold();
    enter_busy(loop, For::others);
}

void Peer::wait_for(For what, EventLoop& loop, Waiting waiting, std::uint8_t request) {
    const TimePoint time = coarse_now();
    const Nanos left = deadline_.left(waiting, request, loop.limits(), [time] { return time; });
    if (left <= Nanos(0)) {
        time_ = Time::was_up;
        return;
    }
    waits_for_ = what;
    time_ = Time::left;
    active_ = loop.ticks_at(time);
    limited_ = left != Deadline::kNever;
    // never too early: the present tick has begun some time ago, and the clock is a tick behind
    if (limited_) {
        due_ = active_ + 2 + static_cast<Ticks>((std::min(left, kMost) + kTick - Nanos(1)) / kTick);
    }
    // Where the wheel has it already for no later tick it stays there, whatever it does until then:
    // to move touches its neighbours, which with many connections are in no cache.
    if (in_wheel_ && (!has_moment() || !after(attended_, moment()))) return;
    enter_wheel(loop);
}

bool Peer::looks_again() const noexcept {
    return waits_for_ == For::reading && unread_ == Unread::an_end_perhaps &&
           (!limited_ || after(due_, active_ + kLook));
}

bool Peer::has_moment() const noexcept {
    return limited_ || looks_again();
}

Ticks Peer::moment() const noexcept {
    return looks_again() ? active_ + kLook : due_;
}

void Peer::enter_wheel(EventLoop& loop) {
    unlink();
    in_wheel_ = has_moment();
    if (!in_wheel_) return loop.timeouts().unlimited().push_back(*this);
    attended_ = moment();
    loop.timeouts().at(attended_).push_back(*this);
}

void Peer::enter_busy(EventLoop& loop, For what) {
    unlink();
    loop.timeouts().busy().push_back(*this);
    in_wheel_ = false;
    waits_for_ = what;
    time_ = Time::left;
}

void Peer::await_suspend(Handle coroutine) {
    switch (waits_for_) {
        case For::reading:
            if (unread_ == Unread::something) return socket_.when_others_ran(coroutine);
            return socket_.when_readable(coroutine);
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
    Io io = net::read_some(socket_.fd(), loop.context().input);
    if (io.kind == Io::Kind::bytes) {
        // Many say all they have to say at once, and that this was it.
        const bool short_of = has_read_ && io.bytes.size() < loop.context().input.size();
        unread_ = short_of ? Unread::an_end_perhaps : Unread::something;
        has_read_ = true;
    } else {
        unread_ = Unread::nothing;
    }
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
    session.sent(io);
    return true;
}

void Peer::shut_down() {
    ::shutdown(socket_.fd(), SHUT_WR);
}

void Peer::attend(EventLoop& loop) {
    if (!has_moment() || after(moment(), attended_)) return enter_wheel(loop);
    const bool looks = looks_again();
    if (looks && !has_unread(socket_.fd())) {
        unread_ = Unread::nothing;
        return enter_wheel(loop);
    }
    enter_busy(loop, waits_for_);
    if (looks) {
        unread_ = Unread::something;
    } else {
        time_ = Time::is_up;
    }
    wake();
}

void Peer::wake() {
    socket_.cancel();
    if (timer_) timer_->cancel();
}

}  // namespace echotrio::coroutine
