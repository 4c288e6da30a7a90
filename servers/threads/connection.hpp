// One connection, from its thread's start to its end.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/server_options.hpp"
#include "common/protocol/session.hpp"
#include "common/work/burner.hpp"
#include "servers/threads/gil.hpp"
#include "servers/threads/registry.hpp"

namespace echotrio::threads {

// What all connections share.
struct Shared {
    const net::ServerOptions& options;
    const work::Burner& burner;
    Gil& gil;
    protocol::StatsSource& stats;
    const std::atomic<bool>& draining;
};

// Serves the connection in the slot to its end and closes it. Blocks; takes and drops the lock
// itself.
void serve_connection(Slot& slot, const Shared& shared);

}  // namespace echotrio::threads
