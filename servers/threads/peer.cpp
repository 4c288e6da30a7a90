#include "servers/threads/peer.hpp"

#include "common/net/socket.hpp"

#include <sys/socket.h>

namespace echotrio::threads {

using protocol::Waiting;

Io Peer::receive() {
    const Waiting waits = session_.waits();
    const Nanos left = deadline_.left(waits, session_.request(), limits_, now);
    if (left <= Nanos(0)) return {Io::Kind::late};
    timeout_.arm(left == protocol::Deadline::kNever ? Nanos(0) : left,
                 [this](Nanos timeout) { net::set_receive_timeout(fd(), timeout); });
    if (waits != Waiting::quiet) return read();
    // Between the two a drain sees the mark, or this thread sees the drain.
    slot_.idle.store(true);
    const Io io = draining_.load() ? Io{Io::Kind::end} : read();
    slot_.idle.store(false);
    return io;
}

Io Peer::read() {
    const std::span<char> into = filled_ ? std::span<char>(slot_.buffers->input) : small_;
    Io io = net::read_some(fd(), into);
    filled_ = io.bytes.size() >= small_.size();
    large_used_ = large_used_ || filled_;
    if (io.kind == Io::Kind::would_block) io.kind = Io::Kind::late;
    return io;
}

Io Peer::send(std::string_view bytes) {
    return net::write_within(fd(), bytes, limits_.idle);
}

void Peer::shut_down() {
    ::shutdown(fd(), SHUT_WR);
}

}  // namespace echotrio::threads
