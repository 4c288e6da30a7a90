// The time that a thread spends on polls which find nothing, and whether it has the CPU to itself
// for that: who polls beside others takes their CPU, and then waits for it when a reply comes.
// Pure; the times come from the caller.
#pragma once

#include "common/base/clock.hpp"

#include <algorithm>

namespace echotrio::loadgen {

class Spinning {
  public:
    // `polls`: it may, while nothing is ready. `gives_up`: it ends that where it is not alone.
    Spinning(bool polls, bool gives_up) : polls_(polls), gives_up_(gives_up) {}

    bool polls() const { return polls_; }
    Nanos spun() const { return spun_; }

    // A poll took so long and found nothing.
    void polled(Nanos took) {
        // The rest went to an interrupt, or to somebody else.
        spun_ += std::min(took, kLongestPoll);
        all_ += took;
        if (took <= kInterrupted) return;
        lost_ += took;
        if (gives_up_ && lost_ > kLostAtOnce + all_ / kLostPart) polls_ = false;
    }

  private:
    static constexpr Nanos kLongestPoll = std::chrono::microseconds(5);
    static constexpr Nanos kInterrupted = std::chrono::microseconds(200);
    // Our own controlling thread has its turns there, too: less than a hundredth of the time. A run
    // is INVALID where a thread waits for a CPU for 2 %.
    static constexpr Nanos kLostAtOnce = std::chrono::milliseconds(5);
    static constexpr int kLostPart = 64;

    bool polls_, gives_up_;
    Nanos spun_{0}, all_{0}, lost_{0};
};

}  // namespace echotrio::loadgen
