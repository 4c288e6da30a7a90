// The model: a thread of its own for each connection, so its calls may block; but threads share one
// interpreter, so each gives the global lock up for as long as it blocks.
#pragma once

#include "common/protocol/session.hpp"
#include "servers/threads/burn.hpp"
#include "servers/threads/gil.hpp"

#include <thread>

namespace echotrio::threads {

// The thread must hold the lock. False: a peer that does not block has nothing to read yet.
template <class Connection>
bool serve(protocol::Session& session, Connection& peer, Gil& gil, const work::Burner& burner) {
    using protocol::Step;
    while (true) {
        const Step step = session.next();
        switch (step.kind) {
            case Step::Kind::read:
                if (!session.took(gil.released([&] { return peer.receive(); }))) return false;
                break;
            case Step::Kind::write:
                session.sent(gil.released([&] { return peer.send(step.bytes); }));
                break;
            case Step::Kind::compute:
                burn(step, burner, gil);
                break;
            case Step::Kind::wait:
                gil.released([&] { std::this_thread::sleep_for(step.duration); });
                break;
            case Step::Kind::shut_down:
                peer.shut_down();
                break;
            case Step::Kind::close:
                return true;
        }
    }
}

}  // namespace echotrio::threads
