#include "loadgen/schedule/rate_search.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {

double RateSearch::upper() const {
    double rate = settings_.highest * (1 + settings_.precision);
    if (fail_) rate = std::min(rate, *fail_);
    if (generator_limit_) rate = std::min(rate, *generator_limit_);
    return rate;
}

std::optional<RateSearch::Step> RateSearch::next() const {
    const double above = upper();
    if (!pass_) {  // downwards
        const double rate = std::max(next_, settings_.lowest);
        return rate < above ? std::optional(Step{rate, false}) : std::nullopt;
    }
    if (*pass_ < settings_.highest && !fail_ && !generator_limit_) {  // upwards
        return Step{std::min(*pass_ * 2, settings_.highest), false};
    }
    if (above / *pass_ > (1 + settings_.precision) * (1 + 1e-9) && *pass_ < settings_.highest) {
        return Step{std::sqrt(*pass_ * above), false};
    }
    if (full_trials_ >= settings_.most_full_trials) return std::nullopt;
    if (confirmed_pass_ != pass_) return Step{*pass_, true};
    if (fail_ && confirmed_fail_ != fail_) return Step{*fail_, true};
    return std::nullopt;
}

void RateSearch::record(Result result) {
    const auto step = next();
    CHECK(step.has_value());
    if (result == Result::generator_limit) {
        generator_limit_ = std::min(step->rate, generator_limit_.value_or(step->rate));
        if (pass_ && *pass_ >= step->rate) pass_.reset();
    } else if (step->full) {
        record_full(step->rate, result);
        return;
    } else if (result == Result::pass) {
        pass_ = step->rate;
    } else {
        fail_ = step->rate;
    }
    if (!pass_) next_ = step->rate / 2;
    if (step->full) ++full_trials_;
}

// A full-length trial overrules a probe: the end that it contradicts moves by one precision step.
void RateSearch::record_full(double rate, Result result) {
    ++full_trials_;
    if (result == Result::pass) {
        confirmed_pass_ = pass_ = rate;
        if (fail_ && *fail_ <= rate) fail_ = rate * (1 + settings_.precision);
    } else {
        confirmed_fail_ = fail_ = rate;
        if (pass_ && *pass_ >= rate) pass_ = rate / (1 + settings_.precision);
        if (pass_ && *pass_ < settings_.lowest) pass_.reset();
        next_ = rate / 2;
    }
}

}  // namespace echotrio::loadgen
