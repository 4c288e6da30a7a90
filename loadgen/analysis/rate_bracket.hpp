// Which rate to offer next, to find the highest that meets an objective where a guess of it is
// there: gallops away from the guess until one passed and one missed, then halves the gap. What an
// overloaded server got done is the next guess. Pure: it sees outcomes, not measurements.
// (schedule/rate_search.hpp, of `loadgen search`, knows nothing before it starts and confirms both
// ends; here many such searches are made, and rounds take the place of confirmation.)
#pragma once

#include <cstdint>
#include <optional>

namespace echotrio::loadgen {

class RateBracket {
  public:
    struct Options {
        double start = 100;       // requests/s: the guess
        double step = 1.4;        // first ratio away from it, above 1; it is squared each time
        double precision = 0.05;  // ends when first miss / last pass - 1 is not above this
        double lowest = 1, highest = 1e7;
        // Rates are whole powers of 1 + precision times this one: searches with the same grid stop
        // at the same rates, so where they stop is in no ratio of theirs. 0: any rates.
        double grid = 0;
    };
    explicit RateBracket(const Options& options);

    // Empty: it is over.
    std::optional<double> next() const { return next_; }
    // What came of next(). `done`: what an overloaded server got done, requests/s.
    void record(bool passed, std::optional<double> done = {});
    // What came of next() can't be told, and so it is for all that is above it.
    void give_up();

    std::optional<double> last_pass() const { return pass_; }
    std::optional<double> first_miss() const { return miss_; }

  private:
    void choose(std::optional<double> done);
    double on_grid(double rate) const;

    Options options_;
    double step_;
    double reach_ = 0;  // what an overloaded server got done, before anything passed
    std::optional<double> next_, pass_, miss_;
};

}  // namespace echotrio::loadgen
