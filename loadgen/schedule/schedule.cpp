#include "loadgen/schedule/schedule.hpp"

#include "common/base/check.hpp"

#include <cmath>

namespace echotrio::loadgen {
namespace {

// Beyond this there is nothing to wait for, and ns would not fit.
constexpr double kBeyondAllWaiting = 9e9;  // seconds

}  // namespace

Nanos Replay::at(std::uint64_t lap, std::int64_t arrival) const {
    const std::int64_t length = recording->length().count();
    const double ns =
        (static_cast<double>(lap) * static_cast<double>(length) + static_cast<double>(arrival)) /
        speed;
    if (!(ns < kBeyondAllWaiting * 1e9)) return Nanos::max();
    // As recorded to the nanosecond, which a double is not after some months.
    if (speed == 1) return Nanos(static_cast<std::int64_t>(lap) * length + arrival);
    return Nanos(std::llround(ns));
}

Schedule::Schedule(const Profile& profile, Arrival arrival, std::uint64_t seed, Share share)
    : profile_(&profile), arrival_(arrival), share_(share), rng_(Rng(seed).split(share.index)) {
    CHECK(share.index < share.of);
    const auto whole = static_cast<double>(share_.of);
    unit_gap_ = arrival_ == Arrival::poisson ? rng_.exponential() : 1;
    count_ = arrival_ == Arrival::poisson ? unit_gap_ * whole : static_cast<double>(share_.index);
    locate();
}

Schedule::Schedule(const Replay& replay, Share share)
    : replay_(&replay),
      share_{share.index * replay.share.of + replay.share.index, share.of * replay.share.of},
      rng_(0) {
    CHECK(share_.index < share_.of);
    locate_recorded();
}

void Schedule::advance() {
    const auto whole = static_cast<double>(share_.of);
    ++index_;
    if (replay_ != nullptr) {
        locate_recorded();
        return;
    }
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
    due_ = at && *at < kBeyondAllWaiting ? Nanos(std::llround(*at * 1e9)) : Nanos::max();
}

void Schedule::locate_recorded() {
    const Recording& recording = *replay_->recording;
    const std::uint64_t position = share_.index + index_ * share_.of;
    const std::uint64_t lap = position / recording.size();
    due_ = Nanos::max();
    if (lap > 0 && !replay_->loop) return;
    const Recording::Arrival& arrival = recording[position % recording.size()];
    recorded_ = arrival.request;
    due_ = replay_->at(lap, arrival.at);
}

}  // namespace echotrio::loadgen
