#include "loadgen/rendezvous/clock_offset.hpp"

namespace echotrio::loadgen::rendezvous {

void ClockEstimate::exchanged(Nanos asked, Nanos answered, Nanos received) {
    ++exchanges_;
    const Nanos half = (received - asked) / 2;
    if (half < Nanos(0) || (best_ && half >= best_->error)) return;
    best_ = {answered - (asked + half), half};
}

}  // namespace echotrio::loadgen::rendezvous
