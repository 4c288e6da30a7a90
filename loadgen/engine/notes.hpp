// What a run asked for and when, noted request by request where its record is wanted.
#pragma once

#include "loadgen/engine/prepared.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <vector>

namespace echotrio::loadgen {

// One thread's, in the order in which it sent them. 16 bytes a request.
class Notes {
  public:
    // No more than `most` are kept.
    explicit Notes(std::size_t most) : most_(most) {}

    void add(TimePoint intended, const RecordedRequest& what) {
        if (kept_.size() < most_) {
            kept_.push_back({intended, what});
        } else {
            lost_from_ = std::min(lost_from_, intended);
        }
    }

    struct Note {
        TimePoint intended;
        RecordedRequest what;  // its resource as in `Prepared`
    };
    // Calls take(note) with each and lets go of it: of 20 million that is 320 MB.
    void drain(auto&& take) {
        for (; !kept_.empty(); kept_.pop_front()) take(kept_.front());
    }
    // The earliest that was not kept; TimePoint::max(): all were.
    TimePoint lost_from() const { return lost_from_; }

  private:
    std::size_t most_;
    std::deque<Note> kept_;
    TimePoint lost_from_ = TimePoint::max();
};

// The window's requests of all threads, as far as each one's notes go, which it drains.
// `since_1970`: how far the monotonic clock is behind the time of day.
RunRecord join_notes(const Prepared& prepared, const std::vector<Notes*>& notes,
                     TimePoint window_begin, Nanos since_1970);

}  // namespace echotrio::loadgen
