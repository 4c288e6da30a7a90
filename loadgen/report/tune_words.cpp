// The sentences of `loadgen tune` that several of its reports say.
#include "loadgen/report/tune_words.hpp"

#include "loadgen/design/settings.hpp"
#include "loadgen/report/tune_report.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace echotrio::loadgen {
namespace {

// Those that miss the objective alone come first, the one with the lowest percentile of them first;
// one that failed requests may have a low one that says nothing.
const TunedSetting* nearest_of(const Tuning& tuning) {
    const auto distance = [&](const TunedSetting& one) {
        const bool known = one.missed_us && *one.missed_us > tuning.objective_us;
        return std::pair(one.unfit != Unfit::objective,
                         known ? *one.missed_us : std::numeric_limits<double>::infinity());
    };
    const auto found =
        std::min_element(tuning.settings.begin(), tuning.settings.end(),
                         [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    return found == tuning.settings.end() ? nullptr : &*found;
}

}  // namespace

std::string rate_text(double rps) {
    return format_value(rps, Unit::per_second);
}

std::string cpus_text(double cpus) {
    return fmt::format("{} CPU{}", format_short(cpus), cpus == 1 ? "" : "s");
}

std::string bounds_text(const Tuning& tuning) {
    std::string text = tuning.objective;
    if (tuning.memory_limit) {
        text += fmt::format(", {} of memory ({})", format_value(*tuning.memory_limit, Unit::bytes),
                            tuning.memory_limit_from);
    }
    if (tuning.cpu_limit) text += fmt::format(", {} (--cpus)", cpus_text(*tuning.cpu_limit));
    if (tuning.cpu_quota) {
        text += fmt::format(", a quota of {} (control group)", cpus_text(*tuning.cpu_quota));
    }
    return text;
}

std::string what_it_does(const Tuning& tuning, const TunedSetting& one) {
    std::string text = fmt::format("{} within {}", rate_words(one), bounds_text(tuning));
    if (!one.limited_by.empty()) text += "; " + at_least_words(one);
    if (one.memory_bytes) {
        text += fmt::format("; {} of memory", format_value(*one.memory_bytes, Unit::bytes));
    }
    if (one.cpus_used) text += fmt::format("; {} CPUs used", format_count(*one.cpus_used));
    return text;
}

std::string at_least_words(const TunedSetting& one) {
    return fmt::format("at least: a higher rate could not be judged ({})", one.limited_by);
}

std::string rate_words(const TunedSetting& setting) {
    if (!(setting.rate.value > 0)) return setting.why;
    std::string text = rate_text(setting.rate.value) + "/s";
    if (setting.rate.low && setting.rate.high) {
        text +=
            fmt::format(" ({} to {})", rate_text(*setting.rate.low), rate_text(*setting.rate.high));
    }
    return text;
}

bool is_judged(const Tuning& tuning) {
    if (tuning.best) return true;
    return !tuning.settings.empty() &&
           std::none_of(tuning.settings.begin(), tuning.settings.end(),
                        [](const TunedSetting& one) { return one.unfit == Unfit::not_judged; });
}

std::string answer_sentence(const Tuning& tuning) {
    if (tuning.best) {
        const TunedSetting& best = tuning.settings[*tuning.best];
        return fmt::format("{}: {}", words_of(tuning.axes, best.setting),
                           what_it_does(tuning, best));
    }
    std::string text = fmt::format("no setting that was tried meets {}", bounds_text(tuning));
    if (!is_judged(tuning)) {
        text = fmt::format("whether a setting meets {} could not be judged", bounds_text(tuning));
    }
    const TunedSetting* nearest = nearest_of(tuning);
    if (nearest != nullptr) {
        text += fmt::format("; nearest was {}: {}", words_of(tuning.axes, nearest->setting),
                            nearest->why);
    }
    return text;
}

}  // namespace echotrio::loadgen
