#include "loadgen/analysis/bootstrap.hpp"

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {

namespace {

Bounds welch_ratio(std::span<const double> numerator, std::span<const double> denominator,
                   double confidence) {
    const auto logarithms = [](std::span<const double> values) {
        std::vector<double> logs;
        for (const double value : values) logs.push_back(std::log(value));
        return logs;
    };
    const std::vector<double> a = logarithms(numerator);
    const std::vector<double> b = logarithms(denominator);
    const double error_a = variance(a) / static_cast<double>(a.size());
    const double error_b = variance(b) / static_cast<double>(b.size());
    const double error = error_a + error_b;
    const double centre = mean(a) - mean(b);
    if (!(error > 0)) return {std::exp(centre), std::exp(centre)};
    // Welch and Satterthwaite
    const double df = error * error /
                      (error_a * error_a / static_cast<double>(a.size() - 1) +
                       error_b * error_b / static_cast<double>(b.size() - 1));
    const double half = student_t(confidence, df) * std::sqrt(error);
    return {std::exp(centre - half), std::exp(centre + half)};
}

}  // namespace

Estimate bootstrap(const Samples& samples, const Statistic& statistic, Rng rng, double confidence,
                   int resamples) {
    Estimate estimate{statistic(samples), std::nullopt};
    std::size_t smallest = SIZE_MAX;
    for (const auto& sample : samples) smallest = std::min(smallest, sample.size());
    if (samples.empty() || smallest < 2) return estimate;

    Samples drawn = samples;
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(resamples));
    for (int i = 0; i < resamples; ++i) {
        for (std::size_t s = 0; s < samples.size(); ++s) {
            for (double& value : drawn[s]) {
                value = samples[s][static_cast<std::size_t>(rng.below(samples[s].size()))];
            }
        }
        const double value = statistic(drawn);
        if (std::isfinite(value)) values.push_back(value);
    }
    if (values.size() * 10 < static_cast<std::size_t>(resamples) * 9) return estimate;
    const double tail = (1 - confidence) / 2;
    estimate.interval = Bounds{quantile(values, tail), quantile(values, 1 - tail)};
    return estimate;
}

Estimate ratio_of_medians(std::span<const double> numerator, std::span<const double> denominator,
                          Rng rng, double confidence) {
    const auto positive = [](std::span<const double> values) {
        return std::all_of(values.begin(), values.end(), [](double v) { return v > 0; });
    };
    const std::size_t fewest = std::min(numerator.size(), denominator.size());
    if (fewest == 0 || !positive(numerator) || !positive(denominator)) return {};
    if (fewest >= 2 && fewest < kBootstrapRepetitions) {
        const double value = median(numerator) / median(denominator);
        const Bounds bounds = welch_ratio(numerator, denominator, confidence);
        return {value, Bounds{std::min(value, bounds.low), std::max(value, bounds.high)}};
    }
    const Samples samples{{numerator.begin(), numerator.end()},
                          {denominator.begin(), denominator.end()}};
    return bootstrap(
        samples, [](const Samples& s) { return median(s[0]) / median(s[1]); }, rng, confidence);
}

}  // namespace echotrio::loadgen
