// Whether several generators made one load: all of them, at one time, by clocks that agree.
#include "common/base/units.hpp"
#include "loadgen/analysis/verdict_rows.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {
namespace {

using Answer = std::optional<Found>;

constexpr std::size_t kNamed = 8;

std::string name_of(const Judged& run, const GeneratorPart& one) {
    return fmt::format("generator {} of {} ({})", one.rank, run.r.generators->size(), one.address);
}

Answer lost(const Judged& run) {
    if (!run.r.generators) return {};
    std::vector<std::string> names;
    for (const GeneratorPart& one : *run.r.generators) {
        if (one.lost) names.push_back(fmt::format("{}: {}", name_of(run, one), *one.lost));
    }
    if (names.empty()) return {};
    const std::size_t more = names.size() - std::min(names.size(), kNamed);
    names.resize(names.size() - more);
    return Found{fmt::format("lost {}{}", fmt::join(names, "; "),
                             more > 0 ? fmt::format("; {} more", more) : ""),
                 "what is left is not the load that was asked for: see its log and its host, and "
                 "repeat"};
}

Answer apart(const Judged& run) {
    if (run.c.overlap.value_or(1) >= limits::kOverlap) return {};
    return Found{fmt::format("the generators measured together for only {} of the time",
                             percent(*run.c.overlap)),
                 "let all begin and end as one (--peers, or --start-at with one --warmup and "
                 "--duration)"};
}

// The start goes by the clocks as they were compared; one that is far off has nobody who minds it,
// and what else its host says of times does not fit.
Answer clock_off(const Judged& run) {
    if (!run.r.generators) return {};
    const GeneratorPart* worst = nullptr;
    double most = (1 - limits::kOverlap) * run.r.duration_s;
    for (const GeneratorPart& one : *run.r.generators) {
        if (!one.lost && !one.clock_ahead_s) {
            return Found{fmt::format("the clock of {} was not compared with the leader's",
                                     name_of(run, one)),
                         "let the generators meet (--peers)"};
        }
        const double off = std::abs(one.clock_ahead_s.value_or(0)) + one.clock_error_s.value_or(0);
        if (off <= most) continue;
        most = off;
        worst = &one;
    }
    if (worst == nullptr) return {};
    const double ahead = *worst->clock_ahead_s;
    return Found{
        fmt::format("the clock of {} is {} {} the leader's (within {})", name_of(run, *worst),
                    human_seconds(std::abs(ahead)), ahead < 0 ? "behind" : "ahead of",
                    human_seconds(worst->clock_error_s.value_or(0))),
        "set the hosts' clocks by one source (NTP, chrony), or measure longer"};
}

}  // namespace

std::vector<VerdictRow> rows_of_the_generators() {
    constexpr auto kInvalid = Severity::invalid;
    return {
        {"generators", kInvalid, "one of several was lost, or interrupted", lost},
        {"windows", kInvalid,
         fmt::format("several generators measured together for less than {} of the time",
                     percent(limits::kOverlap)),
         apart},
        {"windows", kInvalid,
         fmt::format("a host's clock is off the leader's by more than {} of the window, or was not "
                     "compared",
                     percent(1 - limits::kOverlap)),
         clock_off},
    };
}

}  // namespace echotrio::loadgen
