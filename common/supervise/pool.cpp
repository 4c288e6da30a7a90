#include "common/supervise/pool.hpp"

#include <algorithm>

namespace echotrio::supervise {

Decision Pool::tick(const Census& census) noexcept {
    Decision decision;
    const int room = std::max(limits_.max_workers - census.all, 0);
    if (census.idle >= limits_.min_spare) {
        decision.retire = census.idle > limits_.max_spare;
        rate_ = 1;
    } else if (room == 0) {
        decision.ceiling = true;
        rate_ = 1;
    } else {
        decision.spawn = std::min(rate_, room);
        rate_ = std::min(rate_ * 2, kMaxSpawn);
    }
    return decision;
}

}  // namespace echotrio::supervise
