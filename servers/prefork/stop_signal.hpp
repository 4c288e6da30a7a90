// How a worker that sits in a blocking call learns that it shall leave, with no moment in which
// the signal could be missed. A flag alone can't do that: the signal may come after the flag was
// looked at and before the call blocks. So the handler changes what the call works on:
//
//     accept   the listener's descriptor becomes something that is not a listener: an accept that
//              begins later fails at once, and one that was waiting is interrupted, repeated by
//              net::accept_one, and fails. A connection that it already had is returned and served.
//     recv     the receive timeout of the connection becomes the shortest there is: a recv that
//              begins later returns what is there or would_block, and one that was waiting is
//              interrupted, repeated by net::read_some, and does the same. No byte is lost, and a
//              request that is half received can go on under a timeout set again.
//
// dup2 and setsockopt are async-signal-safe. None of this costs a system call per request.
#pragma once

#include "common/base/clock.hpp"
#include "servers/prefork/scoreboard.hpp"

#include <atomic>

namespace echotrio::prefork {

class StopSignal {
  public:
    // Installs the handler of SIGTERM; once in a process. What the signal means is slot.order:
    // without an order from the supervisor (somebody sent it by hand) it is a drain.
    // `not_a_listener`: any open descriptor that accept refuses. `heeded`: set by the worker once
    // it acts on a drain; from then on its reads are left alone.
    StopSignal(const Slot& slot, int listener, int not_a_listener, const std::atomic<bool>& heeded);

    bool leaving() const noexcept { return leaving_.load(std::memory_order_relaxed); }
    bool draining() const noexcept { return draining_.load(std::memory_order_relaxed); }
    const std::atomic<bool>& leaving_flag() const noexcept { return leaving_; }

    // The connection whose reads a drain ends; -1 = none.
    void watch(int connection) noexcept {
        connection_.store(connection, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    // SO_RCVTIMEO of the watched connection, in a way that does not undo what the handler did.
    void set_receive_timeout(Nanos timeout) noexcept;

  private:
    static void handle(int) noexcept;
    void end_read() const noexcept;

    const Slot& slot_;
    const int listener_;
    const int not_a_listener_;
    const std::atomic<bool>& heeded_;
    std::atomic<int> connection_{-1};
    std::atomic<bool> leaving_{false};
    std::atomic<bool> draining_{false};
};

}  // namespace echotrio::prefork
