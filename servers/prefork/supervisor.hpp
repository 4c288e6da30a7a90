// The supervisor: keeps as many workers as the pool wants, replaces those that die, and drains,
// reloads and stops on signals. It serves no connection and waits in one place only.
#pragma once

#include "common/net/signals.hpp"
#include "servers/prefork/options.hpp"
#include "servers/prefork/pool.hpp"
#include "servers/prefork/respawn.hpp"
#include "servers/prefork/worker_set.hpp"

#include <optional>
#include <string>

namespace echotrio::prefork {

class Supervisor {
  public:
    // Precondition: `signals` has SIGTERM, SIGINT, SIGHUP and SIGCHLD, and no thread exists.
    Supervisor(const Options& options, net::SignalFd signals, WorkerSet workers)
        : options_(options),
          signals_(std::move(signals)),
          workers_(std::move(workers)),
          pool_(options.pool) {}

    // Serves until it is told to stop; true when every connection had come to its end in time.
    // Error: no worker can be started, with the reason.
    Result<bool> run();

  private:
    enum class Phase : std::uint8_t {
        starting,  // not ready yet
        serving,
        draining,  // until the deadline, then TERM
        killing,   // until the deadline, then KILL
    };

    void start_first();
    void wait_for_event();
    void take_signals();
    void take_deaths();
    void take_starts();
    void tick();
    void maintain_pool();
    void reload();
    void give_up_reload();
    bool spawn(int count);  // false: not all of them, which is logged
    void fail(std::string reason);
    void drain();
    void end_drain();
    bool stopping() const noexcept { return phase_ >= Phase::draining; }

    const Options& options_;
    net::SignalFd signals_;
    WorkerSet workers_;
    Pool pool_;
    Respawn respawn_;
    Phase phase_ = Phase::starting;
    bool reload_wanted_ = false;
    bool reloading_ = false;  // the new generation is starting
    bool ceiling_logged_ = false;
    bool cut_short_ = false;  // workers were killed at the end
    std::string last_spawn_error_;
    std::optional<Error> failure_;
    TimePoint next_tick_{};
    TimePoint deadline_{};
};

}  // namespace echotrio::prefork
