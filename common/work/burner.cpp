#include "common/work/burner.hpp"

#include <algorithm>

namespace echotrio::work {
namespace {

// A chain of dependent multiplications: no memory, nothing for the compiler to shorten.
std::uint64_t spin(std::uint64_t iterations) {
    std::uint64_t x = iterations | 1;
    for (std::uint64_t i = 0; i < iterations; ++i) {
        x = x * 6364136223846793005ULL + 1442695040888963407ULL;
        asm volatile("" : "+r"(x));
    }
    return x;
}

}  // namespace

Burner::Burner() {
    constexpr std::uint64_t kIterations = 200'000;
    constexpr int kRounds = 20;
    spin(kIterations);  // wake the CPU from its low clock
    for (int round = 0; round < kRounds; ++round) {
        const TimePoint start = now();
        spin(kIterations);
        const double us = std::max(micros(now() - start), 1.0);
        iterations_per_us_ = std::max(iterations_per_us_, static_cast<double>(kIterations) / us);
    }
}

void Burner::burn_slice(Nanos amount) const {
    spin(static_cast<std::uint64_t>(micros(amount) * iterations_per_us_));
}

}  // namespace echotrio::work
