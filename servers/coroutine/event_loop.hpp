// The one thread's loop: what all its coroutines share (buffers, counters, the coarse clock), the
// tick that finds silent peers and measures the loop's lag, signals and the drain.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/server_options.hpp"
#include "common/net/signals.hpp"
#include "common/protocol/session.hpp"
#include "common/work/burner.hpp"
#include "servers/coroutine/peer.hpp"
#include "servers/coroutine/scoreboard.hpp"
#include "servers/coroutine/task.hpp"
#include "servers/coroutine/timing_wheel.hpp"

#include <asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <limits>

namespace echotrio::coroutine {

struct Options {
    net::ServerOptions server;
    Nanos yield_every{0};  // 0: CPU work holds the loop to its end
    int processes = 1;     // with a loop each
};
inline constexpr const char* kProcessesFlag = "--processes";

// Where a loop counts, beside others or alone, and how fast this CPU works.
struct Place {
    Scoreboard& board;
    Slot& slot;  // of the board
    const work::Burner& burner;
};

class EventLoop {
  public:
    // Serves the connections of `listener` (made non-blocking) until a signal ends it.
    EventLoop(const Options& options, net::SignalFd signals, net::Fd listener, const Place& place);

    // Returns when the drain that the first signal begins is over. False: some connections were
    // cut off, at the drain's deadline or by a second signal.
    bool run();

    Executor executor() noexcept { return io_.get_executor(); }
    protocol::Context& context() noexcept { return context_; }
    protocol::Counters& counters() noexcept { return slot_.counters; }
    Timeouts& timeouts() noexcept { return timeouts_; }
    const protocol::Limits& limits() const noexcept { return options_.server.limits; }
    // The tick of a moment. (That of the loop's last look at the clock is as old as the loop lags.)
    Ticks ticks_at(TimePoint time) const noexcept {
        return static_cast<Ticks>((time - started_) / kTick);
    }
    bool draining() const noexcept { return draining_; }
    bool stopped() const noexcept { return stopped_; }  // leave now, without finishing

    std::uint64_t connections() const noexcept {
        return slot_.counters.opened.get() - slot_.counters.closed.get();
    }
    // Beyond --max-connections, which is over all processes; far beyond it not even a refusal is
    // worth a coroutine.
    bool full() const noexcept { return limited() && board_.connections() > most_connections(); }
    bool overfull() const noexcept;

    // Burns CPU work, all that is left in the step or the share of --yield-every; a call, native or
    // not, is no place to yield in. True: some is left.
    bool burn_part(protocol::Step& step);

    Descriptor& listener() noexcept { return listener_; }  // closed by a drain
    // No descriptor (or memory) for the next connection: closes it, through the reserve descriptor.
    void shed(int error);
    // epoll takes no more: that connection is closed.
    void cannot_watch(int error);

  private:
    std::uint64_t most_connections() const noexcept { return options_.server.max_connections; }
    bool limited() const noexcept {  // else what the others have need not be read
        return most_connections() != std::numeric_limits<std::uint64_t>::max();
    }
    Task tick();
    Task watch_signals();
    supervise::Order order() const noexcept;
    void beat();
    void attend();
    void start_drain();
    void stop();

    const Options& options_;
    Scoreboard& board_;
    Slot& slot_;
    std::atomic<bool> draining_{false};
    protocol::Context context_;
    const work::Burner& burner_;
    net::SignalFd signals_;
    net::Fd reserve_;  // given up to accept, and so to close, one connection too many
    TimePoint started_ = now();
    TimePoint time_ = started_;
    TimePoint drain_deadline_{};
    bool stopped_ = false;
    bool finished_ = false;  // the last connection has ended
    bool unwatched_logged_ = false;
    Timeouts timeouts_;
    asio::io_context io_{ASIO_CONCURRENCY_HINT_UNSAFE};  // one thread: no lock anywhere
    Descriptor listener_{io_};
    Descriptor signal_watch_{io_};
    Timer tick_timer_{io_};
};

// Serves one connection to its end.
Task serve(EventLoop& loop, net::Fd socket);
// Accepts connections and starts a coroutine for each.
Task accept_connections(EventLoop& loop);

}  // namespace echotrio::coroutine
