// CPU work as a fixed amount of work, not of time: iterations of an integer loop, calibrated once
// at start. A request preempted in the middle still does all of it, as a real computation would.
#pragma once

#include "common/base/clock.hpp"

#include <algorithm>
#include <cstdint>

namespace echotrio::work {

// A piece of CPU work after which a loop looks at what else there is to do, where a model does not
// say otherwise: fine enough for any timeout, too coarse to cost anything.
inline constexpr Nanos kSlice = std::chrono::microseconds(20);

class Burner {
  public:
    // Measures this CPU for about 10 ms (the fastest of several short rounds, so that a preemption
    // does not count as slowness).
    Burner();
    // A known speed, for tests and for worker processes that inherit the supervisor's.
    explicit Burner(double iterations_per_us) : iterations_per_us_(iterations_per_us) {}

    double iterations_per_us() const noexcept { return iterations_per_us_; }

    // Does the work that takes `amount` of CPU time when nothing interferes; after every `slice` of
    // it but the last it calls checkpoint(). The amount of work does not depend on the slice, which
    // may be as short as a bytecode (tens of ns). With amount <= 0 nothing happens.
    template <class Checkpoint>
    void burn(Nanos amount, Nanos slice, Checkpoint&& checkpoint) const {
        const std::uint64_t piece = std::max<std::uint64_t>(iterations(slice), 1);
        std::uint64_t left = iterations(amount);
        std::uint64_t chain = 1;
        for (; left > piece; left -= piece) {
            chain = spin(chain, piece);
            checkpoint();
        }
        spin(chain, left);
    }
    void burn(Nanos amount) const { spin(1, iterations(amount)); }

  private:
    std::uint64_t iterations(Nanos amount) const {
        if (amount <= Nanos(0)) return 0;
        return static_cast<std::uint64_t>(micros(amount) * iterations_per_us_);
    }

    // A chain of dependent multiplications: no memory, nothing for the compiler to shorten. Slices
    // are one chain, or the CPU would begin the next one before the last is done: less work.
    static std::uint64_t spin(std::uint64_t x, std::uint64_t iterations) {
        for (std::uint64_t i = 0; i < iterations; ++i) {
            x = x * 6364136223846793005ULL + 1442695040888963407ULL;
            asm volatile("" : "+r"(x));
        }
        return x;
    }

    double iterations_per_us_ = 0;
};

}  // namespace echotrio::work
