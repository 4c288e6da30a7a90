#include "tests/fidelity/agreement.hpp"

#include "loadgen/analysis/statistics.hpp"

#include <fmt/format.h>

#include <cmath>

namespace echotrio::fidelity {

// With c = resolution / (high - 1), (ours + c) / (theirs + c) <= high says the same as
// ours <= high x theirs + resolution; below alike.
void Comparison::add(double ours, double theirs) {
    const double c = band_.resolution / (band_.high - 1);
    logs_.push_back(std::log((ours + c) / (theirs + c)));
}

std::optional<Comparison::Interval> Comparison::interval() const {
    if (logs_.size() < 2) return std::nullopt;
    const auto n = static_cast<double>(logs_.size());
    const double middle = loadgen::mean(logs_);
    const double half =
        loadgen::student_t(kConfidence, n - 1) * std::sqrt(loadgen::variance(logs_) / n);
    return Interval{std::exp(middle), std::exp(middle - half), std::exp(middle + half)};
}

Agreement Comparison::state() const {
    const auto found = interval();
    if (!found || logs_.size() < kLeast) return Agreement::open;
    if (found->low >= band_.low && found->high <= band_.high) return Agreement::yes;
    if (found->high < band_.low || found->low > band_.high) return Agreement::no;
    return Agreement::open;
}

std::string Comparison::words() const {
    const auto found = interval();
    if (!found) return fmt::format("{} rounds say nothing", logs_.size());
    std::string text = fmt::format(
        "ratio {:.3f} ({:.0f} % interval {:.3f} to {:.3f} from {} rounds), the band is {:.2f} to "
        "{:.2f}",
        found->middle, kConfidence * 100, found->low, found->high, logs_.size(), band_.low,
        band_.high);
    if (band_.resolution > 0) text += fmt::format(" beyond {:.3g}", band_.resolution);
    return text;
}

double geometric_mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += std::log(value);
    return std::exp(sum / static_cast<double>(values.size()));
}

}  // namespace echotrio::fidelity
