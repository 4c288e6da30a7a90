#include "loadgen/analysis/objective.hpp"

#include "common/base/units.hpp"
#include "loadgen/analysis/statistics.hpp"

#include <fmt/format.h>

#include <charconv>

namespace echotrio::loadgen {

Result<Objective> parse_objective(std::string_view text) {
    const Error how{fmt::format("write a percentile and a time, like p99=5ms, got '{}'", text)};
    const std::size_t equals = text.find('=');
    if (!text.starts_with('p') || equals == std::string_view::npos) return how;
    const std::string_view digits = text.substr(1, equals - 1);
    double percentile = 0;
    const auto [end, wrong] =
        std::from_chars(digits.data(), digits.data() + digits.size(), percentile);
    if (wrong != std::errc() || end != digits.data() + digits.size()) return how;
    const double quantile = percentile / 100;
    if (!(quantile > 0 && quantile < 1)) {
        return Error{fmt::format("the percentile must be above 0 and below 100, got '{}'", text)};
    }
    const auto limit = parse_duration(text.substr(equals + 1));
    if (!limit) return limit.error();
    if (*limit <= Nanos(0)) return Error{fmt::format("the time must be > 0, got '{}'", text)};
    return Objective{quantile, *limit};
}

std::string format_objective(const Objective& objective) {
    return fmt::format("p{:.6g}={}", objective.quantile * 100, format_duration(objective.limit));
}

Outcome outcome_of(std::uint64_t samples, std::uint64_t over, const Objective& objective) {
    if (objective_met(samples, over, objective.quantile)) return Outcome::met;
    const double allowed = (1 - objective.quantile) * static_cast<double>(samples);
    return static_cast<double>(over) > allowed ? Outcome::missed : Outcome::undecided;
}

Outcome outcome_of(const Histogram& latency, const Objective& objective) {
    return outcome_of(latency.count(), latency.count_above(objective.limit.count()), objective);
}

}  // namespace echotrio::loadgen
