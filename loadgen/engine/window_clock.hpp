// The clock of a thread's run: its ticks, where the measurement begins and ends, what the thread
// used in between, and when the drain is over. Pure but for the thread's usage; the times come from
// the caller.
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/engine/ledger.hpp"
#include "loadgen/engine/thread_usage.hpp"
#include "loadgen/load/load.hpp"

#include <algorithm>
#include <cstdint>

namespace echotrio::loadgen {

// What the thread used in the window. All 0 where the window never ended.
struct WindowUse {
    double cpu_s = 0, run_queue_wait_s = 0, measured_s = 0;
    double spun_s = 0;  // of cpu_s: polled and found nothing
    std::uint64_t syscalls = 0;
};

// What the thread's own loop counts, since it began.
struct LoopCounts {
    std::uint64_t syscalls = 0;  // without polls that found nothing
    Nanos spun{0};
};

class WindowClock {
  public:
    // Every connection has to be looked at once in so many ticks.
    static constexpr std::uint32_t kSweepTicks = 16;

    // Of a run that starts at `start`. The ledger, which must outlive it, gets the window that the
    // options ask for; an endless one where they ask for a count of requests. `usage` is asked
    // where the window begins and where it ends.
    WindowClock(const RunOptions& options, TimePoint start, Ledger& ledger,
                ThreadUsage (*usage)() = thread_usage);

    bool over(TimePoint now) const { return now >= ledger_.window_end(); }
    // After the window, what is due is still sent until then.
    TimePoint sending_ends() const { return ledger_.window_end() + longest_sending(); }

    TimePoint next_tick() const { return next_tick_; }
    // What the time brings: the window begins, a second is handed over, the window ends. `stop`:
    // the run was told to end then; TimePoint::max() = it was not. `counts`: by now. True, once:
    // the window has ended.
    bool tick(TimePoint now, TimePoint stop, const LoopCounts& counts);
    // A run of so many requests has had its last one at `end`: so the window ends then. True: this
    // ends it.
    bool end_at(TimePoint end, TimePoint now, const LoopCounts& counts);

    // What is still to do.
    struct Left {
        std::uint64_t in_flight = 0, backlog = 0;
        bool exhausted = false;  // no further request will fall due
        bool stopped = false;    // told to end: unanswered requests get less time
    };
    bool finished(TimePoint now, const Left& left) const;

    const WindowUse& use() const { return use_; }

  private:
    enum class Stage : std::uint8_t { before, within, after };

    Nanos longest_sending() const { return std::min<Nanos>(timeout_, std::chrono::seconds(1)); }
    bool mark(TimePoint now, const LoopCounts& counts);

    Ledger& ledger_;
    ThreadUsage (*usage_)();
    const Nanos timeout_;
    const Nanos tick_length_;
    TimePoint next_tick_;
    TimePoint next_second_;
    Stage stage_ = Stage::before;
    ThreadUsage usage_at_begin_;
    LoopCounts counts_at_begin_;
    WindowUse use_;
};

}  // namespace echotrio::loadgen
