// The model: a process has one connection, so every call may block. peer.hpp has the bookkeeping.
#include "servers/prefork/worker.hpp"

namespace echotrio::prefork {

void serve(protocol::Session& session, Peer& peer) {
    using protocol::Step;
    while (true) {
        const Step step = session.next();
        switch (step.kind) {
            case Step::Kind::read:
                session.took(peer.receive());
                break;
            case Step::Kind::write:
                session.sent(peer.send(step.bytes));
                break;
            case Step::Kind::compute:
                peer.burn(step.duration);
                break;
            case Step::Kind::wait:
                peer.pass(step.duration);
                break;
            case Step::Kind::shut_down:
                peer.shut_down();
                break;
            case Step::Kind::close:
                return;
        }
    }
}

}  // namespace echotrio::prefork
