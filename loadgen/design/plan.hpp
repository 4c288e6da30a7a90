// Which trials, in which order, and for how long. Pure: the same factors and seed give the same
// plan, so a recorded seed repeats an experiment's order and --resume finds what is left.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "loadgen/design/workload.hpp"
#include "loadgen/results/experiment.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// From this round on a plan with a precision leaves out the levels that are narrow enough. Fewer
// rounds tell too little of the spread to stop by it.
inline constexpr std::uint64_t kLeastRounds = 8;

// What a variant could do, where a workload's rates are shares of that.
struct Capacity {
    std::string variant;
    double rps = 0;
};

struct Plan {
    std::vector<Variant> variants;
    std::vector<Workload> workloads;  // with duration and warm-up as they are in force
    std::vector<Level> levels;        // of these workloads
    std::uint64_t repetitions = 5;    // rounds, at most
    std::uint64_t seed = 1;
    std::uint64_t retries = 10;  // how many INVALID trials may be repeated, in all
    // How many VALID ones, of whose CPU time the host took much.
    std::uint64_t retries_after_steal = 0;
    // Above 0: a level is done once the ratios of its headline figure are known as closely as this
    // (0.05: within 5 %).
    double precision = 0;
    Nanos budget{0};          // no trial begins that would end later; 0 = no bound
    bool cross_check = true;  // wrk beside the http workload
    std::uint64_t cross_check_rounds = 5;
    // Look at the server's memory before the load and after it, too, not only meanwhile; a fifth of
    // a second a trial. Silent workloads always do.
    bool follow_memory = true;
    // A server of its own for every trial. False: servers that run already, where a trial finds
    // what those before it left behind.
    bool fresh_servers = true;
    // Servers that run already, and who measures each from outside, by variant label.
    std::map<std::string, net::HostPort> targets{}, observers{};
    // Once they were probed; see with_rates.
    std::vector<Capacity> capacities{};
};

// The trials in balanced random order (a randomised complete block design): a round per repetition
// holds every level once, shuffled; within a level all variants follow each other, so that they
// meet the machine in the same state, and each stands in each place equally often over as many
// rounds as there are variants. Without fresh servers the silent levels come first in a round, from
// few connections to many: memory that a server keeps after many would hide what few cost.
std::vector<TrialPoint> order_trials(const Plan& plan);
// One of its rounds, 1, 2 ..., with these of its levels alone.
std::vector<TrialPoint> round_trials(const Plan& plan, std::uint64_t round,
                                     const std::vector<Level>& levels);
// Whether how many rounds there are depends on what they give or how long they take.
bool is_open_ended(const Plan& plan);

// Those not yet in `done` (by point; a superseded attempt does not count).
std::vector<TrialPoint> remaining_trials(const Plan& plan, const std::vector<Trial>& done);

// Where the rates of a workload are shares of the slowest server's capacity, its levels hold the
// shares until the capacities are known. What finds them: a short closed loop of every variant
// that tries this workload. Empty: no workload needs it.
std::optional<Plan> probe_plan(const Plan& plan);
// The capacity of each variant of a probe_plan by its trials: the median of what it did. Error: one
// did nothing.
Result<std::vector<Capacity>> capacities_of(const Plan& probe, const std::vector<Trial>& probed);
// The plan with rates instead of shares, the same for all variants and all rounds. Shares of a
// small capacity can come to the same rate: that is one level.
Plan with_rates(Plan plan, std::vector<Capacity> capacities);
// Where the capacities could not be found: without the workloads that need them.
Plan without_shares(Plan plan);

// About how long a trial takes, start and stop of the server included.
Nanos estimated_duration(const Plan& plan, const TrialPoint& point);
Nanos estimated_duration(const Plan& plan, const std::vector<TrialPoint>& points);
// Of the plan's budget, what the probe and these trials have used.
Nanos spent_on(const Plan& plan, const std::vector<Trial>& done);

// Whether any of its connections only stay open, so that their memory can be told.
bool has_silent_workload(const Plan& plan);
// Of all its levels the most connections that only stay open; 0 where none do.
std::uint64_t most_silent_connections(const Plan& plan);

// Whether wrk measures the same server at this point too.
bool is_cross_checked(const Plan& plan, const TrialPoint& point);

const Variant& variant_of(const Plan& plan, const TrialPoint& point);    // Precondition: it is
const Workload& workload_of(const Plan& plan, const TrialPoint& point);  // one of the plan's

// As it stands in results.json under "settings", and back. Error: what is missing or wrong.
nlohmann::ordered_json plan_to_json(const Plan& plan);
Result<Plan> plan_from_json(const nlohmann::ordered_json& json);

}  // namespace echotrio::loadgen
