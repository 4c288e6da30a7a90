// The supervisor: keeps as many workers as the pool wants, replaces those that die, and drains,
// reloads and stops on signals. It serves no connection and waits in one place only.
#pragma once

#include "common/net/signals.hpp"
#include "common/supervise/options.hpp"
#include "common/supervise/pool.hpp"
#include "common/supervise/respawn.hpp"
#include "common/supervise/worker_set.hpp"

#include <optional>
#include <string>

namespace echotrio::supervise {

class Supervisor {
  public:
    // Precondition: `signals` has SIGTERM, SIGINT and SIGCHLD, and SIGHUP where workers understand
    // Order::retire, which a reload takes; and no thread exists.
    Supervisor(const Options& options, net::SignalFd signals, WorkerSet workers)
        : options_(options),
          signals_(std::move(signals)),
          workers_(std::move(workers)),
          pool_(options.pool) {}

    // Serves until it is told to stop; true when from then on every connection came to its end in
    // time, and none ended with its worker.
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
    void log(const std::string& message) const;
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

// The end of a supervised server's main: becomes --user and serves; the exit status. Precondition
// as of Supervisor.
int run(const Options& options, net::SignalFd signals, WorkerSet workers);

}  // namespace echotrio::supervise
