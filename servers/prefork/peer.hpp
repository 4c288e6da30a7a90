// A worker's side of its one connection: blocking calls, each bounded by the deadline. What else a
// worker owes its supervisor happens here as well, so that the loop shows the model alone: before a
// call it says by when it will be heard of again, after one it looks for an order to leave.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/io.hpp"
#include "common/net/receive_timeout.hpp"
#include "common/protocol/deadline.hpp"
#include "common/protocol/session.hpp"
#include "common/work/burner.hpp"
#include "servers/prefork/heap.hpp"
#include "servers/prefork/scoreboard.hpp"
#include "servers/prefork/stop_signal.hpp"

#include <atomic>
#include <span>
#include <string_view>

namespace echotrio::prefork {

// What a worker has, whoever its peer is.
struct WorkerParts {
    const protocol::Limits& limits;
    const work::Burner& burner;
    Heap& heap;
    Slot& slot;
    StopSignal& stop;
    std::atomic<bool>& draining;  // what the session is told
    std::span<char> input;
};

class Peer {
  public:
    // Precondition: parts.stop watches the connection.
    Peer(int connection, const protocol::Session& session, const WorkerParts& parts)
        : connection_(connection), session_(session), parts_(parts) {}

    Io receive();
    Io send(std::string_view bytes);
    void shut_down();
    void burn(Nanos work);
    void pass(Nanos time);

  private:
    bool check_orders();

    const int connection_;
    const protocol::Session& session_;
    const WorkerParts& parts_;
    protocol::Deadline deadline_;
    // Unknown at first, even where none is wanted: a drain may have been ordered before the
    // connection was watched, and setting it sees that.
    net::ReceiveTimeout timeout_;
};

// To the end, whatever signals come.
void sleep_for(Nanos duration);

}  // namespace echotrio::prefork
