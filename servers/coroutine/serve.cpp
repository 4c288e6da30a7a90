// A connection's coroutine: the whole model on one screen. Where another model's system call
// blocks, this one waits with co_await, and the loop runs somebody else; the session is told to
// hold() what it needs, because the loop's buffers are everybody's.
#include "common/net/socket.hpp"
#include "common/protocol/session.hpp"
#include "servers/coroutine/connection.hpp"
#include "servers/coroutine/loop.hpp"

#include <sys/socket.h>

#include <utility>

namespace echotrio::coroutine {

using protocol::Step;

Task serve(Loop& loop, net::Fd socket) {
    Connection peer(loop, std::move(socket));
    protocol::Session session(loop.context());
    if (loop.full()) session.refuse();
    while (!loop.stopped()) {
        Step step = session.next();
        switch (step.kind) {
            case Step::Kind::read: {
                const bool in_time = co_await peer.readable(session.in_request());
                const net::Io got = net::read_some(peer.fd(), loop.context().input);
                if (got.kind == net::Io::Kind::bytes) {
                    session.receive({loop.context().input.data(), got.count});
                } else if (got.kind == net::Io::Kind::end) {
                    session.end_of_stream();
                } else if (got.kind == net::Io::Kind::failed) {
                    loop.counters().resets.add();
                    co_return;
                } else if (!in_time) {
                    session.timed_out();
                }
                break;
            }
            case Step::Kind::write: {
                const net::Io sent = net::write_some(peer.fd(), step.bytes);
                if (sent.kind == net::Io::Kind::bytes) {
                    session.written(sent.count);
                    peer.answered();
                } else if (sent.kind == net::Io::Kind::failed) {
                    loop.counters().resets.add();
                    co_return;
                } else {
                    session.hold();
                    if (!co_await peer.writable()) session.timed_out();
                }
                break;
            }
            case Step::Kind::compute:
                while (loop.burn_part(step.duration)) {
                    session.hold();
                    co_await peer.yield();
                }
                break;
            case Step::Kind::wait:
                session.hold();
                co_await peer.sleep(step.duration);
                break;
            case Step::Kind::shut_down:
                ::shutdown(peer.fd(), SHUT_WR);
                break;
            case Step::Kind::close:
                co_return;
        }
    }
}

}  // namespace echotrio::coroutine
