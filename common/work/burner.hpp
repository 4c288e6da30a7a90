// CPU work as a fixed amount of work, not of time: iterations of an integer loop, calibrated once
// at start. A request preempted in the middle still does all of it, as a real computation would.
#pragma once

#include "common/base/clock.hpp"

#include <cstdint>

namespace echotrio::work {

// How much one slice costs on an idle CPU: the grain of the "bytecode" boundary at which a thread
// looks at drop requests, and of a coroutine's --yield-every.
inline constexpr Nanos kSlice = std::chrono::microseconds(20);

class Burner {
  public:
    // Measures this CPU for about 10 ms (the fastest of several short rounds, so that a preemption
    // does not count as slowness).
    Burner();
    // A known speed, for tests and for worker processes that inherit the supervisor's.
    explicit Burner(double iterations_per_us) : iterations_per_us_(iterations_per_us) {}

    double iterations_per_us() const noexcept { return iterations_per_us_; }

    // Does the work that takes `amount` of CPU time when nothing interferes, in slices; between
    // them it calls checkpoint(). With amount <= 0 nothing happens.
    template <class Checkpoint>
    void burn(Nanos amount, Checkpoint&& checkpoint) const {
        for (Nanos left = amount; left > Nanos(0);) {
            const Nanos slice = left < kSlice ? left : kSlice;
            burn_slice(slice);
            left -= slice;
            if (left > Nanos(0)) checkpoint();
        }
    }
    void burn(Nanos amount) const {
        burn(amount, [] {});
    }
    // One piece without a checkpoint, for a loop that counts its own slices.
    void burn_slice(Nanos amount) const;

  private:
    double iterations_per_us_ = 0;
};

}  // namespace echotrio::work
