#include "loadgen/analysis/cpu_law.hpp"

#include "common/base/check.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

constexpr double kConfidence = 0.95;

}  // namespace

std::optional<CpuLaw> CpuLaw::of(std::span<const ScalingPoint> points, Rng rng) {
    CpuLaw law;
    std::vector<double> over, time;  // n - 1 and n / x
    for (const ScalingPoint& point : points) {
        if (!(point.n > 0) || !(point.x > 0)) return std::nullopt;
        law.measured_.push_back(point.n);
        over.push_back(point.n - 1);
        time.push_back(point.n / point.x);
    }
    std::sort(law.measured_.begin(), law.measured_.end());
    law.measured_.erase(std::unique(law.measured_.begin(), law.measured_.end()),
                        law.measured_.end());
    if (law.measured_.size() < 2) return std::nullopt;
    if (auto study = study_scaling(points, rng)) {
        law.study_ = std::move(*study);
        return law;
    }
    Line& line = law.line_;
    line.count = static_cast<double>(over.size());
    line.mean_n = mean(over);
    const double mean_time = mean(time);
    double products = 0;
    for (std::size_t i = 0; i < over.size(); ++i) {
        line.spread_n += (over[i] - line.mean_n) * (over[i] - line.mean_n);
        products += (over[i] - line.mean_n) * (time[i] - mean_time);
    }
    line.slope = std::max(0.0, products / line.spread_n);
    line.level = mean_time - line.slope * line.mean_n;
    if (!(line.level > 0)) return std::nullopt;
    line.degrees = line.count - (line.slope > 0 ? 2 : 1);
    double squares = 0;
    for (std::size_t i = 0; i < over.size(); ++i) {
        const double off = time[i] - line.level - line.slope * over[i];
        squares += off * off;
    }
    if (line.degrees > 0) line.deviation = std::sqrt(squares / line.degrees);
    return law;
}

Estimate CpuLaw::amdahl(double cpus) const {
    const double from = std::max(cpus, 1.0) - 1;
    const double time = line_.level + line_.slope * from;
    Estimate rps{cpus / time, std::nullopt};
    if (!(line_.degrees > 0)) return rps;
    // of the mean at that place; where the slope is held at 0, of the mean of all
    const auto half_at = [&](double over) {
        const double off = (over - line_.mean_n) * (over - line_.mean_n) / line_.spread_n;
        return student_t(kConfidence, line_.degrees) * line_.deviation *
               std::sqrt(1 / line_.count + (line_.slope > 0 ? off : 0));
    };
    // A CPU among many does no more than one alone.
    const double fastest = std::max(time - half_at(from), line_.level - half_at(0));
    if (fastest > 0) rps.interval = Bounds{cpus / (time + half_at(from)), cpus / fastest};
    return rps;
}

CpuLaw::At CpuLaw::at(double cpus) const {
    CHECK(cpus > 0);
    At at;
    at.extrapolated = cpus > kExtrapolation * measured_.back();
    if (!study_) {
        at.rps = amdahl(cpus);
        return at;
    }
    const ScalingFit& fit = study_->best();
    const double share = std::min(cpus, 1.0);
    const auto prediction =
        fit.predict(std::min(std::max(cpus, 1.0), fit.at.peak_n().value_or(HUGE_VAL)));
    at.rps.value = share * prediction.x;
    if (prediction.interval) {
        at.rps.interval =
            Bounds{share * prediction.interval->low, share * prediction.interval->high};
    }
    return at;
}

std::string CpuLaw::words() const {
    const auto cpus = [](double n) { return format_short(n); };
    const std::string last = cpus(measured_.back());
    std::vector<std::string> before;
    for (std::size_t i = 0; i + 1 < measured_.size(); ++i) before.push_back(cpus(measured_[i]));
    const std::string where = fmt::format("{} and {} CPUs", fmt::join(before, ", "), last);
    if (study_) {
        return fmt::format("the {} law through {}", name_of(study_->preferred), where);
    }
    if (!(line_.slope > 0)) return fmt::format("linear through {}", where);
    return fmt::format("Amdahl's law through {}, sigma {}", where,
                       format_count(line_.slope / line_.level));
}

}  // namespace echotrio::loadgen
