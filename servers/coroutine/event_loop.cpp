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
// A loop looks up every tick: one that has not for so long hangs, however short a time requests
// get.
constexpr Nanos kHeardOf = std::chrono::seconds(1);
// Connections beyond --max-connections that may wait for their 503 at a time.
constexpr std::uint64_t kRefusedAtATime = 256;

net::Fd open_reserve() {
    return net::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

EventLoop::EventLoop(const Options& options, net::SignalFd signals, net::Fd listener,
                     const Place& place)
    : options_(options),
      board_(place.board),
      slot_(place.slot),
      context_(options.server.settings, slot_.counters, board_, draining_, unix_time),
      burner_(place.burner),
      signals_(std::move(signals)),
      reserve_(open_reserve()) {
    net::set_nonblocking(listener.get(), true);
    listener_.assign(listener.release());
    signal_watch_.assign(signals_.fd());
}

bool EventLoop::run() {
    beat();
    static_cast<void>(tick());
    static_cast<void>(watch_signals());
    static_cast<void>(accept_connections(*this));
    io_.run();
    signal_watch_.release();  // signals_ closes it
    return !stopped_;
}

bool EventLoop::overfull() const noexcept {
    if (!limited()) return false;
    const std::uint64_t present = board_.connections();
    return present >= most_connections() && present - most_connections() >= kRefusedAtATime;
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
    slot_.yields.add();
    return true;
}

void EventLoop::shed(int error) {
    slot_.accept_pauses.add();
    if (slot_.accept_pauses.get() == 1) {
        net::log_line("echo-coroutine",
                      fmt::format("cannot accept: {}; closing some of the connections that wait "
                                  "(raise ulimit -n, or set --max-connections)",
                                  std::strerror(error)));
    }
    reserve_.reset();
    if (net::accept_one(listener_.native_handle(), true).connection) counters().refused.add();
    reserve_ = open_reserve();
}

void EventLoop::cannot_watch(int error) {
    counters().refused.add();
    if (std::exchange(unwatched_logged_, true)) return;
    net::log_line("echo-coroutine", fmt::format("cannot watch a connection, it is closed: {} (see "
                                                "fs.epoll.max_user_watches)",
                                                std::strerror(error)));
}

// What a signal means. Alone: drain, a second one leave. A supervisor says it in the slot: who
// stops a service may send a signal to each of its processes, beside that of the supervisor.
// Without an order it means nothing: a loop that drained alone would leave those who are dealt to
// it waiting until its last connection has ended.
supervise::Order EventLoop::order() const noexcept {
    if (board_.size() > 1) return slot_.order.load();
    return draining_ ? supervise::Order::leave : supervise::Order::drain;
}

// For the supervisor, where there is one.
void EventLoop::beat() {
    if (limits().request > Nanos(0)) slot_.expect(std::max(limits().request, kHeardOf));
}

// What must not wait behind the handlers that are ready.
void EventLoop::attend() {
    time_ = now();
    beat();
    while (signals_.take()) {
        const supervise::Order wanted = order();
        if (wanted == supervise::Order::serve) continue;
        if (!draining_) start_drain();
        if (wanted == supervise::Order::leave) stop();
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
        slot_.lag.record(time_ - due);
        timeouts_.expire(ticks_at(time_), [this](Peer& peer) { peer.attend(*this); });
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

}  // namespace echotrio::coroutine
