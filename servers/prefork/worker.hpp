// A worker: accepts one connection, serves it to its end with blocking calls, accepts the next. The
// loop over the session's steps is loop.cpp; everything about processes is in the supervisor.
#pragma once

#include "common/protocol/session.hpp"
#include "common/supervise/worker_set.hpp"
#include "common/work/burner.hpp"
#include "servers/prefork/accept_lock.hpp"
#include "servers/prefork/heap.hpp"
#include "servers/prefork/options.hpp"
#include "servers/prefork/peer.hpp"
#include "servers/prefork/scoreboard.hpp"
#include "servers/prefork/stop_signal.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace echotrio::prefork {

// What a worker is handed once it is forked.
struct WorkerSetup : supervise::WorkerSetup {
    Scoreboard& board;
    AcceptLock* lock;  // null: accept without
};

class Worker {
  public:
    Worker(const Options& options, const work::Burner& burner, Heap& heap,
           const WorkerSetup& setup);

    // Returns the exit status of the process.
    int run();

  private:
    net::Accepted accept();
    void occupied(int connection);

    const Options& options_;
    const WorkerSetup setup_;
    Slot& slot_;
    std::atomic<bool> draining_{false};  // what the session is told
    StopSignal stop_;
    std::uint64_t connections_left_;
    protocol::Context context_;
    const WorkerParts parts_;
};

// Serves one connection to its end.
void serve(protocol::Session& session, Peer& peer);

}  // namespace echotrio::prefork
