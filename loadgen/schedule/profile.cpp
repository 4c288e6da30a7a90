#include "loadgen/schedule/profile.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace echotrio::loadgen {
namespace {

constexpr double kHighestRate = 1e8;     // requests/s: beyond any loopback
constexpr std::size_t kMostLegs = 1000;  // of one profile
constexpr Nanos kLongest = std::chrono::hours(10'000);
constexpr double kForever = std::numeric_limits<double>::infinity();

Error wrong(std::string_view why, std::string_view text) {
    return Error{fmt::format(
        "{}, write requests per second like 5000, 1000/10s,5000/10s, 1000..20000/60s or "
        "1000..20000:1000/5s, got '{}'",
        why, text.substr(0, 60))};
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, ec] = std::from_chars(text.data(), end, value);
    if (ec != std::errc{} || rest != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::optional<std::string> out_of_range(double rate) {
    if (rate >= 0 && rate <= kHighestRate) return std::nullopt;
    return fmt::format("must be 0 to {:.0f}", kHighestRate);
}

// "A..B:STEP" in legs of `each`, ending exactly at B.
Status add_stair(std::vector<RateStep>& steps, double from, double to, double step, Nanos each,
                 std::string_view text) {
    if (!(step > 0)) return wrong("the step of a stair must be > 0", text);
    const double levels = std::floor(std::abs(to - from) / step + 1e-9);
    if (levels >= static_cast<double>(kMostLegs)) return wrong("has too many steps", text);
    const double signed_step = to >= from ? step : -step;
    for (int i = 0; i <= static_cast<int>(levels); ++i) {
        steps.push_back({from + i * signed_step, each});
    }
    // the last step, which rounding may have put beside B or below 0
    if (std::abs(steps.back().rate - to) > 1e-9 * step) {
        steps.push_back({to, each});
    } else {
        steps.back().rate = to;
    }
    return Done{};
}

Status add_leg(std::vector<RateStep>& steps, std::string_view text) {
    const std::size_t slash = text.find('/');
    Nanos duration{0};
    if (slash != std::string_view::npos) {
        const auto parsed = parse_duration(text.substr(slash + 1));
        if (!parsed) return parsed.error();
        if (parsed->count() == 0) return wrong("a leg must last longer than 0", text);
        duration = *parsed;
    }
    const std::string_view rates = text.substr(0, slash);
    const std::size_t dots = rates.find("..");
    if (dots == std::string_view::npos) {
        const auto rate = number(rates);
        if (!rate) return wrong("not a rate", text);
        if (const auto range = out_of_range(*rate)) return wrong(*range, text);
        steps.push_back({*rate, duration});
        return Done{};
    }
    const std::size_t colon = rates.find(':', dots);
    const auto from = number(rates.substr(0, dots));
    const auto to = number(rates.substr(dots + 2, colon - std::min(colon, dots + 2)));
    if (!from || !to) return wrong("not a rate", text);
    for (const double rate : {*from, *to}) {
        if (const auto range = out_of_range(rate)) return wrong(*range, text);
    }
    if (duration.count() == 0) return wrong("a ramp or stair needs a duration", text);
    if (colon == std::string_view::npos) {
        steps.push_back({*from, duration, to});
        return Done{};
    }
    const auto step = number(rates.substr(colon + 1));
    if (!step) return wrong("the step of a stair is not a number", text);
    return add_stair(steps, *from, *to, *step, duration, text);
}

}  // namespace

Result<std::vector<RateStep>> parse_rate(std::string_view text) {
    std::vector<RateStep> steps;
    for (std::string_view rest = text;;) {
        const std::size_t comma = rest.find(',');
        if (const Status added = add_leg(steps, rest.substr(0, comma)); !added) {
            return added.error();
        }
        if (steps.size() > kMostLegs) return wrong("has too many legs", text);
        if (comma == std::string_view::npos) break;
        if (steps.back().duration.count() == 0) {
            return wrong("only the last leg may be without a duration", text);
        }
        rest.remove_prefix(comma + 1);
    }
    Nanos total{0};  // of at most kMostLegs: does not overflow as long as each sum is checked
    for (const RateStep& step : steps) {
        total += step.duration;
        if (total > kLongest) return wrong("must not last longer than 10000h", text);
    }
    for (const RateStep& step : steps) {
        if (step.rate > 0 || step.ramp_to.value_or(0) > 0) return steps;
    }
    return wrong("must be > 0 somewhere", text);
}

std::string format_rate(const std::vector<RateStep>& steps) {
    std::string out;
    for (const RateStep& step : steps) {
        if (!out.empty()) out += ',';
        out += fmt::format("{}", step.rate);
        if (step.ramp_to) out += fmt::format("..{}", *step.ramp_to);
        if (step.duration.count() > 0) {
            out += '/';
            out += format_duration(step.duration);
        }
    }
    return out;
}

Nanos total_duration(const std::vector<RateStep>& steps) {
    Nanos total{0};
    for (const RateStep& step : steps) total += step.duration;
    return steps.empty() || steps.back().duration.count() == 0 ? Nanos(0) : total;
}

Profile::Profile(const std::vector<RateStep>& steps) {
    CHECK(!steps.empty());
    double at = 0;
    double count = 0;
    const auto add = [&](double length, double rate, double to) {
        const double slope = length < kForever ? (to - rate) / length : 0;
        const double requests = length < kForever ? (rate + to) / 2 * length
                                : rate > 0        ? kForever
                                                  : 0;
        legs_.push_back({at, length, count, count + requests, rate, slope});
        at += length;
        count += requests;
    };
    for (const RateStep& step : steps) {
        if (step.duration.count() == 0) break;
        add(seconds(step.duration), step.rate, step.ramp_to.value_or(step.rate));
    }
    const double last = steps.back().ramp_to.value_or(steps.back().rate);
    add(kForever, last, last);
}

double Profile::count_at(double s) const {
    double count = 0;
    for (const Leg& leg : legs_) {
        if (s <= leg.begin_s) break;
        const double in = std::min(s - leg.begin_s, leg.length_s);
        count = leg.begin_count + (leg.rate + leg.slope * in / 2) * in;
    }
    return count;
}

std::optional<double> Profile::time_of(double count, std::size_t& leg) const {
    // A pause holds no request, not even one on its edge.
    const auto passed = [&](const Leg& l) {
        return count > l.end_count || l.end_count == l.begin_count;
    };
    while (leg < legs_.size() && passed(legs_[leg])) ++leg;
    if (leg == legs_.size()) return std::nullopt;
    const Leg& here = legs_[leg];
    const double more = count - here.begin_count;
    if (more <= 0) return here.begin_s;
    if (here.slope == 0) return here.begin_s + std::min(more / here.rate, here.length_s);
    // rate x + slope x^2 / 2 = more, solved without the difference of two nearly equal numbers
    // (at the foot of a ramp down to 0, rounding can put it below 0)
    const double root = std::sqrt(std::max(0.0, here.rate * here.rate + 2 * here.slope * more));
    return here.begin_s + std::min(2 * more / (here.rate + root), here.length_s);
}

}  // namespace echotrio::loadgen
