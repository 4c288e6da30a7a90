// What the trials of one setting said, as they come in, and in sum.
#pragma once

#include "loadgen/analysis/objective.hpp"
#include "loadgen/analysis/setting_search.hpp"
#include "loadgen/results/tuning.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// What a trial that passed has to say; one for each measurement, that at the highest rate.
struct Passed {
    std::uint64_t round = 0;
    double objective_us = 0;
    std::optional<double> p99_us{}, cpus{}, cpu_us_per_request{}, ready_s{};
    std::optional<CgroupUse> group{};

    static Passed of(const RunResult& run, const Objective& objective);
};

struct SettingBook {
    std::vector<Passed> passed{};
    std::vector<std::string> argv{};
    std::optional<double> memory{};
    Unfit unfit = Unfit::no;
    std::string why{};
    double nearest = 0;  // the lowest rate that missed; `why` is of it
    bool generator_was_limit = false;

    void missed(const TuneTrial& trial);
    TunedSetting told(const Setting& setting, double searched,
                      const SettingSearch::Answer& answer) const;
    // Empty: no control group counts that.
    std::optional<Throttled> throttled() const;
};

}  // namespace echotrio::loadgen
