// The ratio of two sets of figures, its interval at any level and the p value of "they are the
// same". All on logarithms and from one distribution, so that interval and p value never contradict
// one another. Pure and repeatable: the seed is the caller's.
#pragma once

#include "common/base/rng.hpp"
#include "loadgen/analysis/statistics.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace echotrio::loadgen {

// From so many rounds on resampling them (bootstrap-t) takes the place of Student's distribution,
// whatever the shape of the noise: fewer are too few to know that shape.
inline constexpr std::size_t kManyRounds = 20;

class Ratio {
  public:
    // Measured in the same rounds: the i-th figures of both belong together, so that what a round
    // was like cancels out. The value is the geometric mean of the rounds' ratios. Empty: no
    // figures, one that is not above 0. Precondition: as many of each.
    static std::optional<Ratio> paired(std::span<const double> numerator,
                                       std::span<const double> denominator, Rng rng);
    // Measured apart: geometric mean over geometric mean, with Welch's t.
    static std::optional<Ratio> unpaired(std::span<const double> numerator,
                                         std::span<const double> denominator);

    double value() const;
    // Of so many pairs, or of the smaller side where there are none.
    std::size_t rounds() const { return rounds_; }
    // That a ratio of 1 gives figures as far from 1 as these. Empty with fewer than two rounds.
    std::optional<double> p_value() const;
    // Excludes 1 where p_value() < alpha, and only there. alpha: above 0, below 1; 0.05 for 95 %.
    std::optional<Bounds> interval(double alpha = 0.05) const;
    Estimate estimate(double alpha = 0.05) const { return {value(), interval(alpha)}; }

  private:
    double critical(double alpha) const;

    double centre_ = 0, error_ = 0, df_ = 0;  // of the logarithm
    std::size_t rounds_ = 0;
    std::vector<double> drawn_{};  // |t| of the resamples, the largest first; empty: Student's t
};

}  // namespace echotrio::loadgen
