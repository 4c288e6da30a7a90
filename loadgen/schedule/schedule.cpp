#include "loadgen/schedule/schedule.hpp"

#include "common/base/check.hpp"

#include <cmath>

namespace echotrio::loadgen {

Schedule::Schedule(const Profile& profile, Arrival arrival, std::uint64_t seed, Share share)
    : profile_(&profile), arrival_(arrival), share_(share), rng_(Rng(seed).split(share.index)) {
    CHECK(share.index < share.of);
    const auto whole = static_cast<double>(share_.of);
    unit_gap_ = arrival_ == Arrival::poisson ? rng_.exponential() : 1;
    count_ = arrival_ == Arrival::poisson ? unit_gap_ * whole : static_cast<double>(share_.index);
    locate();
}

void Schedule::advance() {
    const auto whole = static_cast<double>(share_.of);
    ++index_;
    if (arrival_ == Arrival::poisson) {
        unit_gap_ = rng_.exponential();
        count_ += unit_gap_ * whole;
    } else {
        count_ = static_cast<double>(share_.index) + static_cast<double>(index_) * whole;
    }
    locate();
}

void Schedule::locate() {
    const auto at = profile_->time_of(count_, leg_);
    // Beyond 9e9 s there is nothing to wait for, and ns would not fit.
    due_ = at && *at < 9e9 ? Nanos(std::llround(*at * 1e9)) : Nanos::max();
}

}  // namespace echotrio::loadgen
