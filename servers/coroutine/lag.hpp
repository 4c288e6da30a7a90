// How late the loop's ticks were: a histogram of durations with eight slots for every doubling
// (12.5 % wide), from 1 us to over an hour. The loop alone writes it; anyone may read it meanwhile.
#pragma once

#include "common/base/clock.hpp"
#include "common/protocol/counters.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace echotrio::coroutine {

class Lag {
  public:
    void record(Nanos lag) {
        const auto us = static_cast<std::uint64_t>(std::max<Nanos::rep>(lag.count(), 0)) / 1000;
        max_us_.set(std::max(max_us_.get(), us));
        counts_[std::min(slot_of(us), counts_.size() - 1)].add();
        std::atomic_thread_fence(std::memory_order_release);
        count_.add();
    }
    // What another loop recorded, too. It may record meanwhile: how many there are is read first,
    // so that the slots hold no fewer and each rank is found in one.
    void add(const Lag& other) {
        count_.add(other.count());
        std::atomic_thread_fence(std::memory_order_acquire);
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i].add(other.counts_[i].get());
        max_us_.set(std::max(max_us_.get(), other.max_us_.get()));
    }

    std::uint64_t count() const { return count_.get(); }
    double max_us() const { return static_cast<double>(max_us_.get()); }

    // The upper end, in microseconds, of the slot that holds this quantile (0 to 1), but never more
    // than the largest value met; 0 when nothing was recorded.
    double quantile_us(double q) const {
        const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count())));
        std::uint64_t seen = 0;
        for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
            seen += counts_[slot].get();
            if (seen > 0 && seen >= rank) return std::min(end_of(slot), max_us());
        }
        return 0;
    }

  private:
    // Below 16 us a slot each; then slot = doubling x 8 + the leading four bits (8 to 15).
    static std::size_t slot_of(std::uint64_t us) {
        const int doubling = 64 - std::countl_zero(us | 15U) - 4;
        return static_cast<std::size_t>(doubling) * 8 + static_cast<std::size_t>(us >> doubling);
    }
    static double end_of(std::size_t slot) {
        const std::size_t doubling = slot < 16 ? 0 : slot / 8 - 1;
        return std::ldexp(static_cast<double>(slot - doubling * 8 + 1), static_cast<int>(doubling));
    }

    std::array<protocol::Count, 32 * 8> counts_;
    protocol::Count count_;
    protocol::Count max_us_;
};

}  // namespace echotrio::coroutine
