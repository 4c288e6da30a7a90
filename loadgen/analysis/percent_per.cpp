#include "loadgen/analysis/percent_per.hpp"

#include "loadgen/analysis/csv.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

namespace echotrio::loadgen {
namespace {

constexpr double kMostPercent = 1000;

struct Period {
    std::string_view name;
    double seconds;
};
constexpr std::array kLong{Period{"day", kSecondsPerDay}, Period{"week", 7 * kSecondsPerDay},
                           Period{"month", kDaysPerMonth* kSecondsPerDay},
                           Period{"year", 12 * kDaysPerMonth* kSecondsPerDay}};
constexpr std::array kShort{Period{"s", 1}, Period{"min", 60}, Period{"h", 3600}};

Result<PercentPer> parse(std::string_view text, std::span<const Period> periods,
                         const char* example) {
    const std::size_t slash = text.find("%/");
    if (slash != std::string_view::npos) {
        PercentPer growth;
        double percent = 0;
        for (const Period& period : periods) {
            if (text.substr(slash + 2) != period.name) continue;
            if (!read_cell(text.substr(0, slash), percent)) break;
            if (!(percent > 0) || percent > kMostPercent) {
                return Error{
                    fmt::format("must be above 0 % and at most {} %, got {}", kMostPercent, text)};
            }
            growth.share = percent / 100;
            growth.per = period.name;
            growth.seconds = period.seconds;
            return growth;
        }
    }
    std::string names;
    for (const Period& period : periods) names += fmt::format(" /{}", period.name);
    return Error{fmt::format("write a percentage and a time like {} (one of{}), got '{}'", example,
                             names, text.substr(0, 40))};
}

}  // namespace

Result<PercentPer> parse_growth(std::string_view text) {
    return parse(text, kLong, "20%/month");
}

Result<PercentPer> parse_ramp(std::string_view text) {
    return parse(text, kShort, "10%/min");
}

std::string format_percent_per(const PercentPer& growth) {
    return fmt::format("{} % per {}", format_short(growth.share * 100), growth.per);
}

}  // namespace echotrio::loadgen
