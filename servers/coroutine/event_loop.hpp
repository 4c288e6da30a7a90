// The one thread's loop: what all its coroutines share (buffers, counters, the coarse clock), the
// tick that finds silent peers and measures the loop's lag, signals and the drain.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/server_options.hpp"
#include "common/net/signals.hpp"
#include "common/protocol/session.hpp"
#include "common/protocol/stats.hpp"
#include "common/work/burner.hpp"
#include "servers/coroutine/lag.hpp"
#include "servers/coroutine/peer.hpp"
#include "servers/coroutine/task.hpp"
#include "servers/coroutine/timing_wheel.hpp"

#include <asio/io_context.hpp>

#include <atomic>
#include <cstdint>

namespace echotrio::coroutine {

struct Options {
    net::ServerOptions server;
    Nanos yield_every{0};  // 0: CPU work holds the loop to its end
};

class EventLoop final : public protocol::StatsSource {
  public:
    // Serves the connections of `listener` (made non-blocking) until a signal ends it.
    EventLoop(const Options& options, net::SignalFd signals, net::Fd listener);

    // Returns when the drain that the first signal begins is over. False: some connections were
    // cut off, at the drain's deadline or by a second signal.
    bool run();

    Executor executor() noexcept { return io_.get_executor(); }
    protocol::Context& context() noexcept { return context_; }
    protocol::Counters& counters() noexcept { return counters_; }
    Timeouts& timeouts() noexcept { return timeouts_; }
    const protocol::Limits& limits() const noexcept { return options_.server.limits; }
    // The tick of a moment. (That of the loop's last look at the clock is as old as the loop lags.)
    Ticks ticks_at(TimePoint time) const noexcept {
        return static_cast<Ticks>((time - started_) / kTick);
    }
    bool draining() const noexcept { return draining_; }
    bool stopped() const noexcept { return stopped_; }  // leave now, without finishing

    std::uint64_t connections() const noexcept {
        return counters_.opened.get() - counters_.closed.get();
    }
    // Beyond --max-connections; far beyond it not even a refusal is worth a coroutine.
    bool full() const noexcept { return connections() > options_.server.max_connections; }
    bool overfull() const noexcept;

    // Burns CPU work, all that is left in the step or the share of --yield-every; a call, native or
    // not, is no place to yield in. True: some is left.
    bool burn_part(protocol::Step& step);

    Descriptor& listener() noexcept { return listener_; }  // closed by a drain
    // No descriptor (or memory) for the next connection: closes it, through the reserve descriptor.
    void shed(int error);
    // epoll takes no more: that connection is closed.
    void cannot_watch(int error);

    protocol::Stats collect() override;

  private:
    Task tick();
    Task watch_signals();
    void attend();
    void start_drain();
    void stop();

    const Options& options_;
    protocol::Counters counters_;
    std::atomic<bool> draining_{false};
    protocol::Context context_;
    work::Burner burner_;
    net::SignalFd signals_;
    net::Fd reserve_;  // given up to accept, and so to close, one connection too many
    TimePoint started_ = now();
    TimePoint time_ = started_;
    TimePoint drain_deadline_{};
    bool stopped_ = false;
    bool finished_ = false;  // the last connection has ended
    std::uint64_t yields_ = 0;
    std::uint64_t accept_pauses_ = 0;
    bool unwatched_logged_ = false;
    Lag lag_;
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
