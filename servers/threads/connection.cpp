// The thread of a connection: blocking calls, each between giving the global lock up and taking it
// again.
#include "servers/threads/connection.hpp"

#include "common/net/socket.hpp"
#include "servers/threads/burn.hpp"
#include "servers/threads/receive_limit.hpp"

#include <sys/socket.h>

#include <new>
#include <thread>

namespace echotrio::threads {
namespace {

using protocol::Session;
using protocol::Step;

void serve(Slot& slot, protocol::Context& context, const Shared& shared) {
    Gil& gil = shared.gil;
    const int fd = slot.connection.load(std::memory_order_relaxed);
    ReceiveLimit limit(fd, shared.options);
    Session session(context);
    while (true) {
        slot.mark_idle(session.idle());
        const Step step = session.next();
        switch (step.kind) {
            case Step::Kind::read: {
                if (!limit.apply(session, context.counters)) {
                    session.timed_out();
                    break;
                }
                gil.drop();
                const net::Io io = net::read_some(fd, context.input);
                gil.take();
                if (io.kind == net::Io::Kind::bytes) {
                    session.receive({context.input.data(), io.count});
                } else if (io.kind == net::Io::Kind::end) {
                    session.end_of_stream();
                } else if (io.kind == net::Io::Kind::would_block) {
                    session.timed_out();
                } else {
                    return context.counters.resets.add();
                }
                break;
            }
            case Step::Kind::write: {
                gil.drop();
                const net::Io io = net::write_some(fd, step.bytes);
                gil.take();
                if (io.kind == net::Io::Kind::would_block) return context.counters.timeouts.add();
                if (io.kind == net::Io::Kind::failed) return context.counters.resets.add();
                session.written(io.count);
                break;
            }
            case Step::Kind::compute:
                burn(step.duration, shared.burner, gil);
                break;
            case Step::Kind::wait:
                gil.drop();
                std::this_thread::sleep_for(step.duration);
                gil.take();
                break;
            case Step::Kind::shut_down:
                ::shutdown(fd, SHUT_WR);
                limit.closing();
                break;
            case Step::Kind::close:
                return;
        }
    }
}

}  // namespace

void serve_connection(Slot& slot, const Shared& shared) {
    protocol::Context context(shared.options.settings, slot.counters, shared.stats,
                              shared.draining);
    shared.gil.take();
    try {
        serve(slot, context, shared);
    } catch (const std::bad_alloc&) {  // this connection goes, the server stays
        slot.counters.resets.add();
    }
    shared.gil.drop();
    const net::Fd closed(slot.connection.exchange(-1));
}

}  // namespace echotrio::threads
