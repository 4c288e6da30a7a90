#include "common/supervise/respawn.hpp"

#include <algorithm>

namespace echotrio::supervise {

namespace {

int pause_after(int streak) {
    constexpr int kDoublings = 6;  // more would overflow some day
    return streak == 0 ? 0 : 1 << (std::min(streak, kDoublings) - 1);
}

}  // namespace

void Respawn::died(bool was_started, Nanos lived) noexcept {
    if (!was_started) ++failed_starts_;
    if (!was_started || lived < kAtOnce) ++quick_deaths_;
}

bool Respawn::tick() noexcept {
    if (quick_deaths_ > 0) {
        pause_ = std::min(pause_after(streak_), kLongestPause);
        ++streak_;
    } else if (allowed_) {
        streak_ = 0;  // what was started since then lives
    }
    quick_deaths_ = 0;
    allowed_ = pause_ == 0;
    if (!allowed_) --pause_;
    return allowed_;
}

}  // namespace echotrio::supervise
