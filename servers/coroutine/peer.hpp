// One connection as its coroutine sees it: what it can wait for, within the deadline, and the calls
// that then do not block. Of Asio it uses the waiting alone.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/io.hpp"
#include "common/net/fd.hpp"
#include "common/protocol/deadline.hpp"
#include "common/protocol/session.hpp"
#include "servers/coroutine/task.hpp"
#include "servers/coroutine/timing_wheel.hpp"
#include "servers/coroutine/watched.hpp"

#include <asio/basic_waitable_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace echotrio::coroutine {

class EventLoop;

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// co_await Expiry(timer): until it expires or is cancelled.
class Expiry {
  public:
    explicit Expiry(Timer& timer) : timer_(timer) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(Handle coroutine) { timer_.async_wait(Resume{coroutine}); }
    void await_resume() const noexcept {}

  private:
    Timer& timer_;
};

// co_await Readable(descriptor): until there is something to read or accept, or it is cancelled.
class Readable {
  public:
    explicit Readable(Descriptor& descriptor) : descriptor_(descriptor) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(Handle coroutine) {
        descriptor_.async_wait(Descriptor::wait_read, Resume{coroutine});
    }
    void await_resume() const noexcept {}

  private:
    Descriptor& descriptor_;
};

class Peer;
using Timeouts = TimingWheel<Peer>;

// Say what to wait for, then await the peer itself: it is its own awaiter, because a frame has a
// place for each awaiter that is not a variable. While it waits others use the buffers, so the
// session then holds what is unfinished.
//
//     peer.until_readable(loop, session);
//     co_await peer;
class Peer : public ListHook {
  public:
    Peer(EventLoop& loop, net::Fd socket);
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    // Until something came, or the time for that is up.
    void until_readable(EventLoop& loop, const protocol::Session& session);
    // Until there is room for some of what is unsent, or the time for that is up.
    void until_writable(EventLoop& loop, protocol::Session& session);
    // Lets the time pass; ends early when the loop stops.
    void until_passed(EventLoop& loop, protocol::Session& session, const Nanos& time);
    // Lets every other coroutine that can go on do so first.
    void until_others_ran(EventLoop& loop, protocol::Session& session);

    // The system calls stand here and not in the coroutine, because whatever it names lies in its
    // frame as long as the connection lives.
    Io receive(EventLoop& loop);
    // Sends some of it, and tells the session. False: there is no room, and there is time.
    bool send(protocol::Session& session, std::string_view bytes);
    void shut_down();

    bool await_ready() const noexcept { return time_ == Time::was_up; }
    void await_suspend(Handle coroutine);
    void await_resume() noexcept { timer_.reset(); }

    // For the loop: the moment has come that due() told.
    void attend(EventLoop& loop);
    // Ends what the coroutine waits for.
    void wake();
    Ticks due() const noexcept { return attended_; }

  private:
    enum class For : std::uint8_t { reading, writing, time, others };
    // is_up: while it waited; what arrived meanwhile still counts, also when the loop was too busy
    // to see it in time. was_up: before it began to.
    enum class Time : std::uint8_t { left, is_up, was_up };

    // What there is to read that no edge will tell of any more. A read that found less than it had
    // room for took all the bytes, but the peer's end (or a reset) may have come along with them.
    enum class Unread : std::uint8_t { nothing, an_end_perhaps, something };

    void wait_for(For what, EventLoop& loop, protocol::Waiting waiting, std::uint8_t request);
    void enter_busy(EventLoop& loop, For what);
    void enter_wheel(EventLoop& loop);
    // The loop looks whether there is an end, before the time is up.
    bool looks_again() const noexcept;
    // When the loop is to attend to it, if ever.
    bool has_moment() const noexcept;
    Ticks moment() const noexcept;

    Watched socket_;
    std::unique_ptr<Timer> timer_;  // only while a request waits
    Ticks active_ = 0;              // when it began to wait
    Ticks due_ = 0;                 // when its time is up, where that is limited
    Ticks attended_ = 0;            // where it is in the wheel, at its moment or before
    protocol::Deadline deadline_;
    For waits_for_ = For::reading;
    Time time_ = Time::left;
    Unread unread_ = Unread::nothing;
    bool limited_ : 1 = false;
    bool in_wheel_ : 1 = false;
    bool has_read_ : 1 = false;
};

}  // namespace echotrio::coroutine
