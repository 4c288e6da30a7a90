#include "loadgen/engine/demand.hpp"

#include "loadgen/engine/shard.hpp"

#include <algorithm>
#include <limits>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kSampledGaps = 1000;

// Polling for the last part of a wait may cost this share of the CPU.
constexpr double kSpinShare = 0.1;
constexpr Nanos kLongestSpin = std::chrono::microseconds(100);
// A sleep costs as much CPU time as a request or two. Where arrivals come closer together than
// this, each would have one of its own; they may be this late then, and mostly go out with a
// reply's event.
constexpr Nanos kHighRateSlack = std::chrono::microseconds(20);

}  // namespace

Demand::Demand(const RunOptions& options, const Profile* profile, Share share)
    : quota_(options.requests > 0 ? share_of(options.requests, share)
                                  : std::numeric_limits<std::uint64_t>::max()) {
    double rate = 0;  // of this part, per second
    if (options.replay) {
        const Replay& replay = *options.replay;
        arrivals_.emplace(Schedule(replay, share));
        rate = static_cast<double>(replay.recording->size()) / seconds(replay.length()) /
               static_cast<double>(share.of * replay.share.of);
        if (rate * seconds(kHighRateSlack) > 1) slack_ = kHighRateSlack;
        gap_countdown_ = std::numeric_limits<std::uint64_t>::max();  // no law to test them against
    } else if (profile != nullptr) {
        arrivals_.emplace(Schedule(*profile, options.arrival, options.seed, share));
        const double window = seconds(options.duration + options.warmup);
        rate = profile->count_at(window) / window / static_cast<double>(share.of);
        if (rate * seconds(kHighRateSlack) > 1) slack_ = kHighRateSlack;
        const double gaps = options.requests > 0 ? static_cast<double>(quota_) : rate * window;
        gap_stride_ =
            static_cast<std::uint64_t>(gaps * static_cast<double>(share.of) / kSampledGaps) + 1;
    } else if (options.think > Nanos(0)) {
        const std::uint64_t connections = share_of(options.connections, share);
        rate = static_cast<double>(connections) / seconds(options.think);
    } else {
        return;
    }
    longest_spin_ = std::min(kLongestSpin, from_seconds(kSpinShare / std::max(rate, 1.0)));
}

void Demand::sample_gap() {
    gap_countdown_ = gap_stride_;
    if (unit_gaps_.size() < kSampledGaps) unit_gaps_.push_back(arrivals_->next().unit_gap());
}

}  // namespace echotrio::loadgen
