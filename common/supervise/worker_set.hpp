// The worker processes: to fork them, to order them to leave, to reap them. What should happen when
// is the supervisor's business.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/supervise/listeners.hpp"
#include "common/supervise/options.hpp"
#include "common/supervise/pool.hpp"
#include "common/supervise/scoreboard.hpp"
#include "common/supervise/suspicion.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace echotrio::supervise {

// What a worker is handed once it is forked.
struct WorkerSetup {
    std::size_t slot;  // of the scoreboard
    int listener;
    int started;  // eventfd: see report_started()
};

// To be called by a worker that can accept connections from now on.
void report_started(Slot& slot, int started);

// How a worker ended.
struct Death {
    pid_t pid = 0;
    bool started = false;  // it had reported so
    bool ordered = false;  // it was told to leave
    bool clean = false;    // exit status 0
    bool cut_off = false;  // connections ended with it: its exit status says so, or a signal that
                           // killed it while some were open
    Nanos lived{0};        // since the fork
    std::string how;       // "killed by signal 9 (Killed)", "exited with status 1"
};

class WorkerSet {
  public:
    // What a forked process does; returns its exit status.
    using Body = std::function<int(const WorkerSetup&)>;

    // Binds what the workers share. Options and scoreboard outlive it; with a reload the board has
    // twice as many slots as there may be workers. Error: the reason.
    static Result<WorkerSet> create(const Options& options, Scoreboard& board, Body body);

    const net::HostPort& bound() const noexcept { return listeners_.bound(); }
    int started_fd() const noexcept { return started_.get(); }  // readable: see note_started()

    // One more worker. Error: fork or another call failed, or every slot is taken.
    Status spawn();
    // Takes note of the workers that have reported their start since the last time; how many.
    int note_started();
    // The workers that have ended since the last time. Processes of others (we may be process 1 of
    // a container) are reaped too, and forgotten.
    std::vector<Death> reap();

    // To all workers, or to those of former generations: never takes an order back.
    void order_all(Order what);
    void retire_former();
    void retire_one_idle();
    void kill_all();
    // Ends workers whose heartbeat is overdue: SIGABRT, a tick later SIGKILL. The pids.
    std::vector<pid_t> abort_hung();

    // The workers that are started from now on are to take over from the present ones.
    void next_generation();
    // Or not: the new ones retire, the former ones stay.
    void give_up_generation();
    std::uint32_t generation() const noexcept { return generation_; }
    // Of the present generation, not yet accepting.
    bool starting() const;

    Census census();
    std::size_t alive() const;
    bool anyone_started() const;
    // Workers that must be started so that each listening socket has one.
    int listeners_without_worker() const;
    std::size_t listener_count() const noexcept { return listeners_.size(); }

    void stop_listening() noexcept { listeners_.shut_down(); }
    void publish_waiting() noexcept { board_->pool().waiting.store(listeners_.waiting()); }

  private:
    // Our own record of a slot: the scoreboard, which workers can write to, is believed only where
    // nothing but figures depends on it.
    struct Member {
        pid_t pid = 0;  // 0 = the slot is free
        TimePoint born{};
        std::uint32_t generation = 0;
        std::size_t listener = 0;
        Order order = Order::serve;
        bool started = false;
        bool aborted = false;
        bool doomed = false;  // aborted before any order: its end is not the drain's doing
        Suspicion suspicion{};
    };

    WorkerSet(const Options& options, Scoreboard& board, Body body, Listeners listeners,
              net::Fd started);

    [[noreturn]] void become_worker(std::size_t slot, int listener, pid_t supervisor);
    Result<std::size_t> choose_listener();
    bool has_worker(std::size_t listener, std::uint32_t since) const;
    void order(std::size_t slot, Order what);
    Death record_death(std::size_t slot, int status);

    const Options& options_;
    Scoreboard* board_;
    Body body_;
    Listeners listeners_;
    net::Fd started_;
    std::vector<Member> members_;  // by slot
    std::uint32_t generation_ = 0;
    std::uint32_t takes_over_ = 0;  // the first generation whose worker is enough for a listener
};

}  // namespace echotrio::supervise
