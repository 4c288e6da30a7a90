#include "loadgen/analysis/ratio.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace echotrio::loadgen {
namespace {

constexpr int kResamples = 4000;

// Empty where one is not above 0, or without end.
std::optional<std::vector<double>> logarithms(std::span<const double> values) {
    std::vector<double> logs;
    logs.reserve(values.size());
    for (const double value : values) {
        if (!(value > 0) || !std::isfinite(value)) return std::nullopt;
        logs.push_back(std::log(value));
    }
    return logs;
}

double error_of_mean(std::span<const double> values) {
    return std::sqrt(variance(values) / static_cast<double>(values.size()));
}

// Whole rounds are drawn, with replacement, and each draw's mean is measured by its own error:
// the symmetric bootstrap-t (Hall, On symmetric bootstrap confidence intervals, 1988).
std::vector<double> resample(const std::vector<double>& logs, double centre, Rng rng) {
    std::vector<double> drawn(logs.size());
    std::vector<double> distances;
    distances.reserve(kResamples);
    for (int i = 0; i < kResamples; ++i) {
        for (double& one : drawn) one = logs[static_cast<std::size_t>(rng.below(logs.size()))];
        const double off = std::abs(mean(drawn) - centre), error = error_of_mean(drawn);
        distances.push_back(error > 0  ? off / error
                            : off == 0 ? 0
                                       : std::numeric_limits<double>::infinity());
    }
    std::sort(distances.begin(), distances.end(), std::greater<>());
    return distances;
}

}  // namespace

std::optional<Ratio> Ratio::paired(std::span<const double> numerator,
                                   std::span<const double> denominator, Rng rng) {
    CHECK(numerator.size() == denominator.size());
    const auto top = logarithms(numerator), bottom = logarithms(denominator);
    if (numerator.empty() || !top || !bottom) return std::nullopt;
    std::vector<double> logs = *top;
    for (std::size_t i = 0; i < logs.size(); ++i) logs[i] -= (*bottom)[i];
    Ratio ratio;
    ratio.rounds_ = logs.size();
    ratio.centre_ = mean(logs);
    ratio.error_ = error_of_mean(logs);
    ratio.df_ = static_cast<double>(logs.size()) - 1;
    if (logs.size() >= kManyRounds && ratio.error_ > 0) {
        ratio.drawn_ = resample(logs, ratio.centre_, rng);
    }
    return ratio;
}

std::optional<Ratio> Ratio::unpaired(std::span<const double> numerator,
                                     std::span<const double> denominator) {
    const auto top = logarithms(numerator), bottom = logarithms(denominator);
    if (numerator.empty() || denominator.empty() || !top || !bottom) return std::nullopt;
    Ratio ratio;
    ratio.rounds_ = std::min(top->size(), bottom->size());
    ratio.centre_ = mean(*top) - mean(*bottom);
    if (ratio.rounds_ < 2) return ratio;
    const auto square = [](double x) { return x * x; };
    const double a = square(error_of_mean(*top)), b = square(error_of_mean(*bottom));
    ratio.error_ = std::sqrt(a + b);
    // Welch and Satterthwaite
    ratio.df_ = ratio.error_ > 0
                    ? square(a + b) / (square(a) / static_cast<double>(top->size() - 1) +
                                       square(b) / static_cast<double>(bottom->size() - 1))
                    : 1;
    return ratio;
}

double Ratio::value() const {
    return std::exp(centre_);
}

std::optional<double> Ratio::p_value() const {
    if (rounds_ < 2) return std::nullopt;
    if (!(error_ > 0)) return centre_ == 0 ? 1 : 0;
    const double t = std::abs(centre_) / error_;
    const double by_student = student_t_tail(t, df_);
    if (drawn_.empty()) return by_student;
    const auto beyond =
        std::count_if(drawn_.begin(), drawn_.end(), [&](double d) { return d >= t; });
    const double least = 1.0 / (kResamples + 1);
    // Beyond all draws only Student's tail tells how far.
    return beyond > 0 ? static_cast<double>(beyond + 1) * least : std::min(least, by_student);
}

double Ratio::critical(double alpha) const {
    const double by_student = student_t(1 - alpha, df_);
    if (drawn_.empty()) return by_student;
    const auto rank = static_cast<std::size_t>(alpha * (kResamples + 1));
    return rank > 0 ? drawn_[std::min(rank, drawn_.size()) - 1]
                    : std::max(drawn_.front(), by_student);
}

std::optional<Bounds> Ratio::interval(double alpha) const {
    if (rounds_ < 2) return std::nullopt;
    const double half = error_ > 0 ? critical(alpha) * error_ : 0;
    return Bounds{std::exp(centre_ - half), std::exp(centre_ + half)};
}

}  // namespace echotrio::loadgen
