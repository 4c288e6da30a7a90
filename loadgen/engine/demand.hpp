// When the load wants a request of this thread: by a schedule, after thinking, or whenever a
// connection has room; and how many it still wants. Pure; the times come from the caller.
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/engine/ledger.hpp"
#include "loadgen/load/load.hpp"
#include "loadgen/schedule/schedule.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace echotrio::loadgen {

class Demand {
  public:
    // Part `share` of the load. `profile`: of an open loop with a rate, else null; it and the
    // options must outlive this.
    Demand(const RunOptions& options, const Profile* profile, Share share);

    bool scheduled() const { return arrivals_.has_value(); }
    // Requests of the window are all asked for (a run of so many requests).
    bool exhausted() const { return quota_ == 0; }

    // A request that no schedule asks for is due: at once, or after thinking.
    void ask(TimePoint intended, TimePoint now, Ledger& ledger) {
        enter(intended, now - intended, ledger);
    }

    // The rest is for scheduled() only, but for backlog(), which is 0 otherwise.
    void start(TimePoint start) { start_ = start; }
    // When the next request falls due; TimePoint::max() when none does before `end`.
    TimePoint next(TimePoint end) const {
        const Nanos due = arrivals_->next().due();
        if (due == Nanos::max() || exhausted()) return TimePoint::max();
        const TimePoint at = start_ + due;
        return at < end ? at : TimePoint::max();
    }
    // What is due by now joins the backlog and is entered in the books. It could have been sent
    // since `possible` (<= now), if it was due then: a wait before that is not the generator's.
    void fall_due(TimePoint now, TimePoint possible, Ledger& ledger) {
        for (TimePoint due = next(ledger.window_end()); due <= now;
             due = next(ledger.window_end())) {
            if (ledger.in_window(due) && --gap_countdown_ == 0) sample_gap();
            enter(due, now - std::max(due, possible), ledger);
            arrivals_->falls_due();
        }
    }
    std::uint64_t backlog() const { return arrivals_ ? arrivals_->backlog() : 0; }
    // What the oldest of the backlog is, in a replay. Precondition: backlog() > 0.
    const RecordedRequest& oldest() const { return arrivals_->oldest(); }
    // The oldest of the backlog is taken away; its intended start. Precondition: backlog() > 0.
    TimePoint take() { return start_ + arrivals_->take(); }
    // Sampled evenly over the run: gaps between arrivals, in their mean.
    const std::vector<double>& unit_gaps() const { return unit_gaps_; }

    // How late a request may be sent, where each would cost a sleep of its own.
    Nanos slack() const { return slack_; }
    // The longest wait that may be spent polling, so that polling costs little at this rate.
    Nanos longest_spin() const { return longest_spin_; }

  private:
    void enter(TimePoint intended, Nanos delay, Ledger& ledger) {
        ledger.due(intended, delay);
        if (ledger.in_window(intended)) --quota_;
    }
    void sample_gap();

    std::uint64_t quota_;  // requests of the window still to ask for, else practically endless
    std::optional<Arrivals> arrivals_;
    TimePoint start_;
    Nanos longest_spin_{0};
    Nanos slack_{0};
    std::uint64_t gap_stride_ = 1, gap_countdown_ = 1;
    std::vector<double> unit_gaps_;
};

}  // namespace echotrio::loadgen
