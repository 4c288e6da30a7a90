// Whether two programs behave alike, from a figure of each in every round. What one process shows
// is correlated, and processes differ: so the unit is a round, in which both are started anew, and
// what is judged is the mean of the rounds' log-ratios with Student's interval. That knows its own
// spread: the interval within the band is agreement, outside of it disagreement, and anything else
// asks for more rounds.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace echotrio::fidelity {

enum class Agreement { yes, no, open };

// What counts as alike: ours / theirs from `low` to `high`. `resolution`: what a difference must
// exceed in any case, in the figure's unit (of a band that is as wide above 1 as below).
struct Band {
    double low = 0.9, high = 1.1;
    double resolution = 0;
};

class Comparison {
  public:
    // The interval is looked at after each round, so that it is to be a wide one.
    static constexpr double kConfidence = 0.99;
    static constexpr std::size_t kLeast = 6;

    explicit Comparison(Band band = {}) : band_(band) {}

    void add(double ours, double theirs);  // a round; both > 0
    Agreement state() const;
    // The ratio, its interval and the band.
    std::string words() const;

  private:
    struct Interval {
        double middle = 0, low = 0, high = 0;
    };
    std::optional<Interval> interval() const;

    Band band_;
    std::vector<double> logs_;
};

// exp of the mean of the logarithms. Where waits are whole numbers of intervals it moves with their
// shares, while a median jumps. Precondition: there are values, all > 0.
double geometric_mean(const std::vector<double>& values);

}  // namespace echotrio::fidelity
