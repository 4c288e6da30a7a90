#include "common/work/burner.hpp"

#include <algorithm>

namespace echotrio::work {
Burner::Burner() {
    constexpr std::uint64_t kIterations = 200'000;
    constexpr int kRounds = 20;
    spin(1, kIterations);  // wake the CPU from its low clock
    for (int round = 0; round < kRounds; ++round) {
        const TimePoint start = now();
        spin(1, kIterations);
        const double us = std::max(micros(now() - start), 1.0);
        iterations_per_us_ = std::max(iterations_per_us_, static_cast<double>(kIterations) / us);
    }
}

}  // namespace echotrio::work
