// The global lock: a thread holds it whenever it is not in a blocking call, as CPython's threads
// hold the GIL. Three ways to give it to another thread:
//
// switching (CPython 3.2 and later, after Python/ceval_gil.c)
//   The lock is the boolean `locked_` under a mutex that is only ever held for moments. A thread
//   that wants the lock waits on a condition, but at most for the switch interval. When that time
//   has passed, the lock is still held and nobody else got it meanwhile, the waiter sets the drop
//   request; a thread at work looks at it at each checkpoint() and gives the lock up. So a thread
//   that computes keeps the lock for about one interval, and a thread that returns from I/O beside
//   it waits about one interval for it: the convoy effect, which is what this server shows.
//
//   Signalling a waiter does not give it the lock. On several CPUs the thread that has just dropped
//   it is running while the waiter is still being woken; it would take the lock again first, time
//   after time, and the waiter would starve for many intervals. Hence forced switching: a thread
//   that drops the lock on request does not return before another thread has taken it. It waits on
//   a second condition until it is no longer the last holder; the taker, which sets the last
//   holder under that condition's mutex, signals it.
//
//   Two promises follow, both checked exhaustively on a model (tests/models) and under stress:
//   at most one thread holds the lock; a waiter's drop request leads to a switch.
//
// ticks (Python 2.7 to 3.1)
//   A plain lock, a semaphore as in those Pythons on Linux: each release wakes a waiter, who finds
//   it taken again more often than not. Every `check_interval` ticks (bytecodes; here kTick of CPU
//   work each) the holder releases it and takes it again at once. Nothing makes it wait for the
//   others.
//
// off
//   No lock (free threading, PEP 703): every call returns at once.
#pragma once

#include "common/base/clock.hpp"
#include "servers/threads/wait_histogram.hpp"

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <cstdint>

namespace echotrio::threads {

class Gil {
  public:
    enum class Mode : std::uint8_t { switching, ticks, off };

    // A bytecode of Python 2.7 costs about this much CPU time.
    static constexpr Nanos kTick{50};
    // CPython 3 looks at the drop request on every turn of a loop, which costs about this much. How
    // often matters: a waiter that has asked goes back to sleep at once, and a holder as quick as
    // an interpreter drops the lock before it sleeps, so that it takes the lock past a thread that
    // was asleep already. Looking every 20 us instead halves the waits beside two threads that
    // compute.
    static constexpr Nanos kTurn{100};

    struct Options {
        Mode mode = Mode::switching;
        Nanos switch_interval = std::chrono::milliseconds(5);  // > 0
        std::uint64_t check_interval = 100;                    // ticks, > 0
        bool forced_switching = true;                          // false only to show why it is there
    };

    explicit Gil(const Options& options);
    ~Gil();
    Gil(const Gil&) = delete;
    Gil& operator=(const Gil&) = delete;

    // Waits for the lock; errno stays as it was. The thread must not hold it.
    void take();
    // Gives it up. The thread must hold it.
    void drop();
    // What the call gives, without the lock meanwhile, as around a system call that may block.
    template <class Call>
    auto released(Call call) {
        struct Retaken {
            Gil& gil;
            ~Retaken() { gil.take(); }
        };
        drop();
        const Retaken retaken{*this};
        return call();
    }
    // Between two slices of CPU work: lets another thread have the lock when it is that one's turn.
    void checkpoint() {
        if (mode_ == Mode::ticks || drop_request_.load(std::memory_order_relaxed)) {
            drop();
            take();
        }
    }
    // How much CPU work lies between two checkpoints: a turn, or in mode ticks check_interval
    // ticks.
    Nanos grain() const noexcept { return grain_; }

    // All zero in mode off. Waits are those of the contended acquisitions.
    struct Stats {
        std::uint64_t acquisitions = 0;
        std::uint64_t contended = 0;        // of those, found the lock held
        std::uint64_t timeouts = 0;         // a wait of one interval that ended without the lock
        std::uint64_t drop_requests = 0;    // set by a waiter
        std::uint64_t forced_switches = 0;  // drops that waited for another thread to take over
        std::uint64_t switches = 0;         // taken by another thread than the last holder
        std::uint64_t waiters_max = 0;      // most threads waiting at once
        Nanos wait_p50{0}, wait_p99{0};
        Nanos longest_hold{0};  // that has ended
    };
    // The thread must hold the lock.
    Stats stats();

  private:
    using Thread = const void*;  // its identity

    void take_switching();
    void wait_until_free();
    void drop_switching();
    void wait_for_switch(Thread self);
    void take_plain();
    void drop_plain();
    void note_taken(TimePoint wanted_since, bool contended);
    void note_dropped();

    const Mode mode_;
    const bool forced_switching_;
    const Nanos interval_;
    const Nanos grain_;

    pthread_mutex_t mutex_{};
    pthread_cond_t cond_{};  // the lock became free
    bool locked_ = false;    // under mutex_
    std::atomic<bool> drop_request_{false};

    pthread_mutex_t switch_mutex_{};            // taken inside mutex_, or alone
    pthread_cond_t switch_cond_{};              // the last holder changed
    std::atomic<Thread> last_holder_{nullptr};  // written under switch_mutex_

    sem_t plain_{};  // the whole lock in mode ticks

    // Written by the holder: the lock itself protects them.
    std::uint64_t acquisitions_ = 0, contended_ = 0, switches_ = 0;
    TimePoint held_since_{};
    Nanos longest_hold_{0};
    WaitHistogram waits_;
    // Written by threads that do not hold it: under mutex_ or, in mode ticks, by the holder.
    std::uint64_t timeouts_ = 0, drop_requests_ = 0, waiters_max_ = 0;
    std::uint64_t forced_switches_ = 0;  // under switch_mutex_
    std::atomic<std::uint64_t> waiters_{0};
};

}  // namespace echotrio::threads
