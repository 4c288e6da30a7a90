#include "common/supervise/scoreboard.hpp"

namespace echotrio::supervise {

void Slot::expect(Nanos bound) noexcept {
    const Nanos::rep until = (coarse_now() + bound).time_since_epoch().count();
    due.store(bound > Nanos(0) ? until : 0, std::memory_order_relaxed);
}

bool Slot::overdue() const noexcept {
    const std::int64_t until = due.load(std::memory_order_relaxed);
    return until != 0 && coarse_now().time_since_epoch().count() > until;
}

}  // namespace echotrio::supervise
