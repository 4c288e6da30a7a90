#include "loadgen/engine/window_clock.hpp"

namespace echotrio::loadgen {
namespace {

constexpr Nanos kEndless = std::chrono::hours(24 * 300);

}  // namespace

WindowClock::WindowClock(const RunOptions& options, TimePoint start, Ledger& ledger,
                         ThreadUsage (*usage)())
    : ledger_(ledger),
      usage_(usage),
      timeout_(options.timeout),
      tick_length_(std::clamp<Nanos>(options.timeout / 64, std::chrono::milliseconds(1),
                                     std::chrono::milliseconds(20))) {
    const TimePoint begin = start + options.warmup;
    ledger_.set_window(begin, begin + (options.requests > 0 ? kEndless : options.duration));
}

bool WindowClock::tick(TimePoint now, TimePoint stop, const LoopCounts& counts) {
    if (stage_ != Stage::after && stop < ledger_.window_end()) {
        ledger_.set_window_end(std::max(stop, now));
    }
    const bool ended = mark(now, counts);
    next_tick_ = now + tick_length_;
    for (const TimePoint edge : {ledger_.window_begin(), ledger_.window_end(), next_second_}) {
        if (edge > now) next_tick_ = std::min(next_tick_, edge);
    }
    return ended;
}

bool WindowClock::end_at(TimePoint end, TimePoint now, const LoopCounts& counts) {
    if (stage_ == Stage::after) return false;
    ledger_.set_window_end(std::max(end, ledger_.window_begin()));
    return mark(now, counts);
}

bool WindowClock::mark(TimePoint now, const LoopCounts& counts) {
    if (stage_ == Stage::before) {
        // Who had no CPU when the window began has to show that: the look before it counts then.
        const Nanos late = now - ledger_.window_begin();
        if (late <= tick_length_ || usage_at_begin_.before == TimePoint()) {
            usage_at_begin_ = usage_();
        }
        if (late < Nanos(0)) return false;
        stage_ = Stage::within;
        next_second_ = ledger_.window_begin() + std::chrono::seconds(1);
        counts_at_begin_ = counts;
    }
    if (stage_ == Stage::after) return false;
    if (now >= next_second_ && ledger_.flip()) {
        while (next_second_ <= now) next_second_ += std::chrono::seconds(1);
    }
    if (!over(now)) return false;
    stage_ = Stage::after;
    const ThreadUsage end = usage_();
    use_.cpu_s = end.cpu_s - usage_at_begin_.cpu_s;
    use_.run_queue_wait_s = end.wait_s - usage_at_begin_.wait_s;
    use_.measured_s = seconds(end.after - usage_at_begin_.before);
    use_.spun_s = std::min(seconds(counts.spun - counts_at_begin_.spun), use_.cpu_s);
    use_.syscalls = counts.syscalls - counts_at_begin_.syscalls;
    return true;
}

bool WindowClock::finished(TimePoint now, const Left& left) const {
    const bool nothing_left = left.in_flight == 0 && left.backlog == 0;
    if (left.exhausted && nothing_left) return true;
    if (stage_ != Stage::after) return false;
    const TimePoint answers_end =
        sending_ends() + (left.stopped ? Nanos(0) : timeout_ + tick_length_ * (kSweepTicks + 1));
    if (left.in_flight == 0) return nothing_left || now >= sending_ends();
    return now >= answers_end;
}

}  // namespace echotrio::loadgen
