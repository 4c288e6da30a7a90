#include "loadgen/experiment/capacity_probe.hpp"

#include "common/base/check.hpp"

namespace echotrio::loadgen {

Result<std::vector<Capacity>> find_capacities(const Plan& plan, const RunnerOptions& options,
                                              const std::function<bool()>& stop,
                                              const std::function<bool()>& hurry) {
    const auto probe = probe_plan(plan);
    CHECK(probe.has_value());
    std::vector<Trial> probed;
    RunnerHooks hooks;
    hooks.begins = [](const TrialPoint&, std::uint64_t) {};
    hooks.finished = [&](const Trial& trial) -> Status {
        probed.push_back(trial);
        return Done{};
    };
    hooks.stop = stop;
    hooks.hurry = hurry;
    if (const Status ran = run_plan(*probe, {}, options, hooks); !ran) return ran.error();
    return capacities_of(*probe, probed);
}

}  // namespace echotrio::loadgen
