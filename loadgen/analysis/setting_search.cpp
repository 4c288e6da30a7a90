#include "loadgen/analysis/setting_search.hpp"

#include "common/base/check.hpp"
#include "loadgen/analysis/agreement.hpp"
#include "loadgen/analysis/ratio.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kShortLine = 3;   // all of it is tried
constexpr double kGain = 0.05;          // less than this is no gain, while the search looks once
constexpr double kRounding = 1 - 1e-9;  // of rates that are a step apart
constexpr double kFar = 1.4;            // times the place: a rise in proportion would show
constexpr double kApart = 1.5;          // times the place, see apart()
constexpr std::size_t kMostContenders = 4;  // beside the rules of thumb
constexpr std::size_t kMostTurns = 3;       // of all axes
constexpr std::size_t kMostMissed = 5;      // one in so many rounds
// How much lower a smaller setting may be and still win: as the interval says, within these.
constexpr double kLeastSlack = 0.025, kMostSlack = 0.07;

// A gap worth halving: more than a tenth of where it is.
bool wide(std::size_t low, std::size_t high) {
    return high - low > 1 && (high - low) * 10 > high + 1;
}

// Too far to answer with the upper one where the lower turns out not to be as good.
bool apart(std::size_t low, std::size_t high) {
    return static_cast<double>(high + 1) > kApart * static_cast<double>(low + 1);
}

double highest_of(std::span<const std::optional<double>> seen) {
    double most = 0;
    for (const auto& rate : seen) most = std::max(most, rate.value_or(0));
    return most;
}

// The 1st, 2nd, 4th, 8th ... and the last, as long as they bring something.
std::optional<std::size_t> double_up(std::span<const std::optional<double>> seen) {
    double most = 0;
    int flat = 0;
    for (std::size_t place = 0;; place = std::min(2 * place + 1, seen.size() - 1)) {
        if (!seen[place]) return place;
        const double rate = *seen[place];
        if (std::isnan(rate)) {  // says nothing of what is above it
            if (place + 1 == seen.size()) return {};
            continue;
        }
        if (most > 0) flat = rate < most * (1 + kGain) ? flat + 1 : 0;
        if (flat == 2 || (most > 0 && rate == 0) || place + 1 == seen.size()) return {};
        most = std::max(most, rate);
    }
}

// Between the highest and what is above it, where the highest stands alone; then between the
// plateau's first and what is below it; then above the plateau's first few, which may turn out
// lower than one look said.
std::optional<std::size_t> section(std::span<const std::optional<double>> seen, double share) {
    const double good = highest_of(seen) * share;
    if (!(good > 0)) return {};
    const auto is_good = [&](std::size_t i) { return seen[i] && *seen[i] >= good; };
    std::size_t first = 0;
    while (!is_good(first)) ++first;
    std::size_t last = seen.size() - 1;
    while (!is_good(last)) --last;
    // Where a rate rises in proportion, neighbours differ by little: they are no plateau yet.
    const bool plateau = static_cast<double>(last + 1) >= kFar * static_cast<double>(first + 1);
    for (std::size_t above = last + 1; above < seen.size() && !plateau; ++above) {
        if (!seen[above]) continue;
        if (wide(last, above)) return last + (above - last) / 2;
        break;
    }
    for (std::size_t below = first; below-- > 0;) {
        if (!seen[below]) continue;
        if (wide(below, first)) return below + (first - below) / 2;
        break;
    }
    std::size_t below = first;
    for (std::size_t above = first + 1; above < seen.size() && !apart(first, below); ++above) {
        if (!seen[above]) continue;
        if (apart(below, above) && wide(below, above)) return below + (above - below) / 2;
        below = above;
    }
    return {};
}

// The smallest that is as good as the highest; empty: nothing has a rate.
std::optional<std::size_t> place_on(std::span<const std::optional<double>> seen, double share) {
    const double good = highest_of(seen) * share;
    for (std::size_t place = 0; place < seen.size(); ++place) {
        if (good > 0 && seen[place] && *seen[place] >= good) return place;
    }
    return {};
}

// A mean without the rounds that missed is that of the lucky ones.
bool missed_too_often(const std::vector<double>& rounds) {
    const auto missed = static_cast<std::size_t>(std::count(rounds.begin(), rounds.end(), 0.0));
    const auto judged = static_cast<std::size_t>(
        std::count_if(rounds.begin(), rounds.end(), [](double r) { return !std::isnan(r); }));
    return missed * 2 >= judged || (missed > 1 && missed * kMostMissed > judged);
}

// Of the rounds in which there was a rate.
Estimate mean_rate(std::vector<double> rounds) {
    std::erase_if(rounds, [](double rate) { return !(rate > 0); });
    return geometric_mean(rounds);
}

// The share of a step by which two rates may differ and yet, once in twenty, end on the same step
// in each of so many rounds, all with steps that begin elsewhere.
double hidden_in(std::size_t rounds) {
    return 1 - std::pow(0.05, 1 / static_cast<double>(rounds));
}

double number(const std::string& text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::optional<std::size_t> next_on_line(std::span<const std::optional<double>> seen, bool ordered,
                                        double good) {
    if (!ordered || seen.size() <= kShortLine) {
        for (std::size_t place = 0; place < seen.size(); ++place) {
            if (!seen[place]) return place;
        }
        return {};
    }
    if (const auto place = double_up(seen)) return place;
    return section(seen, good);
}

SettingSearch::SettingSearch(std::vector<TunedAxis> axes, const Options& options)
    : axes_(std::move(axes)),
      options_(options),
      rng_(options.seed),
      base_(axes_.size(), 0),
      good_(std::min(kGood, kRounding / (1 + kSearchSteps * options.step))) {
    CHECK(!axes_.empty());
    choose();
}

// Of two settings with equal rates the one with less of everything is smaller.
double SettingSearch::size_of(const Setting& setting) const {
    double size = 0;
    for (std::size_t i = 0; i < axes_.size(); ++i) {
        if (axes_[i].ordered) size += std::log1p(number(axes_[i].values[setting[i]]));
    }
    return size;
}

bool SettingSearch::smaller(const Setting& a, const Setting& b) const {
    const double left = size_of(a), right = size_of(b);
    return left != right ? left < right : a < b;
}

std::vector<std::optional<double>> SettingSearch::line() const {
    std::vector<std::optional<double>> seen(axes_[axis_].values.size());
    Setting at = base_;
    for (std::size_t place = 0; place < seen.size(); ++place) {
        at[axis_] = place;
        if (const auto found = seen_.find(at); found != seen_.end()) seen[place] = found->second;
    }
    return seen;
}

// Between its neighbours on the line their mean; beyond them by the last slope, at most in
// proportion.
std::optional<double> SettingSearch::guess_of(const Setting& setting, std::size_t axis) const {
    struct Point {
        double x, rate;
    };
    std::vector<Point> below, above;
    const auto x_at = [&](std::size_t place) {
        return axes_[axis].ordered ? number(axes_[axis].values[place]) : 1;
    };
    Setting at = setting;
    for (at[axis] = 0; at[axis] < axes_[axis].values.size(); ++at[axis]) {
        const auto found = seen_.find(at);
        if (found == seen_.end() || !(found->second > 0)) continue;
        (at[axis] < setting[axis] ? below : above).push_back({x_at(at[axis]), found->second});
    }
    if (!below.empty() && !above.empty()) {
        return std::sqrt(below.back().rate * above.front().rate);
    }
    if (!above.empty()) return above.front().rate;
    if (below.empty()) {
        return seen_.empty() || !(seen_.rbegin()->second > 0)
                   ? std::nullopt
                   : std::optional(seen_.rbegin()->second);
    }
    const Point last = below.back();
    double slope = axes_[axis].ordered ? 0.7 : 0;
    if (below.size() > 1 && axes_[axis].ordered && below[below.size() - 2].x > 0) {
        const Point before = below[below.size() - 2];
        slope = std::log(last.rate / before.rate) / std::log(last.x / before.x);
    }
    const double x = x_at(setting[axis]);
    if (!(last.x > 0)) return last.rate;
    return last.rate * std::pow(x / last.x, std::clamp(slope, 0.0, 1.0));
}

void SettingSearch::record(double rate, bool fits) {
    CHECK(next_.has_value());
    ++measurements_;
    if (std::isnan(rate)) ++not_judged_;
    if (next_->round == 0 || !fits) seen_[next_->setting] = fits ? rate : 0;
    if (next_->round > 0 && !fits) {
        contenders_.clear();
        rounds_.clear();
        left_.clear();
        complete_rounds_ = 0;
    } else if (next_->round > 0) {
        rounds_[left_.back()].push_back(rate);
        left_.pop_back();
    }
    choose();
}

std::optional<Setting> SettingSearch::explore() {
    while (settled_ < axes_.size() && lines_ < kMostTurns * axes_.size()) {
        const auto seen = line();
        Setting at = base_;
        if (const auto place = next_on_line(seen, axes_[axis_].ordered, good_)) {
            at[axis_] = *place;
            return at;
        }
        at[axis_] = place_on(seen, good_).value_or(base_[axis_]);
        settled_ = at == base_ ? settled_ + 1 : 1;
        base_ = std::move(at);
        ++lines_;
        axis_ = (axis_ + 1) % axes_.size();
    }
    return {};
}

void SettingSearch::stop(std::string why) {
    stopped_ = std::move(why);
    if (not_judged_ == 0) return;
    stopped_ += fmt::format("; {} of {} measurements could not be judged and {} left out",
                            not_judged_, measurements_, not_judged_ == 1 ? "is" : "are");
}

void SettingSearch::choose() {
    next_.reset();
    if (contenders_.empty()) {
        if (auto setting = explore()) {
            next_ = Next{std::move(*setting), 0, {}};
            next_->guess = guess_of(next_->setting, axis_);
            return;
        }
        begin_comparison();
        if (contenders_.empty()) {
            stop("no setting that was tried has a rate that meets the objective");
            return;
        }
    }
    if (left_.empty() && !rounds_.front().empty()) {
        ++complete_rounds_;
        if (complete_rounds_ == options_.rounds) {
            stop(
                fmt::format("the search found no higher place, and its best few were compared in "
                            "{} round{}",
                            complete_rounds_, complete_rounds_ == 1 ? "" : "s"));
            return;
        }
    }
    if (left_.empty()) begin_round();
    const Setting& setting = contenders_[left_.back()];
    const auto& before = rounds_[left_.back()];
    const auto found = seen_.find(setting);
    next_ = Next{setting, complete_rounds_ + 1, {}};
    const double known = !before.empty()        ? mean_rate(before).value
                         : found != seen_.end() ? found->second
                                                : 0;
    next_->guess = known > 0 ? std::optional(known) : guess_of(setting, 0);
}

Setting SettingSearch::beside_best(std::size_t axis, std::size_t place) const {
    Setting setting = base_;
    setting[axis] = place;
    return setting;
}

void SettingSearch::begin_comparison() {
    double most = 0;
    for (const auto& [setting, rate] : seen_) most = std::max(most, rate);
    if (!(most > 0)) return;
    std::vector<Setting> good;
    for (const auto& [setting, rate] : seen_) {
        if (rate >= most * good_) good.push_back(setting);
    }
    std::sort(good.begin(), good.end(),
              [&](const auto& a, const auto& b) { return smaller(a, b); });
    const auto highest =
        std::max_element(good.begin(), good.end(),
                         [&](const auto& a, const auto& b) { return seen_.at(a) < seen_.at(b); });
    if (static_cast<std::size_t>(highest - good.begin()) >= kMostContenders) {
        std::swap(good[kMostContenders - 1], *highest);
    }
    if (good.size() > kMostContenders) good.resize(kMostContenders);
    contenders_ = std::move(good);
    for (const auto& [axis, place] : also_) {
        Setting setting = beside_best(axis, place);
        const auto found = seen_.find(setting);
        const bool without_a_rate = found != seen_.end() && !(found->second > 0);
        const bool there =
            std::find(contenders_.begin(), contenders_.end(), setting) != contenders_.end();
        if (!without_a_rate && !there) contenders_.push_back(std::move(setting));
    }
    rounds_.resize(contenders_.size());
}

void SettingSearch::begin_round() {
    for (std::size_t i = 0; i < contenders_.size(); ++i) left_.push_back(i);
    rng_.shuffle(left_);
}

// Of the rounds that all were in.
std::vector<SettingSearch::Compared> SettingSearch::compared() const {
    std::vector<Compared> all;
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
        std::vector<double> rounds = rounds_[i];
        rounds.resize(complete_rounds_);
        const Estimate rate = missed_too_often(rounds) ? Estimate{} : mean_rate(rounds);
        all.push_back({contenders_[i], std::move(rounds), rate, {}});
    }
    return all;
}

// Without a value where no round has both.
Estimate SettingSearch::ratio_to(const Compared& highest, const Compared& one) const {
    if (!(one.rate.value > 0)) return {};
    std::vector<double> its, best;
    for (std::size_t i = 0; i < one.rounds.size(); ++i) {
        if (!(one.rounds[i] > 0 && highest.rounds[i] > 0)) continue;
        its.push_back(one.rounds[i]);
        best.push_back(highest.rounds[i]);
    }
    const auto ratio = Ratio::paired(its, best, rng_);
    if (!ratio) return {};
    Estimate told = ratio->estimate();
    if (told.interval && one.setting != highest.setting) {
        const double least = std::pow(1 + options_.step, hidden_in(its.size()));
        told.interval->low = std::min(told.interval->low, told.value / least);
        told.interval->high = std::max(told.interval->high, told.value * least);
    }
    return told;
}

SettingSearch::Answer SettingSearch::answer() const {
    Answer told;
    const auto prefer = [&](const Setting& setting) {
        if (!told.best || smaller(setting, *told.best)) told.best = setting;
    };
    if (complete_rounds_ == 0) {
        double most = 0;
        for (const auto& [setting, rate] : seen_) {
            if (rate > most) told.highest = setting;
            most = std::max(most, rate);
        }
        for (const auto& [setting, rate] : seen_) {
            if (most > 0 && rate >= most * good_) prefer(setting);
        }
        return told;
    }
    told.by_rounds = true;
    told.compared = compared();
    const auto highest = std::max_element(
        told.compared.begin(), told.compared.end(),
        [](const Compared& a, const Compared& b) { return a.rate.value < b.rate.value; });
    if (!(highest->rate.value > 0)) return told;
    told.highest = highest->setting;
    for (Compared& one : told.compared) {
        one.to_best = ratio_to(*highest, one);
        if (!(one.to_best.value > 0)) continue;
        const auto& interval = one.to_best.interval;
        const double half = interval ? 1 - interval->low / one.to_best.value : kMostSlack;
        if (one.to_best.value >= 1 - std::clamp(half, kLeastSlack, kMostSlack)) {
            prefer(one.setting);
        }
    }
    return told;
}

}  // namespace echotrio::loadgen
