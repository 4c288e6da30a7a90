// One connection as its coroutine sees it: the things it can wait for. System calls are not made
// here; Asio only tells when they would not block.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/fd.hpp"
#include "common/protocol/session.hpp"
#include "servers/coroutine/clocks.hpp"
#include "servers/coroutine/task.hpp"

#include <asio/basic_waitable_timer.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace echotrio::coroutine {

class Loop;

// With the concrete executor: the type-erased default costs memory and indirect calls.
using Executor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
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

// Say what to wait for, then await the connection itself: it is its own awaiter, because a frame
// has a place for each awaiter that is not a variable.
//
//     peer.until_readable(loop, session);
//     const bool in_time = co_await peer;
class Connection : public ListHook {
  public:
    Connection(Loop& loop, net::Fd socket);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    int fd() { return descriptor_.native_handle(); }

    // For these two, co_await gives false when the peer took too long. Even then the caller should
    // try its system call once more: what has arrived counts, also when the loop was too busy to
    // see it in time.
    void until_readable(Loop& loop, const protocol::Session& session);
    void until_writable(Loop& loop);
    // Lets the time pass; ends early when the loop stops.
    void until_passed(Loop& loop, const Nanos& duration);
    // Lets every other coroutine that can go on do so first.
    void until_others_ran(Loop& loop);

    bool await_ready() const noexcept { return timed_out_; }
    void await_suspend(Handle coroutine);
    bool await_resume() noexcept {
        timer_.reset();
        return !timed_out_;
    }

    // A reply has been sent: the next request's time begins anew.
    void answered() noexcept { same_request_ = false; }

    // For the loop: ends what the coroutine waits for.
    void time_out(Loop& loop);
    void wake();
    Ticks since() const noexcept { return since_; }

  private:
    enum class For : std::uint8_t { reading, writing, time, others };
    void enter(ConnectionList& list, const Loop& loop);

    Descriptor descriptor_;
    std::unique_ptr<Timer> timer_;  // only while a request waits
    Ticks since_ = 0;               // when it entered its list
    Ticks linger_since_ = 0;
    For waits_for_ = For::reading;
    bool timed_out_ = false;
    bool same_request_ = false;
    bool lingers_ = false;
};

}  // namespace echotrio::coroutine
