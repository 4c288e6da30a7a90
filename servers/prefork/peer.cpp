#include "servers/prefork/peer.hpp"

#include "common/net/socket.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <ctime>

namespace echotrio::prefork {

Io Peer::receive() {
    const Nanos left = deadline_.left(session_.waits(), session_.request(), parts_.limits, now);
    if (left <= Nanos(0)) return {Io::Kind::late};
    const Nanos bound = left == protocol::Deadline::kNever ? Nanos(0) : left;
    timeout_.arm(bound, [this](Nanos timeout) { parts_.stop.set_receive_timeout(timeout); });
    parts_.slot.expect(bound);
    Io io = net::read_some(connection_, parts_.input);
    if (io.kind == Io::Kind::bytes) parts_.heap.touch();
    // a drain ends a read, too
    const bool stopped = check_orders();
    if (io.kind == Io::Kind::would_block && !stopped) io.kind = Io::Kind::late;
    return io;
}

Io Peer::send(std::string_view bytes) {
    parts_.slot.expect(parts_.limits.idle);
    return net::write_within(connection_, bytes, parts_.limits.idle);
}

void Peer::shut_down() {
    parts_.slot.state.store(State::closing);
    ::shutdown(connection_, SHUT_WR);
}

void Peer::burn(Nanos work) {
    parts_.burner.burn(work, work::kSlice, [this] { parts_.slot.expect(parts_.limits.request); });
    check_orders();
}

void Peer::pass(Nanos time) {
    const bool bounded = parts_.limits.request > Nanos(0);
    parts_.slot.expect(bounded ? time + parts_.limits.request : Nanos(0));
    sleep_for(time);
    check_orders();
}

// After each call that may have blocked for long, so that the reply that follows tells the client.
// True: a drain has been ordered meanwhile, and a read may have ended for that only.
bool Peer::check_orders() {
    StopSignal& stop = parts_.stop;
    if (!stop.leaving() || parts_.draining.load(std::memory_order_relaxed)) return false;
    // Told to retire: an HTTP client hears of it with the next reply and opens another connection;
    // raw echo has no words for that, so it goes on to its end.
    if (!stop.draining() && !session_.http()) return false;
    parts_.draining.store(true, std::memory_order_relaxed);
    timeout_.forget();
    return stop.draining();
}

void sleep_for(Nanos duration) {
    const auto until = (now() + duration).time_since_epoch().count();
    const timespec at{until / 1'000'000'000, until % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) {
    }
}

}  // namespace echotrio::prefork
