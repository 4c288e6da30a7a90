// Accepting: a coroutine beside those that it starts.
#include "servers/coroutine/event_loop.hpp"

#include <cerrno>
#include <utility>

namespace echotrio::coroutine {
namespace {

// Accepted in one go, so that a flood of new connections can't keep the others waiting.
constexpr int kBatch = 32;
// Without descriptors: how long the kernel's backlog holds what comes, until the next attempt.
constexpr Nanos kPause = std::chrono::milliseconds(100);

enum class Outcome { started, none_left, no_room, shut_down };

Outcome accept_and_start(EventLoop& loop) {
    net::Accepted accepted = net::accept_one(loop.listener().native_handle(), true);
    if (!accepted.connection) {
        if (accepted.error == EAGAIN || accepted.error == EWOULDBLOCK) return Outcome::none_left;
        if (accepted.error == EINVAL) return Outcome::shut_down;  // for all processes, at a drain
        loop.shed(accepted.error);
        return Outcome::no_room;
    }
    if (loop.overfull() || !serve(loop, std::move(accepted.connection)).started()) {
        loop.counters().refused.add();
    }
    return Outcome::started;
}

}  // namespace

Task accept_connections(EventLoop& loop) {
    while (!loop.draining()) {
        co_await Readable(loop.listener());
        Outcome outcome = Outcome::started;
        for (int i = 0; i < kBatch && outcome == Outcome::started && !loop.draining(); ++i) {
            outcome = accept_and_start(loop);
        }
        if (outcome == Outcome::shut_down) co_return;
        if (outcome != Outcome::no_room) continue;
        Timer pause(loop.executor(), kPause);
        co_await Expiry(pause);
    }
}

}  // namespace echotrio::coroutine
