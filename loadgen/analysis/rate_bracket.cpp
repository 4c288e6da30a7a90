#include "loadgen/analysis/rate_bracket.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace echotrio::loadgen {
namespace {

// Of what an overloaded server got done: it can't do more with an objective to meet.
constexpr double kOfDone = 0.9;
constexpr double kBeyondReach = 1.08;  // what it got done, and a little more
constexpr double kLargestStep = 16;
constexpr double kSame = 1 + 1e-9;  // rates that differ by rounding

}  // namespace

RateBracket::RateBracket(const Options& options) : options_(options), step_(options.step) {
    next_ = std::clamp(on_grid(options.start), options.lowest, options.highest);
}

void RateBracket::record(bool passed, std::optional<double> done) {
    CHECK(next_.has_value());
    (passed ? pass_ : miss_) = next_;
    choose(passed ? std::nullopt : done);
}

void RateBracket::give_up() {
    CHECK(next_.has_value());
    miss_ = next_;
    choose({});
}

// The nearest of the grid that tells something new.
double RateBracket::on_grid(double rate) const {
    if (options_.grid == 0) return rate;
    const double step = std::log1p(options_.precision);
    const double place = std::round(std::log(rate / options_.grid) / step);
    const double nearest = options_.grid * std::exp(place * step);
    if (pass_ && nearest <= *pass_ * kSame) return nearest * (1 + options_.precision);
    if (miss_ && nearest * kSame >= *miss_) return nearest / (1 + options_.precision);
    return nearest;
}

void RateBracket::choose(std::optional<double> done) {
    next_.reset();
    const double narrow = (1 + options_.precision) * kSame;
    if (pass_ && miss_) {
        if (*miss_ / *pass_ > narrow) next_ = std::sqrt(*pass_ * *miss_);
        if (next_ && *pass_ < reach_) next_ = std::min(*next_, reach_ * kBeyondReach);
        if (next_ && done && *done * kOfDone > *pass_ * narrow && *done * kOfDone < *miss_) {
            next_ = *done * kOfDone;
        }
        if (next_) next_ = on_grid(*next_);
        return;
    }
    const double step = std::exchange(step_, std::min(step_ * step_, kLargestStep));
    if (pass_) {
        if (*pass_ < options_.highest) next_ = std::min(on_grid(*pass_ * step), options_.highest);
        return;
    }
    if (*miss_ <= options_.lowest) return;
    double rate = *miss_ / step;
    if (done && *done > 0) {
        rate = std::min(*done * kOfDone, *miss_ / (1 + options_.precision));
        reach_ = *done;
    }
    next_ = std::max(on_grid(rate), options_.lowest);
}

}  // namespace echotrio::loadgen
