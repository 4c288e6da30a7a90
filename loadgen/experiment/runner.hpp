// Carries out a plan: a fresh server for every trial, pinned apart from the generator; repeats what
// the verdict calls INVALID, as often as the plan allows; ends when its rounds are done, its
// intervals narrow or its time is over; hands every trial over as soon as it is done.
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
    TwoCpus two_cpus{};
    double other_per_connection = 0;  // as in KernelMemory
    // The folder of the results: what servers that are no models of ours write goes to its logs/,
    // a file per trial. Empty: it is not kept.
    std::string folder{};
};

struct RunnerHooks {
    std::function<void(const TrialPoint&, std::uint64_t attempt)> begins;
    std::function<void(const Interval&)> second;
    // Error: it can't be kept (a full disk); the experiment ends.
    std::function<Status(const Trial&)> finished;
    // The levels that a plan with a precision has to go on with, asked before every round from
    // kLeastRounds + 1 on; those that earlier trials were finished for.
    std::function<std::vector<Level>()> wide;
    // Asked before every level: whether no more results can be held. Then the experiment ends in
    // order, as when its time is over. Empty: they always can.
    std::function<bool()> full{};
    std::function<bool()> stop;     // polled: true ends in order, the trial under way is not kept
    std::function<bool()> hurry{};  // as in Guard::stop
};

// Runs what `done` lacks. Error: a trial could not be kept. A trial that could not run is a result.
// Precondition: the plan's rates are known (with_rates).
Status run_plan(const Plan& plan, const std::vector<Trial>& done, const RunnerOptions& options,
                const RunnerHooks& hooks);

}  // namespace echotrio::loadgen
