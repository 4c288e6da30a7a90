// A run as the commands see it: engine + probe of the server's process group + verdict.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/engine/run.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/results/run_result.hpp"
#include "loadgen/subject/server_account.hpp"

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>

namespace echotrio::loadgen {

struct TrialOptions {
    RunOptions run;
    std::optional<pid_t> pid;  // measure this process and its descendants
    // Or all that is below this one, itself not among them.
    std::optional<pid_t> guard;
    // Whether the server ended, where the caller knows more than /proc tells; may be empty.
    std::function<bool()> has_ended;
    // What the kernel held before that process was started, where the caller knows it.
    std::optional<KernelMemory> kernel_before;
    std::optional<net::HostPort> observer;  // or ask the one there (`loadgen observe`)
    // Look at the server's memory before the connections, after the load and after they have
    // closed, too, not only while all are open; a fifth of a second.
    bool follow_memory = true;
    std::vector<int> server_cpus;  // where the server is pinned, empty = not known
    double ceiling_rps = 0;        // of `calibrate`, 0 = not known
    TwoCpus two_cpus{};            // of this machine
    // As in RunHooks; may be empty.
    std::function<std::optional<std::chrono::system_clock::time_point>()> begin;
    // Called when the load has ended and its connections have closed; may be empty.
    std::function<ServerAccount()> ask_server;
    std::function<void(RunRecord)> record;  // as in RunHooks
};

// `progress` (may be empty) is called once a second with the interval. `stop` as in RunHooks.
Result<RunResult> run_trial(const TrialOptions& options,
                            const std::function<void(const Interval&)>& progress,
                            const std::function<bool()>& stop);

}  // namespace echotrio::loadgen
