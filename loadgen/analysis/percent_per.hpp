// How fast a demand grows, as people write it: "20%/month", "10%/min". Pure.
#pragma once

#include "common/base/result.hpp"

#include <string>
#include <string_view>

namespace echotrio::loadgen {

// A twelfth of a year of 365 days, as prices are quoted.
inline constexpr double kHoursPerMonth = 730;
inline constexpr double kDaysPerMonth = kHoursPerMonth / 24;
inline constexpr double kSecondsPerDay = 86'400;

struct PercentPer {
    double share = 0;    // 0.2 for 20 %
    std::string per;     // "month"
    double seconds = 0;  // how long that is; a year is 365 days, a month a twelfth of it
};

// Over months: per day, week, month or year. Above 0 % and at most 1000 %. Error: what to write.
Result<PercentPer> parse_growth(std::string_view text);
// Within minutes: per s, min or h. The same range.
Result<PercentPer> parse_ramp(std::string_view text);

std::string format_percent_per(const PercentPer& growth);  // "20 % per month"

}  // namespace echotrio::loadgen
