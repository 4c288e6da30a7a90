// What each loop has done, so that any of them can answer for the whole server: in memory that all
// processes share, or of the one loop that there is.
#pragma once

#include "common/base/result.hpp"
#include "common/protocol/counters.hpp"
#include "common/protocol/stats.hpp"
#include "common/supervise/scoreboard.hpp"
#include "servers/coroutine/lag.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace echotrio::coroutine {

struct Slot : supervise::Slot {  // the loop writes these
    Lag lag;
    protocol::Count yields;         // CPU work that gave way to others
    protocol::Count accept_pauses;  // no descriptor or memory left
};

class Scoreboard final : public supervise::ScoreboardOf<Slot>, public protocol::StatsSource {
  public:
    // Of one loop in this process.
    explicit Scoreboard(std::string model);
    // Of loops in `slots` processes that are forked later. Error: no memory.
    static Result<Scoreboard> shared(std::string model, std::size_t slots);

    // Open connections, over all loops. Of connections that are opened at one moment in several
    // processes, and counted before this is asked, at least one sees all of them.
    std::uint64_t connections() const noexcept;

    // The sum over all slots; the counts of processes that have died are in it.
    protocol::Stats collect() override;

  private:
    Scoreboard(std::string model, std::size_t slots, supervise::SlotMemory memory)
        : ScoreboardOf(std::move(memory), slots), model_(std::move(model)) {}

    std::string model_;
};

}  // namespace echotrio::coroutine
