#include "loadgen/analysis/discoveries.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace echotrio::loadgen {

Discoveries discoveries(std::span<const double> p_values, double rate) {
    std::vector<double> ascending(p_values.begin(), p_values.end());
    std::sort(ascending.begin(), ascending.end());
    Discoveries found;
    found.compared = ascending.size();
    const auto threshold = [&](std::size_t rank) {
        return rate * static_cast<double>(rank) / static_cast<double>(found.compared);
    };
    for (std::size_t rank = 1; rank <= ascending.size(); ++rank) {
        if (ascending[rank - 1] <= threshold(rank)) found.differences = rank;
    }
    found.alpha =
        found.compared > 0 ? threshold(std::max<std::size_t>(found.differences, 1)) : rate;
    return found;
}

std::vector<double> adjusted(std::span<const double> p_values) {
    std::vector<std::size_t> order(p_values.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
    std::vector<double> values(p_values.size());
    double least = 1;
    for (std::size_t rank = order.size(); rank > 0; --rank) {
        const double raised = p_values[order[rank - 1]] * static_cast<double>(order.size()) /
                              static_cast<double>(rank);
        least = std::min(least, raised);
        values[order[rank - 1]] = least;
    }
    return values;
}

bool is_narrow(std::span<const double> numerator, std::span<const double> denominator,
               double precision, double alpha) {
    const std::size_t rounds = numerator.size();
    if (rounds < kStillNarrow + 1) return false;
    for (std::size_t i = 0; i < kStillNarrow; ++i) {
        const auto ratio = Ratio::paired(numerator.first(rounds - i), denominator.first(rounds - i),
                                         Rng(rounds - i));
        const auto interval = ratio ? ratio->interval(alpha) : std::nullopt;
        if (!interval || interval->high / ratio->value() > 1 + precision) return false;
    }
    return true;
}

}  // namespace echotrio::loadgen
