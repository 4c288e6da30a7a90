// Carries out a plan: a fresh server for every trial, pinned apart from the generator; repeats what
// the verdict calls INVALID, within the plan's budget; hands every trial over as soon as it is
// done.
#pragma once

#include "common/net/socket.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/results/experiment.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace echotrio::loadgen {

struct RunnerOptions {
    std::string bin_dir;  // where the programs of the models are
    // Servers that already run, by variant label; these are not started. Empty: start them.
    std::map<std::string, net::HostPort> targets;
    // By variant label: who measures such a server from outside (`loadgen observe`).
    std::map<std::string, net::HostPort> observers;
    std::vector<int> usable_cpus;
    std::string wrk;  // its version; empty = not installed
    // As in TrialOptions.
    bool follow_memory = true;
};

struct RunnerHooks {
    std::function<void(const TrialPoint&, std::uint64_t attempt)> begins;
    std::function<void(const Interval&)> second;
    // Error: it can't be kept (a full disk); the experiment ends.
    std::function<Status(const Trial&)> finished;
    std::function<bool()> stop;  // polled: true ends in order, the trial under way is not kept
};

// Runs what `done` lacks. Error: a trial could not be kept. A trial that could not run is a result.
Status run_plan(const Plan& plan, const std::vector<Trial>& done, const RunnerOptions& options,
                const RunnerHooks& hooks);

// Whether another attempt can help: INVALID for a cause outside the server, not for what the model
// does under this load.
bool is_worth_repeating(const RunResult& result);

}  // namespace echotrio::loadgen
