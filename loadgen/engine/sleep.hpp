// How long to sleep so as to be awake in time. A sleep ends late, so where something has to be done
// at a moment, the last part of the wait is spent polling. Pure; the times come from the caller.
#pragma once

#include "common/base/clock.hpp"

#include <algorithm>

namespace echotrio::loadgen {

class Sleep {
  public:
    // Where sleeps usually end later than `longest_spin`, it is not worth polling.
    explicit Sleep(Nanos longest_spin) : longest_spin_(longest_spin) {}

    // For so long, of the time that is `left`. `exactly`: there is something to do at its end.
    Nanos length(Nanos left, bool exactly) const {
        const Nanos early = exactly && usually_late_ <= longest_spin_ ? usually_late_ : Nanos(0);
        return std::max(left - early, Nanos(0));
    }
    // One ended so late.
    void ended(Nanos late) {
        // A slow average from below and a quick one from above: a high, not extreme, quantile.
        usually_late_ +=
            (std::max(late, Nanos(0)) - usually_late_) / (late > usually_late_ ? 8 : 32);
    }

  private:
    Nanos longest_spin_;
    Nanos usually_late_{0};
};

}  // namespace echotrio::loadgen
