#include "loadgen/analysis/agreement.hpp"

#include "common/base/rng.hpp"
#include "loadgen/analysis/ratio.hpp"

#include <vector>

namespace echotrio::loadgen {

Agreement agreement_of(const Estimate& ratio) {
    if (!ratio.interval) return Agreement::inconclusive;
    const auto [low, high] = *ratio.interval;
    if (1 / kSameWithin <= low && high <= kSameWithin) return Agreement::agrees;
    if (high < 1 / kSameWithin || low > kSameWithin) return Agreement::differs;
    return Agreement::inconclusive;
}

Estimate ratio_within_rounds(std::span<const double> numerator,
                             std::span<const double> denominator) {
    const auto ratio = Ratio::paired(numerator, denominator, Rng(1));
    return ratio ? ratio->estimate() : Estimate{};
}

Estimate geometric_mean(std::span<const double> values) {
    return ratio_within_rounds(values, std::vector<double>(values.size(), 1.0));
}

Estimate ratio_of_figures(const Ranged& numerator, const Ranged& denominator) {
    if (!(numerator.value > 0) || !(denominator.value > 0)) return {};
    Estimate ratio{numerator.value / denominator.value, std::nullopt};
    if (!numerator.sure() || !denominator.sure()) return ratio;
    if (!(*numerator.low > 0) || !(*denominator.low > 0)) return ratio;
    ratio.interval = Bounds{*numerator.low / *denominator.high, *numerator.high / *denominator.low};
    return ratio;
}

Ranged ranged(const Estimate& estimate) {
    Ranged figure{estimate.value};
    if (estimate.interval) {
        figure.low = estimate.interval->low;
        figure.high = estimate.interval->high;
    }
    return figure;
}

}  // namespace echotrio::loadgen
