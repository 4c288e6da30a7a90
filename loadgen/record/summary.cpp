#include "loadgen/record/summary.hpp"

namespace echotrio::loadgen {
namespace {

double us(double ns) {
    return ns / 1000;
}

}  // namespace

std::uint64_t samples_needed(double percentile) {
    struct Support {
        double percentile;
        std::uint64_t samples;
    };
    constexpr Support kTable[] = {{99.99, 36'887}, {99.9, 3'688}, {99, 368}, {90, 36}};
    // A percentile between two rows needs what the next higher row needs.
    std::uint64_t needed = percentile > 99.99 ? UINT64_MAX : 1;
    for (const Support& row : kTable) {
        if (percentile <= row.percentile && percentile > 50) needed = row.samples;
    }
    return needed;
}

std::optional<double> supported_percentile_us(const Histogram& histogram, double percentile) {
    if (histogram.count() < samples_needed(percentile)) return std::nullopt;
    return us(static_cast<double>(histogram.value_at_percentile(percentile)));
}

LatencySummary summarise(const Histogram& histogram) {
    LatencySummary summary;
    summary.count = histogram.count();
    if (summary.count == 0) return summary;
    summary.mean = us(histogram.mean());
    summary.stddev = us(histogram.stddev());
    summary.min = us(static_cast<double>(histogram.min()));
    summary.max = us(static_cast<double>(histogram.max()));
    summary.p50 = supported_percentile_us(histogram, 50);
    summary.p90 = supported_percentile_us(histogram, 90);
    summary.p99 = supported_percentile_us(histogram, 99);
    summary.p99_9 = supported_percentile_us(histogram, 99.9);
    summary.p99_99 = supported_percentile_us(histogram, 99.99);
    return summary;
}

}  // namespace echotrio::loadgen
