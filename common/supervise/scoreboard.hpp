// What each worker is doing, in memory that the supervisor and all workers share, so that any
// worker can answer for the whole server and a killed worker takes no count with it.
//
// A slot belongs to one worker at a time; its counters go on from worker to worker. Each field has
// one writer, named beside it, so nothing here needs a lock. A slot is a whole number of cache
// lines and its line is written by one worker only: counting costs no traffic between CPUs.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/protocol/counters.hpp"
#include "common/supervise/slot_memory.hpp"

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace echotrio::supervise {

enum class State : std::uint8_t {
    dead,      // no worker in this slot
    starting,  // forked, not yet accepting
    idle,      // waiting for a connection; where a worker has many: serving
    busy,      // serving one
    closing,   // the last reply is out; reads the peer's rest before it closes
};

// What the supervisor wants of a worker; it grows and never goes back.
enum class Order : std::uint8_t {
    serve,
    retire,  // no further connection; the present one goes on to its end
    drain,   // no further connection, no further request
    leave,   // now
};

// A model adds its own figures to it.
struct alignas(kCacheLine) Slot {
    protocol::Counters counters;               // the worker
    std::atomic<std::int64_t> due{0};          // both: see expect()
    std::atomic<pid_t> pid{0};                 // the supervisor; 0 = no worker
    std::atomic<std::uint32_t> generation{0};  // the supervisor
    std::atomic<State> state{State::dead};     // the worker; the supervisor before and after it
    std::atomic<Order> order{Order::serve};    // the supervisor

    // The heartbeat: its owner will call this again within `bound`, or something is wrong with it.
    // 0 = no bound is known. Costs a few nanoseconds.
    void expect(Nanos bound) noexcept;
    // True when that time has passed: see suspicion.hpp.
    bool overdue() const noexcept;
};

class Scoreboard {
  public:
    virtual ~Scoreboard() = default;

    std::size_t size() const noexcept { return size_; }
    virtual Slot& slot(std::size_t index) noexcept = 0;
    // Its worker has ended: what it held of the model's own is free again.
    virtual void vacate(std::size_t) noexcept {}

    // The supervisor's own figures.
    struct Pool {
        pid_t supervisor = 0;
        TimePoint started{};
        protocol::Count spawned, died;  // died: killed or failed, not those that were told to leave
        std::atomic<std::uint32_t> generation{0};
        std::atomic<std::uint32_t> waiting{0};  // connections in the listeners' queues
    };
    Pool& pool() noexcept { return *pool_; }
    const Pool& pool() const noexcept { return *pool_; }

  protected:
    Scoreboard(Pool& pool, std::size_t size) : pool_(&pool), size_(size) {}
    Scoreboard(Scoreboard&&) = default;
    Scoreboard& operator=(Scoreboard&&) = default;

  private:
    Pool* pool_;
    std::size_t size_;
};

// One whose slots have a model's own figures: Own is a Slot.
template <class Own>
class ScoreboardOf : public Scoreboard {
  public:
    Own& slot(std::size_t index) noexcept final { return slots_[index]; }
    const Own& slot(std::size_t index) const noexcept { return slots_[index]; }

  protected:
    // What so many slots take, and after them `more` bytes for what a model keeps beside them.
    static constexpr std::size_t bytes_for(std::size_t slots, std::size_t more = 0) noexcept {
        return whole_lines(sizeof(Pool)) + slots * sizeof(Own) + more;
    }
    // Precondition: the memory has bytes_for(slots).
    ScoreboardOf(SlotMemory memory, std::size_t slots)
        : Scoreboard(*new (memory.data()) Pool, slots),
          memory_(std::move(memory)),
          slots_(new (memory_.data() + whole_lines(sizeof(Pool))) Own[slots]) {
        pool().started = now();
    }
    void* after_slots() const noexcept { return slots_ + size(); }

  private:
    static_assert(sizeof(Own) % kCacheLine == 0);
    SlotMemory memory_;
    Own* slots_;
};

}  // namespace echotrio::supervise
