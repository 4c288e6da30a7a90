// Which rate to try next when looking for the highest one that meets an objective: doubles or
// halves until a rate that passed and a rate that failed enclose it, narrows by the geometric mean,
// then confirms both ends with full-length trials. Pure: it sees outcomes, not measurements.
#pragma once

#include <cstdint>
#include <optional>

namespace echotrio::loadgen {

class RateSearch {
  public:
    struct Settings {
        double start = 100;       // requests/s
        double lowest = 10;       // below this nothing is tried
        double highest = 1e8;     // nor above this
        double precision = 0.05;  // first fail / last pass - 1
        std::uint64_t most_full_trials = 8;
    };
    enum class Result : std::uint8_t {
        pass,
        fail,
        generator_limit,  // the generator could not offer this rate: no verdict on the server
    };
    struct Step {
        double rate = 0;
        bool full = false;  // a trial of full length
    };

    explicit RateSearch(const Settings& settings) : settings_(settings), next_(settings.start) {}

    // The next trial; empty when the search is over.
    std::optional<Step> next() const;
    // What came of next().
    void record(Result result);

    // Confirmed by a full-length trial.
    std::optional<double> last_pass() const { return confirmed_pass_; }
    std::optional<double> first_fail() const { return confirmed_fail_; }
    // The rate above which the generator is the limit, where one was met.
    std::optional<double> generator_limit() const { return generator_limit_; }

  private:
    double upper() const;  // the lowest rate known not to be usable
    void record_full(double rate, Result result);

    Settings settings_;
    double next_;
    std::optional<double> pass_, fail_;  // by short probes
    std::optional<double> confirmed_pass_, confirmed_fail_, generator_limit_;
    std::uint64_t full_trials_ = 0;
};

}  // namespace echotrio::loadgen
