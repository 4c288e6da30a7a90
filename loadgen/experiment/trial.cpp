#include "loadgen/experiment/trial.hpp"

#include "common/base/clock.hpp"
#include "loadgen/analysis/verdict.hpp"
#include "loadgen/probe/group.hpp"
#include "loadgen/probe/machine.hpp"
#include "loadgen/schedule/profile.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/observer.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <variant>

namespace echotrio::loadgen {
namespace {

bool have_common(const std::vector<int>& a, const std::vector<int>& b) {
    return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}

// The load pins this thread; what comes after it, another experiment perhaps, has all CPUs again.
class KeptCpus {
  public:
    KeptCpus() : cpus_(allowed_cpus(0)) {}
    ~KeptCpus() { static_cast<void>(net::pin_to_cpus(cpus_)); }
    KeptCpus(const KeptCpus&) = delete;
    KeptCpus& operator=(const KeptCpus&) = delete;

  private:
    std::vector<int> cpus_;
};

// The server's process group, through our own /proc or through an observer's.
struct Watched {
    std::variant<std::monostate, GroupProbe, Observer> group;
    std::vector<int> cpus;  // where it may run, if that is on this machine and known
    bool on_this_machine = true;

    void ask(const auto& question) {
        if (auto* probe = std::get_if<GroupProbe>(&group)) question(*probe);
        if (auto* observer = std::get_if<Observer>(&group)) question(*observer);
    }
};

Result<Watched> attach(const TrialOptions& options) {
    Watched watched;
    watched.cpus = options.server_cpus;
    if (options.pid) {
        auto probe = GroupProbe::attach(*options.pid, options.kernel_before);
        if (!probe) return probe.error();
        watched.group = std::move(*probe);
        if (watched.cpus.empty()) watched.cpus = allowed_cpus(*options.pid);
    } else if (options.observer) {
        auto observer = Observer::attach(*options.observer);
        if (!observer) return observer.error();
        watched.on_this_machine = observer->on_this_machine();
        if (watched.on_this_machine) watched.cpus = observer->server_cpus();
        watched.group = std::move(*observer);
    }
    return watched;
}

// The larger of each metric; one that is not known at either time is not known.
void raise(MemoryUse& peak, const MemoryUse& seen) {
    for (const auto& [metric, bytes] : seen) {
        const auto [known, is_new] = peak.emplace(metric, bytes);
        if (is_new) continue;
        known->second =
            known->second && bytes ? std::optional(std::max(*known->second, *bytes)) : std::nullopt;
    }
}

VerdictContext context_of(const TrialOptions& options, const std::vector<int>& server_cpus) {
    const RunOptions& run = options.run;
    VerdictContext context;
    context.open_loop = !run.rate.empty();
    context.poisson = context.open_loop && run.arrival == Arrival::poisson;
    context.rate_varies = run.rate.size() > 1 || (context.open_loop && run.rate.front().ramp_to);
    if (context.open_loop && run.requests == 0) {
        context.asked = Profile(run.rate).count_at(seconds(run.duration));
    }
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
    const KeptCpus until_the_end;
    auto attached = attach(options);
    if (!attached) return attached.error();
    Watched& server = *attached;
    MachineProbe machine;
    double server_cpu_s = 0;

    RunHooks hooks;
    MemoryUse before, connected, peak;
    if (options.follow_memory) server.ask([&](auto& group) { before = group.memory(); });
    hooks.connected = [&] {
        server.ask([&](auto& group) { connected = group.memory(); });
        peak = connected;
    };
    hooks.drained = [&] {
        if (options.follow_memory) server.ask([&](auto& group) { raise(peak, group.memory()); });
    };
    hooks.window_begins = [&] {
        machine.window_begins();
        server.ask([](auto& group) { group.window_begins(); });
    };
    hooks.window_ends = [&] {
        server.ask([](auto& group) { group.window_ends(); });
        machine.window_ends();
    };
    hooks.second = [&](Interval& interval) {
        server.ask([&](auto& group) {
            const GroupProbe::Sample sample = group.sample();
            interval.server_cpu_s = sample.cpu_s - server_cpu_s;
            interval.server_memory_bytes = sample.resident_bytes;
            server_cpu_s = sample.cpu_s;
        });
        if (progress) progress(interval);
    };
    hooks.stop = stop;

    auto result = run(options.run, hooks);
    if (!result) return result;
    // Replies by the time when they came, as the CPU use is by time.
    const double replies = result->throughput_rps * result->duration_s;
    server.ask([&](auto& group) {
        result->server = group.use(static_cast<std::uint64_t>(std::llround(replies)));
        if (!result->server) return;
        result->server->memory = std::move(connected);
        result->server->memory_before = std::move(before);
        result->server->memory_peak = std::move(peak);
        if (options.follow_memory) result->server->memory_after = group.memory();
    });
    std::optional<double> known_cpu_s;
    if (result->server && server.on_this_machine) {
        known_cpu_s = result->server->cpu_s + result->generator.cpu_s;
    }
    MachineUse use = machine.use(known_cpu_s);
    use.hiccup_p99_us = result->machine.hiccup_p99_us;
    use.hiccup_max_us = result->machine.hiccup_max_us;
    result->machine = use;
    VerdictContext context = context_of(options, server.cpus);
    if (options.ask_server && !(stop && stop())) {
        const ServerAccount account = options.ask_server();
        context.server_requests = account.requests;
        context.one_at_a_time = account.one_at_a_time;
    }
    result->verdict = judge(*result, context);
    return result;
}

}  // namespace echotrio::loadgen
