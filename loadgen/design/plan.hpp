// Which trials, in which order, and for how long. Pure: the same factors and seed give the same
// plan, so a recorded seed repeats an experiment's order and --resume finds what is left.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "loadgen/design/workload.hpp"
#include "loadgen/results/experiment.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace echotrio::loadgen {

struct Plan {
    std::vector<Variant> variants;
    std::vector<Workload> workloads;  // with duration and warm-up as they are in force
    std::vector<Level> levels;        // of these workloads
    std::uint64_t repetitions = 5;
    std::uint64_t seed = 1;
    std::uint64_t budget = 10;  // how many INVALID trials may be repeated, in all
    bool cross_check = true;    // wrk beside the http workload
    // A server of its own for every trial. False: servers that run already, where a trial finds
    // what those before it left behind.
    bool fresh_servers = true;
    // Servers that run already, and who measures each from outside, by variant label.
    std::map<std::string, net::HostPort> targets{}, observers{};
};

// The trials in balanced random order (a randomised complete block design): a round per repetition
// holds every level once, shuffled; within a level all variants follow each other, so that they
// meet the machine in the same state, and each stands in each place equally often over as many
// rounds as there are variants. Without fresh servers the silent levels come first in a round, from
// few connections to many: memory that a server keeps after many would hide what few cost.
std::vector<TrialPoint> order_trials(const Plan& plan);

// Those not yet in `done` (by point; a superseded attempt does not count).
std::vector<TrialPoint> remaining_trials(const Plan& plan, const std::vector<Trial>& done);

// About how long a trial takes, start and stop of the server included.
Nanos estimated_duration(const Plan& plan, const TrialPoint& point);
Nanos estimated_duration(const Plan& plan, const std::vector<TrialPoint>& points);

// Whether wrk measures the same server at this point too.
bool is_cross_checked(const Plan& plan, const TrialPoint& point);

const Variant& variant_of(const Plan& plan, const TrialPoint& point);    // Precondition: it is
const Workload& workload_of(const Plan& plan, const TrialPoint& point);  // one of the plan's

// As it stands in results.json under "settings", and back. Error: what is missing or wrong.
nlohmann::ordered_json plan_to_json(const Plan& plan);
Result<Plan> plan_from_json(const nlohmann::ordered_json& json);

}  // namespace echotrio::loadgen
