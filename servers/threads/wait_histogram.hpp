// A small fixed histogram of waiting times: eight slots to each doubling of the nanoseconds, so a
// percentile is at most 1/8 too high. Plain memory without a lock: who records holds one.
#pragma once

#include "common/base/clock.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace echotrio::threads {

class WaitHistogram {
  public:
    void record(Nanos wait) noexcept {
        ++counts_[slot_of(static_cast<std::uint64_t>(wait < Nanos(0) ? 0 : wait.count()))];
        ++total_;
    }

    std::uint64_t count() const noexcept { return total_; }

    // The upper end of the slot in which the value of rank ceil(fraction x count) lies; 0 when
    // empty. fraction: 0 to 1.
    Nanos quantile(double fraction) const noexcept {
        const double rank = fraction * static_cast<double>(total_);
        std::uint64_t seen = 0;
        for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
            seen += counts_[slot];
            if (seen > 0 && static_cast<double>(seen) >= rank) return Nanos(slot_end(slot));
        }
        return Nanos(0);
    }

  private:
    static constexpr unsigned kBits = 3;  // 2^3 slots a doubling

    static constexpr std::size_t slot_of(std::uint64_t ns) {
        const auto width = static_cast<unsigned>(std::bit_width(ns | ((1U << (kBits + 1)) - 1)));
        const unsigned doubling = width - (kBits + 1);
        return (static_cast<std::size_t>(doubling) << kBits) + (ns >> doubling);
    }
    static constexpr std::int64_t slot_end(std::size_t slot) {
        constexpr std::size_t kFirst = std::size_t{1} << (kBits + 1);  // exact below this
        if (slot < kFirst) return static_cast<std::int64_t>(slot);
        const std::size_t doubling = (slot >> kBits) - 1;
        const std::size_t mantissa = slot - (doubling << kBits);
        return static_cast<std::int64_t>(((mantissa + 1) << doubling) - 1);
    }

    // Every non-negative int64 has a slot.
    std::array<std::uint64_t, ((63 - kBits) << kBits) + (1U << kBits)> counts_{};
    std::uint64_t total_ = 0;
};

}  // namespace echotrio::threads
