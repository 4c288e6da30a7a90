// A log-linear histogram of durations (HDR, Gil Tene): three significant digits from 1 ns to
// more than an hour. Recording is a count of leading zeros, a shift and an increment; there is no
// running total, minimum or maximum to keep up, everything else is computed from the counts when it
// is asked for. So merging histograms gives exactly the histogram of all the values together.
//
// Layout (that of HdrHistogram with lowestDiscernibleValue 1, 3 digits): values below 2,048 ns have
// a slot each; then every doubling of the value has 1,024 slots of twice the width:
//
//     doubling b >= 0:  slot = (b << 10) + (value >> b),  width 2^b ns,  error < value / 1,024
//
// The slots grow with the largest value met: 16 KiB for values up to 2 us and 8 KiB more for each
// doubling (136 KiB to 65 ms), at most 264 KiB.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace echotrio::loadgen {

class Histogram {
  public:
    static constexpr std::int64_t kLowest = 1;                             // ns
    static constexpr std::int64_t kHighest = (std::int64_t{1} << 42) - 1;  // 73 minutes
    static constexpr int kDigits = 3;

    // Values outside 0 to kHighest are counted at the nearer end, and in clamped().
    void record(std::int64_t ns, std::uint64_t times = 1) {
        const std::size_t slot = slot_of(static_cast<std::uint64_t>(ns));
        if (slot < counts_.size()) [[likely]] {
            counts_[slot] += times;
        } else {
            record_beyond(ns, times);
        }
    }

    void add(const Histogram& other);
    // Empty again; keeps its slots.
    void clear();
    // What was recorded since `earlier`, a former copy of this one.
    Histogram since(const Histogram& earlier) const;

    bool empty() const { return count() == 0; }
    std::uint64_t count() const;
    std::uint64_t clamped() const { return clamped_; }

    // In ns, from the middles of the slots; 0 when empty.
    double mean() const;
    double stddev() const;  // of the population
    // The lower end of the first slot in use, the upper end of the last one; 0 when empty.
    std::int64_t min() const;
    std::int64_t max() const;
    // The upper end of the slot that holds the value of rank ceil(percentile / 100 x count), as the
    // other HdrHistogram libraries say it. percentile: 0 to 100 (0: the first slot's lower end).
    std::int64_t value_at_percentile(double percentile) const;
    std::uint64_t count_above(std::int64_t ns) const;  // in slots that begin above ns

    // The slots, for encoders and charts. Slots past the end of counts() are 0.
    std::span<const std::uint64_t> counts() const { return counts_; }
    static constexpr std::size_t slot_of(std::uint64_t ns) {
        const int doubling = 64 - std::countl_zero(ns | 2047U) - 11;
        return (static_cast<std::size_t>(doubling) << 10U) + (ns >> doubling);
    }
    static constexpr std::int64_t slot_begin(std::size_t slot) {
        const int doubling = slot < 2048 ? 0 : static_cast<int>(slot >> 10U) - 1;
        return static_cast<std::int64_t>(slot - (static_cast<std::size_t>(doubling) << 10U))
               << doubling;
    }
    static constexpr std::int64_t slot_end(std::size_t slot) { return slot_begin(slot + 1) - 1; }
    static constexpr std::size_t kSlots =
        (64U - std::countl_zero(static_cast<std::uint64_t>(kHighest)) - 11U + 2U) << 10U;

    // For decoders. Precondition: slot < kSlots.
    void add_to_slot(std::size_t slot, std::uint64_t times);
    void add_clamped(std::uint64_t times) { clamped_ += times; }

    bool operator==(const Histogram& other) const;

  private:
    void record_beyond(std::int64_t ns, std::uint64_t times);
    void grow_to(std::size_t slot);

    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(2048);
    std::uint64_t clamped_ = 0;
};

}  // namespace echotrio::loadgen
