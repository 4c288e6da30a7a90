#include "servers/threads/refusals.hpp"

#include "common/net/socket.hpp"
#include "servers/threads/loop.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <new>
#include <utility>

namespace echotrio::threads {
namespace {

constexpr int kReadsATurn = 4;

}  // namespace

Io Refusals::Peer::receive() {
    if (!std::exchange(waiting_, true)) {
        const Nanos left = deadline_.left(session_.waits(), session_.request(), limits_, now);
        late_at_ = now() + left;
    }
    // What came in time counts, however late we look; but who sends on and on after its reply ends.
    const bool late = now() >= late_at_;
    if (late && session_.waits() == protocol::Waiting::lingering) return {Io::Kind::late};
    // One that floods must not keep the others, and those to be accepted, waiting: more in the next
    // turn, which poll() begins at once.
    if (++reads_ > kReadsATurn) {
        reads_ = 0;
        waiting_ = true;
        return {Io::Kind::would_block};
    }
    Io io = net::read_some(connection_.get(), input_);
    waiting_ = io.kind == Io::Kind::would_block;
    if (waiting_) reads_ = 0;
    if (waiting_ && late) io.kind = Io::Kind::late;
    return io;
}

// A new connection has room for the few bytes of a 503.
Io Refusals::Peer::send(std::string_view bytes) {
    Io io = net::write_some(connection_.get(), bytes);
    if (io.kind == Io::Kind::would_block) io.kind = Io::Kind::late;
    return io;
}

void Refusals::Peer::shut_down() {
    ::shutdown(connection_.get(), SHUT_WR);
}

void Refusals::add(net::Fd connection) noexcept try {
    if (pending_.size() == kMost) pending_.pop_front();
    net::set_nonblocking(connection.get(), true);
    auto& added = pending_.emplace_back(std::move(connection), context_, shared_.options.limits);
    if (finished(added)) pending_.pop_back();
} catch (const std::bad_alloc&) {
    context_.counters.refused.add();
}

void Refusals::append_to(std::vector<pollfd>& polled) const {
    for (const auto& pending : pending_) polled.push_back({pending.peer.fd(), POLLIN, 0});
}

Nanos Refusals::time_left() const {
    Nanos left = Nanos::max();
    const TimePoint at = now();
    for (const auto& pending : pending_) left = std::min(left, pending.peer.late_at() - at);
    return left;
}

void Refusals::serve() noexcept {
    pending_.remove_if([&](Pending& pending) { return finished(pending); });
}

bool Refusals::finished(Pending& pending) noexcept try {
    if (threads::serve(pending.session, pending.peer, shared_.gil, shared_.burner)) return true;
    pending.session.hold();
    return false;
} catch (const std::bad_alloc&) {
    return true;
}

}  // namespace echotrio::threads
