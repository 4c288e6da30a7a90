// When each request of an open-loop run should start. A schedule is a pure function of profile,
// arrival process, seed and share: it can't see completions, which is what makes latency measured
// from it free of coordinated omission.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"
#include "loadgen/schedule/profile.hpp"

#include <cstddef>
#include <cstdint>

namespace echotrio::loadgen {

enum class Arrival : std::uint8_t { constant, poisson };

// Part `index` of `of` equal parts. Together the parts are the whole: constant arrivals are dealt
// in turn, so they stay evenly spaced; independent Poisson processes add up to one.
struct Share {
    std::uint64_t index = 0;
    std::uint64_t of = 1;
};

// A cursor over the schedule; a copy goes on independently. It works on the count of requests, in
// which arrivals have unit rate, and the profile turns counts into times: a Poisson process of any
// profile is a unit one seen through it (time change; Lewis and Shedler 1979), and constant
// arrivals are whole counts, without drift.
class Schedule {
  public:
    // The profile must outlive this and its copies.
    Schedule(const Profile& profile, Arrival arrival, std::uint64_t seed, Share share = {});

    // The intended start of the request under the cursor, from the start of the profile;
    // Nanos::max() when there is none.
    Nanos due() const { return due_; }
    void advance();

    // The step that led to the request under the cursor, in the mean of this share: 1 for constant
    // arrivals, exponential with mean 1 for Poisson, whatever the profile.
    double unit_gap() const { return unit_gap_; }

  private:
    void locate();

    const Profile* profile_;
    Arrival arrival_;
    Share share_;
    Rng rng_;
    std::uint64_t index_ = 0;
    double count_;
    double unit_gap_;
    std::size_t leg_ = 0;
    Nanos due_{0};
};

// The schedule with what is due and not yet sent. However long that backlog grows, it is two
// cursors: nothing is stored, nothing is dropped.
class Arrivals {
  public:
    explicit Arrivals(const Schedule& schedule) : due_(schedule), unsent_(schedule) {}

    // The first request that is not yet due.
    const Schedule& next() const { return due_; }
    // It is due now: it joins the backlog.
    void falls_due() {
        if (backlog_++ == 0) unsent_ = due_;
        due_.advance();
    }
    std::uint64_t backlog() const { return backlog_; }
    // The oldest of the backlog is taken away; its intended start. Precondition: backlog() > 0.
    Nanos take() {
        const Nanos intended = unsent_.due();
        if (--backlog_ > 0) unsent_.advance();
        return intended;
    }

  private:
    Schedule due_;
    Schedule unsent_;  // means something while backlog_ > 0
    std::uint64_t backlog_ = 0;
};

}  // namespace echotrio::loadgen
