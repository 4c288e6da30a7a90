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
#include "common/protocol/stats.hpp"

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace echotrio::prefork {

enum class State : std::uint8_t {
    dead,      // no worker in this slot
    starting,  // forked, not yet in accept
    idle,      // waiting for a connection
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

struct alignas(64) Slot {
    protocol::Counters counters;       // the worker
    protocol::Count connections;       // the worker: taken from accept, refused ones included
    protocol::Count lock_wait_ns;      // the worker: for its turn, --accept lock
    std::atomic<std::int64_t> due{0};  // both: see expect()
    std::atomic<pid_t> pid{0};         // the supervisor; 0 = no worker
    std::atomic<std::uint32_t> generation{0};  // the supervisor
    std::atomic<State> state{State::dead};     // the worker; the supervisor before and after it
    std::atomic<Order> order{Order::serve};    // the supervisor

    // The heartbeat: its owner will call this again within `bound`, or something is wrong with it.
    // 0 = no bound is known. Costs a few nanoseconds.
    void expect(Nanos bound) noexcept;
    // True when that time has passed: see suspicion.hpp.
    bool overdue() const noexcept;
};
static_assert(sizeof(Slot) == 128);

class Scoreboard final : public protocol::StatsSource {
  public:
    // `slots` > 0. `seats`: connections served at a time; no limit when not less than `slots`.
    // Error: no memory.
    static Result<Scoreboard> create(std::string model, std::size_t slots, std::uint64_t seats);

    std::size_t size() const noexcept { return size_; }
    Slot& slot(std::size_t index) noexcept { return slots_[index]; }

    // A seat for one connection: exactly as many as --max-connections says. take_seat() is true
    // when there was a free one. A dead worker's seat is given back by the supervisor.
    bool take_seat(std::size_t slot) noexcept;
    void leave_seat(std::size_t slot) noexcept;

    // The supervisor's own figures.
    struct Pool {
        pid_t supervisor = 0;
        TimePoint started{};
        protocol::Count spawned, died;  // died: killed or failed, not those that were told to leave
        std::atomic<std::uint32_t> generation{0};
        std::atomic<std::uint32_t> waiting{0};  // connections in the listeners' queues
    };
    Pool& pool() noexcept { return *pool_; }

    // The sum over all slots, those of dead workers too.
    protocol::Stats collect() override;

  private:
    using Seat = std::atomic<std::uint32_t>;  // slot + 1; 0 = free
    struct Unmap {
        std::size_t bytes = 0;
        void operator()(void* memory) const noexcept;
    };

    Scoreboard(std::string model, std::size_t slots, std::size_t seats,
               std::unique_ptr<void, Unmap> memory);
    static std::size_t bytes_for(std::size_t slots, std::size_t seats) noexcept;

    // Over the slots; of those in use, but for lock_wait_ns.
    struct Sums {
        std::array<double, 5> in_state{};  // by State, without those that retire
        double retiring = 0;
        double connections = 0, squares = 0, alive = 0;
        std::uint64_t lock_wait_ns = 0;
    };
    protocol::Section workers(const Sums& sums) const;

    std::string model_;
    std::size_t size_;
    std::size_t seat_count_;               // 0 = no limit
    std::unique_ptr<void, Unmap> memory_;  // holds these, in this order
    Pool* pool_;
    Slot* slots_;
    Seat* seats_;
};

}  // namespace echotrio::prefork
