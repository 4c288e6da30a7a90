// A generator thread: its share of the connections and of the schedule, one epoll set, its own
// books. Threads share nothing that a request touches. It joins the parts, which do not know each
// other: what a socket needs after a reply, a failure or a rest is decided here.
//
// A request costs two system calls, a read and the write of the next one from inside the read's
// handler, and its part of an epoll_pwait2. While nothing is ready the thread sleeps, or it polls
// (RunOptions::idle_strategy); the time of polls that find nothing is counted apart.
#pragma once

#include "loadgen/engine/connection.hpp"
#include "loadgen/engine/demand.hpp"
#include "loadgen/engine/ledger.hpp"
#include "loadgen/engine/prepared.hpp"
#include "loadgen/engine/requests.hpp"
#include "loadgen/engine/sleep.hpp"
#include "loadgen/engine/sockets.hpp"
#include "loadgen/engine/spinning.hpp"
#include "loadgen/engine/window_clock.hpp"

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// What the controlling thread tells the workers, who only read it.
struct Signals {
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
    std::atomic<std::int64_t> start{kNever};  // when the run begins, ns of the monotonic clock
    std::atomic<std::int64_t> stop{kNever};   // when the window ends, if earlier than planned
};

class Worker {
  public:
    enum class Phase : int { connecting, connected, running, done, failed };

    // The index-th of options.threads. `profile` is null in a closed loop. All must outlive it.
    Worker(const Prepared& prepared, const Profile* profile, Share share, const Signals& signals);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void run() noexcept;  // the thread's whole life

    // For the controlling thread, any time.
    Phase phase() const { return phase_.load(std::memory_order_acquire); }

    // Precondition: phase() is running or done. The ledger's handed() is for the reader.
    Ledger& ledger() { return *ledger_; }

    // After done or failed; plain data, filled in at the end.
    struct Report {
        std::string error;                     // failed: why; empty when it was only called off
        const char* protocol_fault = nullptr;  // of a reply; null: there was none
        WindowUse use;
        bool spun = false;  // while nothing was ready, to the end
        SocketCounts sockets;
        std::uint64_t connect_errors = 0;  // before the start; later ones fail a request
        std::uint64_t in_flight_at_end = 0, backlog_at_end = 0;
        std::uint64_t served = 0, idle = 0;
        double replies = 0, replies_squared = 0;  // over the slots, for Jain's index
        std::vector<double> unit_gaps;            // sampled
    };
    const Report& report() const { return report_; }
    // Null unless a record is made. After done.
    Notes* notes() { return notes_ ? &*notes_ : nullptr; }

  private:
    // worker.cpp: the life of the thread
    Phase live();
    bool connect_all();
    std::optional<TimePoint> wait_for_start();
    void begin_run(TimePoint start);
    void turn();
    void wait(TimePoint until, bool exactly);
    int sleep(Nanos length, bool exactly);
    int poll(TimePoint until);
    void dispatch_due();
    void dispatch_thinkers();
    void tick();
    void look_after(Connection& c);
    bool finished() const;
    void window_ended();
    void close_books();
    bool started() const { return window_.has_value(); }
    bool stopped() const {
        return signals_.stop.load(std::memory_order_relaxed) != Signals::kNever;
    }
    TimePoint next_due() const;
    LoopCounts counts() const {
        return {waits_ + sockets_.syscalls() + requests_.syscalls(), spinning_.spun()};
    }

    // worker_events.cpp: what events do to a connection
    void handle(const epoll_event& event);
    void readable(Connection& c, std::uint32_t events);
    void go_on_after(Connection& c, Requests::After after);
    void available(Connection& c);
    void connect(Connection& c);
    void connect_failed(Connection& c);
    void replace(Connection& c, bool suspicious);
    void rest(Connection& c);
    void write(Connection& c);
    void begin(Connection& c, TimePoint intended) {
        demand_.ask(intended, now_, *ledger_);
        requests_.begin(c.exchange, intended, now_);
    }
    void pump(Connection& c);
    void queue(Connection& c) {
        if (ready_.empty()) ready_since_ = now_;
        ready_.push(c);
    }
    bool may_begin(const Connection& c) const {
        return c.socket.state != Socket::State::resting && requests_.may_begin(c.exchange);
    }

    const RunOptions& options_;
    const Signals& signals_;
    const bool thinks_;
    Spinning spinning_;
    std::vector<Connection> connections_;
    Sockets sockets_;
    std::optional<Notes> notes_;
    Requests requests_;
    Demand demand_;
    Sleep sleep_;
    std::optional<Ledger> ledger_;       // made by the thread, whose memory it is
    std::optional<WindowClock> window_;  // from the start on
    ReadyQueue ready_;                   // those with room: in an open loop, and those that think
    std::vector<epoll_event> events_;
    TimePoint ready_since_;  // since then one of them was there
    TimePoint now_;          // the last reading of the clock
    std::uint32_t sweep_at_ = 0;
    std::uint64_t waits_ = 0;  // without polls that found nothing
    Report report_;
    std::atomic<Phase> phase_{Phase::connecting};
};

}  // namespace echotrio::loadgen
