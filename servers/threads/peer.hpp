// A thread's side of its connection: blocking calls, each bounded by the deadline. Called without
// the global lock: nothing here is shared but the mark that says whether a drain may end the read.
#pragma once

#include "common/base/io.hpp"
#include "common/net/receive_timeout.hpp"
#include "common/protocol/deadline.hpp"
#include "common/protocol/session.hpp"
#include "servers/threads/registry.hpp"

#include <array>
#include <atomic>
#include <span>
#include <string_view>

namespace echotrio::threads {

class Peer {
  public:
    // Precondition: the slot's socket has the idle limit as its receive timeout (accepted sockets
    // inherit the listener's).
    Peer(Slot& slot, const protocol::Session& session, const protocol::Limits& limits,
         const std::atomic<bool>& draining)
        : slot_(slot), session_(session), limits_(limits), draining_(draining) {}

    Io receive();
    Io send(std::string_view bytes);
    void shut_down();

    bool large_used() const noexcept { return large_used_; }

  private:
    Io read();
    int fd() const noexcept { return slot_.connection.load(std::memory_order_relaxed); }

    Slot& slot_;
    const protocol::Session& session_;
    const protocol::Limits& limits_;
    const std::atomic<bool>& draining_;
    protocol::Deadline deadline_;
    net::ReceiveTimeout timeout_{limits_.idle};
    // While a connection's bytes come in small pieces they are read here, into this thread's stack,
    // in the page that is in use anyway: so a silent or chatting connection keeps no page of the
    // large buffer. A piece that fills it is followed by reads into the large one.
    std::array<char, 1536> small_;  // a segment of Ethernet
    bool filled_ = false;
    bool large_used_ = false;
};

}  // namespace echotrio::threads
