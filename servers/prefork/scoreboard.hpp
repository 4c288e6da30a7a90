// The scoreboard of a pool whose workers have one connection each: what a worker counts beside what
// every worker does, and the seats, of which there are as many as connections may be served.
#pragma once

#include "common/base/result.hpp"
#include "common/protocol/stats.hpp"
#include "common/supervise/jain.hpp"
#include "common/supervise/scoreboard.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace echotrio::prefork {

using supervise::Order;
using supervise::State;

struct Slot : supervise::Slot {
    protocol::Count connections;   // the worker: taken from accept, refused ones included
    protocol::Count lock_wait_ns;  // the worker: for its turn, --accept lock
};
static_assert(sizeof(Slot) == 128);

class Scoreboard final : public supervise::ScoreboardOf<Slot>, public protocol::StatsSource {
  public:
    // `slots` > 0. `seats`: connections served at a time; no limit when not less than `slots`.
    // Error: no memory.
    static Result<Scoreboard> create(std::string model, std::size_t slots, std::uint64_t seats);

    // A seat for one connection: exactly as many as --max-connections says. take_seat() is true
    // when there was a free one. A dead worker's seat is given back by the supervisor.
    bool take_seat(std::size_t slot) noexcept;
    void leave_seat(std::size_t slot) noexcept;
    void vacate(std::size_t slot) noexcept override { leave_seat(slot); }

    // The sum over all slots, those of dead workers too.
    protocol::Stats collect() override;

  private:
    using Seat = std::atomic<std::uint32_t>;  // slot + 1; 0 = free

    Scoreboard(std::string model, std::size_t slots, std::size_t seats,
               supervise::SlotMemory memory);

    // Over the slots; of those in use, but for lock_wait_ns.
    struct Sums {
        std::array<double, 5> in_state{};  // by State, without those that retire
        double retiring = 0;
        supervise::Jain connections{};
        std::uint64_t lock_wait_ns = 0;
    };
    protocol::Section workers(const Sums& sums) const;

    std::string model_;
    std::size_t seat_count_;  // 0 = no limit
    Seat* seats_;
};

}  // namespace echotrio::prefork
