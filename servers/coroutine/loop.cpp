// The model: one thread for all connections, a coroutine each. Where another model's call blocks,
// this one waits with co_await, and the thread runs somebody else.
#include "servers/coroutine/event_loop.hpp"
#include "servers/coroutine/peer.hpp"

#include <utility>

namespace echotrio::coroutine {

Task serve(EventLoop& loop, net::Fd socket) {
    using protocol::Step;
    Peer peer(loop, std::move(socket));
    protocol::Session session(loop.context());
    if (loop.full()) session.refuse();
    while (!loop.stopped()) {
        Step step = session.next();
        switch (step.kind) {
            case Step::Kind::read:
                peer.until_readable(loop, session);
                co_await peer;
                session.took(peer.receive(loop));
                break;
            case Step::Kind::write:
                if (peer.send(session, step.bytes)) break;
                peer.until_writable(loop, session);
                co_await peer;
                break;
            case Step::Kind::compute:
                while (loop.burn_part(step)) {
                    peer.until_others_ran(loop, session);
                    co_await peer;
                }
                break;
            case Step::Kind::wait:
                peer.until_passed(loop, session, step.duration);
                co_await peer;
                break;
            case Step::Kind::shut_down:
                peer.shut_down();
                break;
            case Step::Kind::close:
                co_return;
        }
    }
}

}  // namespace echotrio::coroutine
