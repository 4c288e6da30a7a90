// One thread's books: every request is entered when it falls due, when it is sent and when it ends,
// and nothing else is counted. Pure; the times come from the caller.
//
// Windows: what counts is whether the intended start is before or in the window (see run.hpp). The
// time average in flight is an integral of events alone: each arrival at t subtracts clamp(t) and
// each end adds clamp(t), with t clamped to the window.
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/record/histogram.hpp"
#include "loadgen/results/run_result.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace echotrio::loadgen {

enum class Failure : std::uint8_t { connect, reset, closed, mismatch, status, protocol };

// The durations of some time: of a second, and added up of the window.
struct Durations {
    std::vector<Histogram> latency;  // by request class
    Histogram service_time, lateness, send_delay;

    explicit Durations(std::size_t classes) : latency(classes) {}
    void add(const Durations& other);
    // Room for everything up to a minute, so that recording allocates nothing.
    void reserve();
    void clear();
};

// Running counts since the start, in the order of things.
struct Progress {
    std::uint64_t due = 0;
    std::uint64_t ended = 0;      // completed, failed or timed out
    std::uint64_t completed = 0;  // those that ended within the window, by their end
    std::uint64_t errors = 0;

    Progress& operator+=(const Progress& other) {
        due += other.due;
        ended += other.ended;
        completed += other.completed;
        errors += other.errors;
        return *this;
    }
};

struct LedgerRules {
    std::size_t classes = 1;
    bool by_schedule = false;  // false: each request starts when it is due; lateness is 0
    TimePoint begin, end;      // the window, where it is known already
};

class Ledger {
  public:
    explicit Ledger(const LedgerRules& rules);

    // The request with this intended start falls due; the generator noticed `delay` too late.
    void due(TimePoint intended, Nanos delay) {
        Accounting& a = account(intended);
        ++a.scheduled;
        area_ -= clamped(intended);
        if (rules_.by_schedule && in_window(intended)) active().send_delay.record(delay.count());
    }
    void sent(TimePoint intended, TimePoint at) {
        ++account(intended).sent;
        if (rules_.by_schedule && in_window(intended)) {
            active().lateness.record((at - intended).count());
        }
    }
    void completed(std::size_t request_class, TimePoint intended, TimePoint sent, TimePoint at) {
        ++account(intended).completed;
        area_ += clamped(at);
        if (at >= rules_.begin && at < rules_.end) ++in_time_;
        if (!in_window(intended)) return;
        ++completed_by_class_[request_class];
        record(request_class, intended, sent, at);
    }
    void failed(Failure kind, TimePoint intended, TimePoint at);
    // `at`: the send plus the timeout, whenever it was noticed.
    void timed_out(std::size_t request_class, TimePoint intended, TimePoint sent, TimePoint at);

    // Bytes came that no request asked for.
    void unasked(TimePoint at);

    // A reply has this status code, which has three digits.
    void status(std::uint16_t code, TimePoint intended) {
        if (in_window(intended)) ++status_codes_[code];
    }

    // Everything stops at `at`: what was sent or only due by then has waited until `at`.
    void left_in_flight(std::size_t request_class, TimePoint intended, TimePoint at);
    void left_unsent(std::size_t request_class, TimePoint intended, TimePoint at);

    bool in_window(TimePoint intended) const { return intended >= rules_.begin; }
    TimePoint window_begin() const { return rules_.begin; }
    TimePoint window_end() const { return rules_.end; }
    // Precondition: nothing was entered yet.
    void set_window(TimePoint begin, TimePoint end) {
        rules_.begin = begin;
        rules_.end = end;
    }
    // The window ends earlier than thought (before its begin: it is empty), or at last (a run of so
    // many requests). Precondition: nothing was entered for a later time.
    void set_window_end(TimePoint end) {
        rules_.end = end;
        rules_.begin = std::min(rules_.begin, end);
    }

    Progress progress() const;
    const Accounting& before() const { return accounts_[0]; }
    const Accounting& within() const { return accounts_[1]; }
    const ErrorCounts& errors() const { return errors_; }
    // Replies in the window, by code.
    const std::array<std::uint64_t, 1000>& status_codes() const { return status_codes_; }
    const std::vector<std::uint64_t>& completed_by_class() const { return completed_by_class_; }
    // The integral of the requests in flight over the window, in request-seconds.
    double in_flight_seconds() const { return static_cast<double>(area_) * 1e-9; }

    // Once a second the reader, who runs in another thread, gets what was recorded since: flip()
    // hands it over unless the reader still holds the second before; the reader looks at handed()
    // while has_flipped() and then gives it back. Nothing is copied or locked beside the requests.
    struct Handed {
        Progress progress;
        Durations durations;
    };
    bool flip();
    bool has_flipped() const { return flipped_.load(std::memory_order_acquire); }
    const Handed& handed() const { return sets_[1 - active_]; }
    void give_back();
    // After the thread has ended: what was not handed over.
    const Durations& remaining() const { return sets_[active_].durations; }

  private:
    Accounting& account(TimePoint intended) { return accounts_[in_window(intended) ? 1 : 0]; }
    Durations& active() { return sets_[active_].durations; }
    std::int64_t clamped(TimePoint t) const {
        return (std::clamp(t, rules_.begin, rules_.end) - rules_.begin).count();
    }
    void count(Failure kind);
    void record(std::size_t request_class, TimePoint intended, TimePoint sent, TimePoint at) {
        active().latency[request_class].record((at - intended).count());
        if (rules_.by_schedule) active().service_time.record((at - sent).count());
    }

    LedgerRules rules_;
    std::array<Accounting, 2> accounts_;  // before the window, in it
    ErrorCounts errors_;
    std::uint64_t in_time_ = 0;  // Progress::completed
    std::uint64_t unasked_ = 0;
    std::array<std::uint64_t, 1000> status_codes_{};
    std::vector<std::uint64_t> completed_by_class_;
    std::int64_t area_ = 0;  // ns
    std::array<Handed, 2> sets_;
    std::size_t active_ = 0;  // changes only in flip(), that is while the reader does not look
    std::atomic<bool> flipped_{false};
};

}  // namespace echotrio::loadgen
