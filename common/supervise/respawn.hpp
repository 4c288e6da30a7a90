// How soon workers that die at once are replaced: pure arithmetic, so that a worker which crashes
// whatever it does costs a fork now and then, not a loop. Deaths that nobody ordered count; a
// worker that had lived for a while is replaced at the next tick of the pool.
#pragma once

#include "common/base/clock.hpp"

namespace echotrio::supervise {

class Respawn {
  public:
    // A death sooner than this after the fork is "at once".
    static constexpr Nanos kAtOnce = std::chrono::seconds(1);
    // The longest pause, in ticks.
    static constexpr int kLongestPause = 32;
    // So many workers in a row that died before they could accept: they can't start at all.
    static constexpr int kStartBudget = 5;

    // A worker reached its accept call.
    void started() noexcept { failed_starts_ = 0; }
    // A worker is dead that nobody had told to leave. `was_started`: it had reached accept.
    void died(bool was_started, Nanos lived) noexcept;

    // Once a tick: may workers be started now? The first deaths at once are answered without a
    // pause; while the workers of each attempt die at once as well, pauses of 1, 2, 4 ... 32 ticks
    // lie before the next one. An attempt that lasts a tick ends that.
    bool tick() noexcept;

    bool budget_spent() const noexcept { return failed_starts_ >= kStartBudget; }

  private:
    int failed_starts_ = 0;
    int quick_deaths_ = 0;  // since the last tick
    int streak_ = 0;        // attempts in a row whose workers died at once
    int pause_ = 0;         // ticks still to wait
    bool allowed_ = true;   // what the last tick said
};

}  // namespace echotrio::supervise
