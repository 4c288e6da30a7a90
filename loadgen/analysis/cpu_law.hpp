// What one server does on other numbers of CPUs than it was measured on: the scaling law over CPUs.
// Pure.
#pragma once

#include "common/base/rng.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/analysis/usl.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace echotrio::loadgen {

class CpuLaw {
  public:
    // n: CPUs, x: the highest rate that it kept on them, a point a repetition. From six distinct
    // numbers of CPUs on the law that study_scaling prefers; with fewer, Amdahl's: n / x is a line
    // over n - 1, by least squares, which is not let fall (more than twice from twice the CPUs is
    // not carried on). Empty: fewer than two distinct numbers, a value that is not above 0, or
    // figures that no such line can have.
    static std::optional<CpuLaw> of(std::span<const ScalingPoint> points, Rng rng);

    struct At {
        Estimate rps;  // 95 % of the mean curve
        bool extrapolated = false;
    };
    // Precondition: cpus > 0. Beyond the peak of a law that has one: what it does at the peak.
    // Below one CPU: that share of what it does on one.
    At at(double cpus) const;

    // "Amdahl's law through 1 and 2 CPUs, sigma 0.036"
    std::string words() const;

  private:
    // n / x = level + slope (n - 1), with the means around which the line turns.
    struct Line {
        double level = 0, slope = 0;
        double mean_n = 0, spread_n = 0, deviation = 0, count = 0, degrees = 0;
    };
    Estimate amdahl(double cpus) const;

    std::optional<ScalingStudy> study_;
    Line line_;
    std::vector<double> measured_;  // distinct numbers of CPUs, ascending
};

}  // namespace echotrio::loadgen
