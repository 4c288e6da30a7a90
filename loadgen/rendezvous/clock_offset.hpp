// How far another host's clock is from ours, by exchanges of a question and an answer, as NTP does
// (RFC 5905, 8): of several the one with the smallest round trip counts, and half of that is what
// it may be off by. Pure.
#pragma once

#include "common/base/clock.hpp"

#include <cstddef>
#include <optional>

namespace echotrio::loadgen::rendezvous {

struct ClockOffset {
    Nanos ahead{0};  // their clock minus ours
    Nanos error{0};  // the truth is within this, both ways
};

class ClockEstimate {
  public:
    // `asked` and `received` by our clock, `answered` by theirs, all since 1970. An exchange that
    // ended before it began (our clock was set meanwhile) tells nothing, but counts.
    void exchanged(Nanos asked, Nanos answered, Nanos received);
    std::size_t exchanges() const { return exchanges_; }
    // Empty: none told anything.
    const std::optional<ClockOffset>& best() const { return best_; }

  private:
    std::size_t exchanges_ = 0;
    std::optional<ClockOffset> best_;
};

}  // namespace echotrio::loadgen::rendezvous
