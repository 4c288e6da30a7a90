#include "loadgen/experiment/trial.hpp"

#include "common/base/clock.hpp"
#include "loadgen/analysis/verdict.hpp"
#include "loadgen/probe/group.hpp"
#include "loadgen/probe/machine.hpp"

#include <sched.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

std::vector<int> allowed_cpus(pid_t pid) {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cpus;
    if (::sched_getaffinity(pid, sizeof set, &set) != 0) return cpus;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set)) cpus.push_back(static_cast<int>(cpu));
    }
    return cpus;
}

bool have_common(const std::vector<int>& a, const std::vector<int>& b) {
    return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}

VerdictContext context_of(const TrialOptions& options, const std::vector<int>& server_cpus) {
    const RunOptions& run = options.run;
    VerdictContext context;
    context.open_loop = !run.rate.empty();
    context.poisson = context.open_loop && run.arrival == Arrival::poisson;
    context.rate_varies = run.rate.size() > 1 || (context.open_loop && run.rate.front().ramp_to);
    context.shared_cpus = have_common(allowed_cpus(0), server_cpus);
    context.server_cpus = static_cast<double>(server_cpus.size());
    context.ceiling_rps = options.ceiling_rps;
    context.trusted_build =
        std::string_view(ECHOTRIO_BUILD_TYPE) == "Release" && !*ECHOTRIO_SANITIZERS;
    context.connections = run.connections;
    // A connection that is being opened, or a run that ends by a count, is not in steady flow.
    const bool steady = run.requests_per_connection == 0 && run.requests == 0;
    context.concurrency = context.open_loop || !steady ? 0 : run.connections * run.pipeline;
    context.think_s = seconds(run.think);
    return context;
}

}  // namespace

Result<RunResult> run_trial(const TrialOptions& options,
                            const std::function<void(const Interval&)>& progress,
                            const std::function<bool()>& stop) {
    std::optional<GroupProbe> group;
    std::vector<int> server_cpus = options.server_cpus;
    if (options.pid) {
        auto attached = GroupProbe::attach(*options.pid);
        if (!attached) return attached.error();
        group = std::move(*attached);
        if (server_cpus.empty()) server_cpus = allowed_cpus(*options.pid);
    }
    MachineProbe machine;
    double server_cpu_s = 0;

    RunHooks hooks;
    hooks.connected = [&] {
        if (group) group->memory();
    };
    hooks.window_begins = [&] {
        machine.window_begins();
        if (group) group->window_begins();
    };
    hooks.window_ends = [&] {
        if (group) group->window_ends();
        machine.window_ends();
    };
    hooks.second = [&](Interval& interval) {
        if (group) {
            const GroupProbe::Sample sample = group->sample();
            interval.server_cpu_s = sample.cpu_s - server_cpu_s;
            interval.server_memory_bytes = sample.resident_bytes;
            server_cpu_s = sample.cpu_s;
        }
        if (progress) progress(interval);
    };
    hooks.stop = stop;

    auto result = run(options.run, hooks);
    if (!result) return result;
    std::optional<double> known_cpu_s;
    if (group) {
        // Replies by the time when they came, as the CPU use is by time.
        const double replies = result->throughput_rps * result->duration_s;
        result->server = group->use(static_cast<std::uint64_t>(replies + 0.5));
        known_cpu_s = result->server->cpu_s + result->generator.cpu_s;
    }
    MachineUse use = machine.use(known_cpu_s);
    use.hiccup_p99_us = result->machine.hiccup_p99_us;
    use.hiccup_max_us = result->machine.hiccup_max_us;
    result->machine = use;
    result->verdict = judge(*result, context_of(options, server_cpus));
    return result;
}

}  // namespace echotrio::loadgen
