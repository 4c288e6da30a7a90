// The rate of an open-loop run over time: legs of constant or straight-line rate, the last of which
// goes on for ever. Pure: no clock, no randomness.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// One leg of a rate profile: `rate` requests/s for `duration`, or a straight line from `rate` to
// `ramp_to`.
struct RateStep {
    double rate = 0;
    Nanos duration{0};
    std::optional<double> ramp_to{};
};

// What --rate takes; legs are joined by commas:
//     1000                     1,000 requests/s as long as the run lasts (alone, or the last leg)
//     1000/10s                 the same for 10 s
//     1000..20000/60s          a ramp: a straight line within 60 s
//     1000..20000:1000/5s      a stair: 1000, 2000 ... 20000, 5 s each
// A pause is a leg of rate 0. Error: what to write instead.
Result<std::vector<RateStep>> parse_rate(std::string_view text);

// The shortest text that parse_rate reads back as the same legs.
std::string format_rate(const std::vector<RateStep>& steps);

// The sum of the legs' durations, or 0 when the last one has none.
Nanos total_duration(const std::vector<RateStep>& steps);

// How many requests are due by when, and back: the integral of the rate and its inverse.
class Profile {
  public:
    // Precondition: steps is not empty; rates are >= 0 and finite; only the last leg may have
    // duration 0.
    explicit Profile(const std::vector<RateStep>& steps);

    // Requests due within the first `s` seconds, as a real number.
    double count_at(double s) const;

    // When the count reaches `count`, in seconds; empty when it never does (the rate ends at 0).
    // `leg` is the caller's memory of the leg it was in: start with 0 and ask for growing counts.
    std::optional<double> time_of(double count, std::size_t& leg) const;

  private:
    struct Leg {
        double begin_s, length_s;  // the last one: infinite length
        double begin_count, end_count;
        double rate, slope;  // at its begin; requests/s per s
    };
    std::vector<Leg> legs_;
};

}  // namespace echotrio::loadgen
