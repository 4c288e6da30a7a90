#include "servers/coroutine/loop.hpp"

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

// Rounded up: never too early.
constexpr Ticks in_ticks(Nanos limit) {
    return static_cast<Ticks>((limit + kTick - Nanos(1)) / kTick);
}

net::Fd open_reserve() {
    return net::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Loop::Loop(const Options& options, net::SignalFd signals, net::Fd listener)
    : options_(options),
      context_(options.server.settings, counters_, *this, draining_, unix_time),
      signals_(std::move(signals)),
      reserve_(open_reserve()) {
    net::set_nonblocking(listener.get(), true);
    listener_.assign(listener.release());
    signal_watch_.assign(signals_.fd());
}

bool Loop::run() {
    static_cast<void>(tick());
    static_cast<void>(watch_signals());
    static_cast<void>(accept_connections(*this));
    io_.run();
    signal_watch_.release();  // signals_ closes it
    return !stopped_;
}

bool Loop::overfull() const noexcept {
    const std::uint64_t most = options_.server.max_connections;
    return connections() >= most && connections() - most >= kRefusedAtATime;
}

bool Loop::lingered_enough(Ticks since) const noexcept {
    return ticks_ - since > in_ticks(protocol::linger_limit(options_.server.request_timeout));
}

bool Loop::burn_part(Nanos& left) {
    Nanos part = options_.yield_every > Nanos(0) ? std::min(left, options_.yield_every) : left;
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

void Loop::shed(int error) {
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

// What must not wait behind the handlers that are ready.
void Loop::attend() {
    time_ = now();
    ticks_ = static_cast<Ticks>((time_ - started_) / kTick);
    while (signals_.take()) {
        if (draining_) {
            stop();
        } else {
            start_drain();
        }
    }
    if (draining_ && time_ >= drain_deadline_) stop();
}

Task Loop::watch_signals() {
    while (!finished_) {
        co_await Readable(signal_watch_);
        attend();
    }
}

Task Loop::tick() {
    while (!(draining_ && connections() == 0)) {
        const TimePoint due = now() + kTick;
        tick_timer_.expires_at(due);
        co_await Expiry(tick_timer_);
        attend();
        lag_.record(time_ - due);
        expire(clocks_.idle, options_.server.idle_timeout);
        expire(clocks_.request, options_.server.request_timeout);
        expire(clocks_.linger, std::min(protocol::kLingerSilence,
                                        protocol::linger_limit(options_.server.request_timeout)));
    }
    finished_ = true;
    asio::error_code ignored;
    signal_watch_.cancel(ignored);
}

void Loop::expire(ConnectionList& list, Nanos limit) {
    if (limit == Nanos(0)) return;
    const Ticks most = in_ticks(limit);
    while (!list.empty() && ticks_ - list.front().since() > most) list.front().time_out(*this);
}

void Loop::start_drain() {
    draining_ = true;
    drain_deadline_ = time_ + options_.server.drain_timeout;
    asio::error_code ignored;
    listener_.close(ignored);
    // those with nothing begun leave now; the others look once and go on
    for (ConnectionList* list : {&clocks_.idle, &clocks_.request}) {
        for (Connection& connection : *list) connection.wake();
    }
}

void Loop::stop() {
    if (connections() == 0 || std::exchange(stopped_, true)) return;
    for (ConnectionList* list : {&clocks_.idle, &clocks_.request, &clocks_.linger, &clocks_.busy}) {
        for (Connection& connection : *list) connection.wake();
    }
}

protocol::Stats Loop::collect() {
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
