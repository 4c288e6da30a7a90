#include "loadgen/analysis/bootstrap.hpp"

#include "common/base/check.hpp"

#include <boost/math/distributions/normal.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {

double expanded_tail(std::size_t n, double confidence) {
    CHECK(n >= 2);
    const auto count = static_cast<double>(n);
    const double t = student_t(confidence, count - 1);
    return cdf(boost::math::normal(), -std::sqrt(count / (count - 1)) * t);
}

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
    const double tail = expanded_tail(smallest, confidence);
    estimate.interval = Bounds{quantile(values, tail), quantile(values, 1 - tail)};
    return estimate;
}

Estimate ratio_of_medians(std::span<const double> numerator, std::span<const double> denominator,
                          Rng rng, double confidence) {
    const Samples samples{{numerator.begin(), numerator.end()},
                          {denominator.begin(), denominator.end()}};
    if (!(median(numerator) > 0) || !(median(denominator) > 0)) return {};
    return bootstrap(
        samples, [](const Samples& s) { return median(s[0]) / median(s[1]); }, rng, confidence);
}

Difference difference_of(const Estimate& ratio) {
    if (!ratio.interval) return Difference::unknown;
    if (ratio.interval->low > 1) return Difference::higher;
    if (ratio.interval->high < 1) return Difference::lower;
    return Difference::none;
}

std::string comparison_sentence(std::string_view subject, std::string_view verb_phrase,
                                std::string_view other, const Estimate& ratio) {
    std::string verb(verb_phrase);
    if (const auto at = verb.find('%'); at != std::string::npos) {
        verb.replace(at, 1, fmt::format("{:.3g}", ratio.value));
    }
    const std::string claim = fmt::format("{} {} {}", subject, verb, other);
    if (!ratio.interval) return claim + ", from too few repetitions for an interval";
    const std::string interval =
        fmt::format("95 % interval {:.3g} to {:.3g}", ratio.interval->low, ratio.interval->high);
    if (difference_of(ratio) == Difference::none) {
        return fmt::format("no difference seen: {}, {}", claim, interval);
    }
    return claim + ", " + interval;
}

}  // namespace echotrio::loadgen
