// A connection's coroutine: the whole model on one screen. Where another model's system call
// blocks, this one waits with co_await, and the loop runs somebody else; the session is told to
// hold() what it needs, because the loop's buffers are everybody's.
#include "common/net/socket.hpp"
#include "common/protocol/session.hpp"
#include "servers/coroutine/connection.hpp"
#include "servers/coroutine/loop.hpp"

#include <sys/socket.h>

#include <string_view>
#include <utility>

namespace echotrio::coroutine {

using net::Io;
using protocol::Session;
using protocol::Step;

namespace {

// The system calls stand apart from the coroutine, because whatever it names lies in its frame as
// long as the connection lives. Both give what the socket said.
Io::Kind receive(Loop& loop, Connection& peer, Session& session) {
    const Io io = net::read_some(peer.fd(), loop.context().input);
    if (io.kind == Io::Kind::bytes) session.receive({loop.context().input.data(), io.count});
    if (io.kind == Io::Kind::end) session.end_of_stream();
    return io.kind;
}

Io::Kind send(Connection& peer, Session& session, std::string_view bytes) {
    const Io io = net::write_some(peer.fd(), bytes);
    if (io.kind == Io::Kind::bytes) {
        session.written(io.count);
        peer.answered();
    }
    return io.kind;
}

}  // namespace

Task serve(Loop& loop, net::Fd socket) {
    Io::Kind outcome = Io::Kind::bytes;
    bool in_time = true;
    Connection peer(loop, std::move(socket));
    Session session(loop.context());
    if (loop.full()) session.refuse();
    while (outcome != Io::Kind::failed && !loop.stopped()) {
        Step step = session.next();
        switch (step.kind) {
            case Step::Kind::read:
                peer.until_readable(loop, session);
                in_time = co_await peer;
                outcome = receive(loop, peer, session);
                if (!in_time && (outcome == Io::Kind::would_block || session.lingering())) {
                    session.timed_out();
                }
                break;
            case Step::Kind::write:
                outcome = send(peer, session, step.bytes);
                if (outcome != Io::Kind::would_block) break;
                session.hold();
                peer.until_writable(loop);
                in_time = co_await peer;
                if (!in_time) session.timed_out();
                break;
            case Step::Kind::compute:
                while (loop.burn_part(step.duration)) {
                    session.hold();
                    peer.until_others_ran(loop);
                    co_await peer;
                }
                break;
            case Step::Kind::wait:
                session.hold();
                peer.until_passed(loop, step.duration);
                co_await peer;
                break;
            case Step::Kind::shut_down:
                ::shutdown(peer.fd(), SHUT_WR);
                break;
            case Step::Kind::close:
                co_return;
        }
    }
    if (outcome == Io::Kind::failed) loop.counters().resets.add();
}

}  // namespace echotrio::coroutine
