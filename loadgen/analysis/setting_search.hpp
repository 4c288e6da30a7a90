// Which setting to measure next, to find the one with the highest rate, and which it is, given what
// was measured so far. Pure: it sees rates, not servers.
//
// The search. Along an axis of numbers it takes the 1st, 2nd, 4th, 8th ... value until two in a row
// brought nothing or one did not fit, then halves the gap below the plateau's first value, the gap
// above the highest where that stands alone, and a wide one above that first value; words are all
// tried. Several axes are searched in turns, each from the best place of the others, until a turn
// changes nothing (coordinate descent). It may end there if the rate rises to one peak or plateau
// and never rises again behind it.
//
// The comparison. What the search saw best was seen once, and the best of many is seen better than
// it is. So the first few are measured again in rounds, in random order, and only these rounds
// count. Ratios are taken within rounds. One that missed in more than one and a fifth of its rounds
// has no rate: the mean of the others would be that of its luck. Of the settings that are as good
// as the highest, as far as the interval tells, the smallest is the best.
#pragma once

#include "common/base/rng.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/results/tuning.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// A measurement that could not be judged: compares with nothing, and is 0 for nobody.
inline constexpr double kNotJudged = std::numeric_limits<double>::quiet_NaN();

inline constexpr double kGood = 0.87;      // of the highest: as good, as far as one look tells
inline constexpr double kSearchSteps = 2;  // times those of a round, in the search

// The next place to look at on an axis, of which `seen` were measured (0: no rate at all,
// kNotJudged: passed over). Empty: the line is done. `good`: the share of the highest rate from
// which one may be as high. Stateless.
std::optional<std::size_t> next_on_line(std::span<const std::optional<double>> seen, bool ordered,
                                        double good = kGood);

class SettingSearch {
  public:
    struct Options {
        std::uint64_t rounds = 5;  // of the comparison, 1 at least
        std::uint64_t seed = 1;
        // A rate of a round is the last that passed of steps so wide, a share, which are the same
        // for all of the round and others in another; in the search they are kSearchSteps times as
        // wide. 0: rates are exact.
        double step = 0;
    };
    // `axes`: at least one, each with a value.
    SettingSearch(std::vector<TunedAxis> axes, const Options& options);

    // This place of that axis, beside the best of the others, is to be compared too.
    void also(std::size_t axis, std::size_t place) { also_.emplace_back(axis, place); }

    Setting beside_best(std::size_t axis, std::size_t place) const;

    struct Next {
        Setting setting;
        std::uint64_t round = 0;        // 0: of the search
        std::optional<double> guess{};  // of its rate, by what was seen
    };
    // Empty: it is over.
    const std::optional<Next>& next() const { return next_; }
    // What came of next(): the highest rate, 0 where none met the objective, kNotJudged where that
    // can't be told, which says nothing of the setting. `fits`: false puts it out for good,
    // whatever it did before; a comparison that it was in begins again.
    void record(double rate, bool fits = true);

    struct Compared {
        Setting setting;
        std::vector<double> rounds;  // 0: missed; kNotJudged
        Estimate rate;               // geometric mean; without a value where it missed too often
        Estimate to_best;            // ratio to the highest
    };
    struct Answer {
        std::optional<Setting> best, highest;  // empty: none has a rate
        std::vector<Compared> compared{};      // in complete rounds
        bool by_rounds = false;                // false: as the search saw it, once each
    };
    Answer answer() const;

    // By setting, as the search saw them; 0 and kNotJudged as above.
    const std::map<Setting, double>& seen() const { return seen_; }
    std::uint64_t measurements() const { return measurements_; }
    std::uint64_t complete_rounds() const { return complete_rounds_; }
    // Why it ended, in words; empty: it goes on.
    const std::string& stopped() const { return stopped_; }

  private:
    double size_of(const Setting& setting) const;
    bool smaller(const Setting& a, const Setting& b) const;
    std::optional<double> guess_of(const Setting& setting, std::size_t axis) const;
    std::vector<std::optional<double>> line() const;
    void choose();
    void stop(std::string why);
    std::optional<Setting> explore();
    void begin_comparison();
    void begin_round();
    std::vector<Compared> compared() const;
    Estimate ratio_to(const Compared& highest, const Compared& one) const;

    std::vector<TunedAxis> axes_;
    Options options_;
    Rng rng_;
    std::vector<std::pair<std::size_t, std::size_t>> also_;
    std::map<Setting, double> seen_;
    Setting base_;
    double good_;  // as for next_on_line()
    std::size_t axis_ = 0, settled_ = 0, lines_ = 0;
    std::vector<Setting> contenders_;
    std::vector<std::vector<double>> rounds_;  // of each contender
    std::vector<std::size_t> left_;            // of the round under way
    std::uint64_t complete_rounds_ = 0, measurements_ = 0, not_judged_ = 0;
    std::optional<Next> next_;
    std::string stopped_;
};

}  // namespace echotrio::loadgen
