#include "servers/coroutine/event_loop.hpp"

#include "common/base/unix_time.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace echotrio::coroutine {
namespace {

// CPU work holds the loop, but not signals and the drain's deadline: it looks up this often.
constexpr Nanos kAttention = std::chrono::milliseconds(10);
// Connections beyond --max-connections that may wait for their 503 at a time.
constexpr std::uint64_t kRefusedAtATime = 256;

net::Fd open_reserve() {
    return net::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

EventLoop::EventLoop(const Options& options, net::SignalFd signals, net::Fd listener)
    : options_(options),
      context_(options.server.settings, counters_, *this, draining_, unix_time),
      signals_(std::move(signals)),
      reserve_(open_reserve()) {
    net::set_nonblocking(listener.get(), true);
    listener_.assign(listener.release());
    signal_watch_.assign(signals_.fd());
}

bool EventLoop::run() {
    static_cast<void>(tick());
    static_cast<void>(watch_signals());
    static_cast<void>(accept_connections(*this));
    io_.run();
    signal_watch_.release();  // signals_ closes it
    return !stopped_;
}

bool EventLoop::overfull() const noexcept {
    const std::uint64_t most = options_.server.max_connections;
    return connections() >= most && connections() - most >= kRefusedAtATime;
}

bool EventLoop::burn_part(protocol::Step& step) {
    const bool yields = options_.yield_every > Nanos(0) && step.work == protocol::Work::interpreted;
    Nanos& left = step.duration;
    Nanos part = yields ? std::min(left, options_.yield_every) : left;
    while (part > Nanos(0) && !stopped_) {
        const Nanos piece = std::min(part, kAttention);
        burner_.burn(piece);
        part -= piece;
        left -= piece;
        attend();
    }
    if (left <= Nanos(0) || stopped_) return false;
    ++yields_;
    return true;
}

void EventLoop::shed(int error) {
    if (accept_pauses_++ == 0) {
        net::log_line("echo-coroutine",
                      fmt::format("cannot accept: {}; closing some of the connections that wait "
                                  "(raise ulimit -n, or set --max-connections)",
                                  std::strerror(error)));
    }
    reserve_.reset();
    if (net::accept_one(listener_.native_handle(), true).connection) counters_.refused.add();
    reserve_ = open_reserve();
}

void EventLoop::cannot_watch(int error) {
    counters_.refused.add();
    if (std::exchange(unwatched_logged_, true)) return;
    net::log_line("echo-coroutine", fmt::format("cannot watch a connection, it is closed: {} (see "
                                                "fs.epoll.max_user_watches)",
                                                std::strerror(error)));
}

// What must not wait behind the handlers that are ready.
void EventLoop::attend() {
    time_ = now();
    while (signals_.take()) {
        if (draining_) {
            stop();
        } else {
            start_drain();
        }
    }
    if (draining_ && time_ >= drain_deadline_) stop();
}

Task EventLoop::watch_signals() {
    while (!finished_) {
        co_await Readable(signal_watch_);
        attend();
    }
}

Task EventLoop::tick() {
    while (!(draining_ && connections() == 0)) {
        const TimePoint due = now() + kTick;
        tick_timer_.expires_at(due);
        co_await Expiry(tick_timer_);
        attend();
        lag_.record(time_ - due);
        timeouts_.expire(ticks_at(time_), [this](Peer& peer) { peer.time_out(*this); });
    }
    finished_ = true;
    asio::error_code ignored;
    signal_watch_.cancel(ignored);
}

void EventLoop::start_drain() {
    draining_ = true;
    drain_deadline_ = time_ + options_.server.drain_timeout;
    asio::error_code ignored;
    listener_.close(ignored);
    // those with nothing begun leave now; the others look once and go on
    timeouts_.each_waiting([](Peer& peer) { peer.wake(); });
}

void EventLoop::stop() {
    if (connections() == 0 || std::exchange(stopped_, true)) return;
    timeouts_.each_waiting([](Peer& peer) { peer.wake(); });
    for (Peer& peer : timeouts_.busy()) peer.wake();
}

protocol::Stats EventLoop::collect() {
    using protocol::FieldKind;
    protocol::Stats stats;
    stats.model = options_.server.settings.model;
    stats.pids = {::getpid()};
    stats.uptime_s = seconds(now() - started_);
    stats.totals.add(counters_);
    stats.own = {{"loop",
                  {{"lag_p50_us", "How late a tick of the loop is, median", FieldKind::gauge,
                    lag_.quantile_us(0.5)},
                   {"lag_p99_us", "How late a tick of the loop is, 99th percentile",
                    FieldKind::gauge, lag_.quantile_us(0.99)},
                   {"lag_max_us", "How late a tick of the loop was at most", FieldKind::gauge,
                    lag_.max_us()},
                   {"ticks", "Ticks of the loop, each a measurement of its lag", FieldKind::counter,
                    static_cast<double>(lag_.count())},
                   {"frames", "Connections' coroutine frames alive", FieldKind::gauge,
                    static_cast<double>(connections())},
                   {"yields", "Times that CPU work gave way to others (--yield-every)",
                    FieldKind::counter, static_cast<double>(yields_)},
                   {"accept_pauses", "Times that accepting paused: no descriptor or memory left",
                    FieldKind::counter, static_cast<double>(accept_pauses_)}}}};
    return stats;
}

}  // namespace echotrio::coroutine
