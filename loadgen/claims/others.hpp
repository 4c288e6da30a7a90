// What others used of the machine while an experiment ran.
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/probe/machine.hpp"

#include <optional>

namespace echotrio::loadgen {

class Others {
  public:
    Others();  // the experiment begins
    // Of the machine, 0 to 1; empty: not known.
    std::optional<double> share(const Trials& trials) const;

  private:
    double own_before_;
    MachineState before_;
    TimePoint begin_;
};

}  // namespace echotrio::loadgen
