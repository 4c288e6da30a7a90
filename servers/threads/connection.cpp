#include "servers/threads/connection.hpp"

#include "common/base/unix_time.hpp"
#include "common/net/fd.hpp"
#include "servers/threads/loop.hpp"
#include "servers/threads/peer.hpp"

#include <sys/mman.h>

#include <new>

namespace echotrio::threads {

void serve_connection(Slot& slot, const Shared& shared) {
    protocol::Buffers& buffers = *slot.buffers;
    protocol::Context context(shared.options.settings, slot.counters, shared.stats, shared.draining,
                              unix_time, buffers);
    bool large_used = false;
    shared.gil.take();
    try {
        protocol::Session session(context);
        Peer peer(slot, session, shared.options.limits, shared.draining);
        serve(session, peer, shared.gil, shared.burner);
        large_used = peer.large_used();
    } catch (const std::bad_alloc&) {  // this connection goes, the server stays
        slot.counters.resets.add();
        large_used = true;
    }
    shared.gil.drop();
    const net::Fd closed(slot.connection.exchange(-1));
    // HTTP made its replies there. The pages go back to the system.
    if (large_used || context.spare_http) ::madvise(&buffers, sizeof buffers, MADV_DONTNEED);
}

}  // namespace echotrio::threads
