// One connection as its coroutine sees it: the things it can wait for. System calls are not made
// here; Asio only tells when they would not block.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/fd.hpp"
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

class Connection : public ListHook {
  public:
    Connection(Loop& loop, net::Fd socket);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    int fd() { return descriptor_.native_handle(); }

    // co_await gives false when the peer took too long. Even then the caller should try its system
    // call once more: what has arrived counts, also when the loop was too busy to see it in time.
    class Readiness;
    Readiness readable(bool in_request);
    Readiness writable();

    // Lets the time pass; ends early when the loop stops.
    class Sleep;
    Sleep sleep(Nanos duration);

    // Lets every other coroutine that can go on do so first.
    class Yield;
    Yield yield();

    // A reply has been sent: the next request's time begins anew.
    void answered() noexcept { same_request_ = false; }

    // For the loop: ends what the coroutine waits for.
    void time_out();
    void wake();
    TimePoint since() const noexcept { return since_; }

  private:
    void enter(ConnectionList& list);

    Loop& loop_;
    Descriptor descriptor_;
    std::unique_ptr<Timer> timer_;  // only while a request waits
    TimePoint since_;               // when it entered its list
    bool timed_out_ = false;
    bool same_request_ = false;
};

class Connection::Readiness {
  public:
    Readiness(Connection& connection, Descriptor::wait_type what)
        : connection_(connection), what_(what) {}
    bool await_ready() const noexcept { return connection_.timed_out_; }
    void await_suspend(Handle coroutine) {
        connection_.descriptor_.async_wait(what_, Resume{coroutine});
    }
    bool await_resume() const noexcept { return !connection_.timed_out_; }

  private:
    Connection& connection_;
    Descriptor::wait_type what_;
};

class Connection::Sleep {
  public:
    Sleep(Connection& connection, Nanos duration) : connection_(connection), duration_(duration) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(Handle coroutine);
    void await_resume() const noexcept { connection_.timer_.reset(); }

  private:
    Connection& connection_;
    Nanos duration_;
};

class Connection::Yield {
  public:
    explicit Yield(Connection& connection) : connection_(connection) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(Handle coroutine);
    void await_resume() const noexcept {}

  private:
    Connection& connection_;
};

}  // namespace echotrio::coroutine
