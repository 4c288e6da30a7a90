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
    double rate = 0;           // offered, requests/s
    std::string limited_by{};  // the check by which no higher rate could be judged
    double objective_us = 0;
    std::optional<double> p99_us{}, cpus{}, cpu_us_per_request{}, ready_s{};
    std::optional<CgroupUse> group{};

    static Passed of(const RunResult& run, const Objective& objective);
};

struct SettingBook {
    std::vector<Passed> passed{};
    std::vector<std::string> argv{};
    std::optional<double> memory{};       // the most, at rates that it bore or missed
    std::optional<double> memory_over{};  // where it had more than there is
    bool ran = false;                     // a server with it was ready once
    Unfit unfit = Unfit::no;
    std::string why{};
    double nearest = 0;                 // the lowest rate that missed; `why` is of it
    std::optional<double> missed_us{};  // the objective's percentile in that trial
    std::string above{};                // what broke it at a rate above one that it bore

    void missed(const TuneTrial& trial);
    // Its memory, as far as that trial tells it. `fits`: it was within the limit.
    void saw_memory(const RunResult& run, bool fits);
    // It died or had too much memory in a trial that counts as a miss of its rate.
    void broke(const TuneTrial& trial);
    // A measurement in which no rate could be judged.
    void not_judged(const std::string& reason);
    // Whether it bore a rate lower than this.
    bool passed_below(double rate) const;
    TunedSetting told(const Setting& setting, double searched,
                      const SettingSearch::Answer& answer) const;
    // Empty: no control group counts that.
    std::optional<Throttled> throttled() const;
};

}  // namespace echotrio::loadgen
