#include "loadgen/record/histogram.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace echotrio::loadgen {

void Histogram::grow_to(std::size_t slot) {
    CHECK(slot < kSlots);
    if (slot >= counts_.size()) counts_.resize(((slot >> 10U) + 1) << 10U);
}

void Histogram::record_beyond(std::int64_t ns, std::uint64_t times) {
    if (ns < 0 || ns > kHighest) clamped_ += times;
    add_to_slot(slot_of(static_cast<std::uint64_t>(std::clamp<std::int64_t>(ns, 0, kHighest))),
                times);
}

void Histogram::add_to_slot(std::size_t slot, std::uint64_t times) {
    grow_to(slot);
    counts_[slot] += times;
}

void Histogram::add(const Histogram& other) {
    if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    clamped_ += other.clamped_;
}

void Histogram::clear() {
    std::fill(counts_.begin(), counts_.end(), std::uint64_t{0});
    clamped_ = 0;
}

Histogram Histogram::since(const Histogram& earlier) const {
    CHECK_LE(earlier.counts_.size(), counts_.size());
    Histogram difference = *this;
    for (std::size_t i = 0; i < earlier.counts_.size(); ++i) {
        CHECK_LE(earlier.counts_[i], counts_[i]);
        difference.counts_[i] -= earlier.counts_[i];
    }
    difference.clamped_ -= earlier.clamped_;
    return difference;
}

std::uint64_t Histogram::count() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

double Histogram::mean() const {
    double sum = 0;
    double n = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0) continue;
        const auto times = static_cast<double>(counts_[i]);
        sum += times * (static_cast<double>(slot_begin(i)) + static_cast<double>(slot_end(i))) / 2;
        n += times;
    }
    return n > 0 ? sum / n : 0;
}

double Histogram::stddev() const {
    const double centre = mean();
    double sum = 0;
    double n = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0) continue;
        const auto times = static_cast<double>(counts_[i]);
        const double middle =
            (static_cast<double>(slot_begin(i)) + static_cast<double>(slot_end(i))) / 2;
        sum += times * (middle - centre) * (middle - centre);
        n += times;
    }
    return n > 0 ? std::sqrt(sum / n) : 0;
}

std::int64_t Histogram::min() const {
    const auto first = std::find_if(counts_.begin(), counts_.end(), [](auto n) { return n > 0; });
    return first == counts_.end() ? 0
                                  : slot_begin(static_cast<std::size_t>(first - counts_.begin()));
}

std::int64_t Histogram::max() const {
    for (std::size_t i = counts_.size(); i-- > 0;) {
        if (counts_[i] > 0) return slot_end(i);
    }
    return 0;
}

std::int64_t Histogram::value_at_percentile(double percentile) const {
    // One step down first: 99.9 x 1000 / 100 must not become 999.0000000000001 and round up.
    const double asked = std::clamp(std::nextafter(percentile, -1.0), 0.0, 100.0);
    const auto total = static_cast<double>(count());
    if (total == 0) return 0;
    const auto rank =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(asked * total / 100)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= rank) return percentile <= 0 ? slot_begin(i) : slot_end(i);
    }
    return max();
}

std::uint64_t Histogram::count_above(std::int64_t ns) const {
    const std::size_t slot = slot_of(static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)));
    if (slot + 1 >= counts_.size()) return 0;
    return std::accumulate(counts_.begin() + static_cast<std::ptrdiff_t>(slot) + 1, counts_.end(),
                           std::uint64_t{0});
}

bool Histogram::operator==(const Histogram& other) const {
    const auto& longer = counts_.size() >= other.counts_.size() ? counts_ : other.counts_;
    const auto& shorter = counts_.size() >= other.counts_.size() ? other.counts_ : counts_;
    return clamped_ == other.clamped_ &&
           std::equal(shorter.begin(), shorter.end(), longer.begin()) &&
           std::all_of(longer.begin() + static_cast<std::ptrdiff_t>(shorter.size()), longer.end(),
                       [](std::uint64_t n) { return n == 0; });
}

}  // namespace echotrio::loadgen
