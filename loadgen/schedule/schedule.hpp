// When each request of an open-loop run should start. A schedule is a pure function of profile,
// arrival process, seed and share: it can't see completions, which is what makes latency measured
// from it free of coordinated omission.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"
#include "loadgen/schedule/profile.hpp"
#include "loadgen/schedule/recording.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace echotrio::loadgen {

enum class Arrival : std::uint8_t { constant, poisson };

// Part `index` of `of` equal parts. Together the parts are the whole: constant arrivals are dealt
// in turn, so they stay evenly spaced; independent Poisson processes add up to one.
struct Share {
    std::uint64_t index = 0;
    std::uint64_t of = 1;
};

// Recorded arrivals as a schedule.
struct Replay {
    std::shared_ptr<const Recording> recording;
    double speed = 1;   // > 0; 2: in half the time
    bool loop = false;  // again from its beginning, for ever
    Share share{};      // this generator's, where several make the load

    // How long it takes once.
    Nanos length() const { return at(1, 0); }
    // When an arrival is due in the lap-th round; Nanos::max() where that is beyond all waiting.
    Nanos at(std::uint64_t lap, std::int64_t arrival) const;
};

// A cursor over the schedule; a copy goes on independently. It works on the count of requests, in
// which arrivals have unit rate, and the profile turns counts into times: a Poisson process of any
// profile is a unit one seen through it (time change; Lewis and Shedler 1979), and constant
// arrivals are whole counts, without drift.
class Schedule {
  public:
    // The profile must outlive this and its copies.
    Schedule(const Profile& profile, Arrival arrival, std::uint64_t seed, Share share = {});
    // Every so many-th of the recorded arrivals. The replay must outlive this and its copies.
    Schedule(const Replay& replay, Share share);

    // The intended start of the request under the cursor, from the start of the profile;
    // Nanos::max() when there is none.
    Nanos due() const { return due_; }
    void advance();

    // The step that led to the request under the cursor, in the mean of this share: 1 for constant
    // arrivals, exponential with mean 1 for Poisson, whatever the profile.
    double unit_gap() const { return unit_gap_; }

    // What the request under the cursor is, in a replay.
    const RecordedRequest& recorded() const { return recorded_; }

  private:
    void locate();
    void locate_recorded();

    const Profile* profile_ = nullptr;
    const Replay* replay_ = nullptr;  // one of the two
    Arrival arrival_ = Arrival::constant;
    Share share_;
    Rng rng_;
    std::uint64_t index_ = 0;
    double count_ = 0;
    double unit_gap_ = 1;
    std::size_t leg_ = 0;
    Nanos due_{0};
    RecordedRequest recorded_;
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
    // What the oldest of the backlog is, in a replay. Precondition: backlog() > 0.
    const RecordedRequest& oldest() const { return unsent_.recorded(); }
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
