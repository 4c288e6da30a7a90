// One load on one target: sends by the schedule, matches replies, counts everything. It knows
// nothing of servers' processes, files or verdicts (see experiment/trial.hpp for the whole).
//
// The rule of the window: a request belongs to it when its intended start lies in [begin, end). At
// the end no further request falls due; what is due is still sent for up to a second and answered
// within the timeout (the drain), so that a stall at the end is in the figures. Latency holds all
// requests of the window except failed ones: a timeout as the time until it ran out, what was
// never sent or answered as the time it had waited. Only the throughput looks at when replies came.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/load/load.hpp"
#include "loadgen/results/run_result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace echotrio::loadgen {

// What a run asked for in its window, as a record that can be replayed. Null: nothing.
struct RunRecord {
    std::shared_ptr<const Recording> recording;
    bool whole = true;  // false: there was more than a record can hold, this is its beginning
};

// Called by the controlling thread, never on the request path.
struct RunHooks {
    std::function<void()> connected;  // all connections (idle ones too) stand: a plateau
    // Asked then: when to begin, where others have a say in that, instead of start_at; may wait for
    // them. Empty: there is no run after all.
    std::function<std::optional<std::chrono::system_clock::time_point>()> begin;
    std::function<void()> window_nears;  // a quarter of a second before, within the warm-up
    // The warm-up is over, at `due`; called as soon after as there is a CPU for it.
    std::function<void(TimePoint due)> window_begins;
    std::function<void(TimePoint due)> window_ends;
    std::function<void()> drained;          // no request is left; all connections still stand
    std::function<void(Interval&)> second;  // once a second in the window; may fill server_*
    std::function<bool()> stop;             // polled: true ends the run in order (Ctrl-C)
    std::function<void(RunRecord)> record;  // at the end; where it is set, a record is made
};

// Error: the target can't be resolved or refuses every connection, descriptors don't suffice.
// The verdict in the result is not yet judged, and `server` not filled.
Result<RunResult> run(const RunOptions& options, const RunHooks& hooks = {});

}  // namespace echotrio::loadgen
