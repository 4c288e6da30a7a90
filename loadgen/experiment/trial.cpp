#include "loadgen/experiment/trial.hpp"

#include "common/base/clock.hpp"
#include "loadgen/analysis/verdict.hpp"
#include "loadgen/engine/waking.hpp"
#include "loadgen/probe/cgroup.hpp"
#include "loadgen/probe/group.hpp"
#include "loadgen/probe/machine.hpp"
#include "loadgen/results/difference.hpp"
#include "loadgen/schedule/profile.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/observer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <thread>
#include <variant>

namespace echotrio::loadgen {
namespace {

// At the waking of a sleeping generator, before each run of one.
constexpr Nanos kLongestLook = std::chrono::milliseconds(50);
// With silent connections, after the run.
constexpr Nanos kLongestRest = std::chrono::seconds(2);
constexpr Nanos kRestStep = std::chrono::milliseconds(10);

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
    std::uint64_t cpus_elsewhere = 0;            // how many, on another machine; 0 = not known
    std::optional<std::uint64_t> ends_here = 2;  // see ServerUse

    void ask(const auto& question) {
        if (auto* probe = std::get_if<GroupProbe>(&group)) question(*probe);
        if (auto* observer = std::get_if<Observer>(&group)) question(*observer);
    }
};

struct PlannedWindow {
    TimePoint begins{}, ends{};

    // How far beside its ends the server's counters were read, both together, in seconds. Empty: it
    // never ended.
    std::optional<double> off_s(const auto& group) const {
        if (ends == TimePoint{}) return std::nullopt;
        return seconds(group.begun_at() - begins) + seconds(group.ended_at() - ends);
    }
};

Result<Watched> attach(const TrialOptions& options) {
    Watched watched;
    watched.cpus = options.server_cpus;
    if (options.pid || options.guard) {
        auto probe = options.guard ? GroupProbe::attach_below(*options.guard, options.kernel_before)
                                   : GroupProbe::attach(*options.pid, options.kernel_before);
        if (!probe) return probe.error();
        watched.group = std::move(*probe);
        if (watched.cpus.empty())
            watched.cpus = allowed_cpus(options.guard ? *options.guard : *options.pid);
    } else if (options.observer) {
        auto observer = Observer::attach(*options.observer);
        if (!observer) return observer.error();
        watched.on_this_machine = observer->on_this_machine();
        watched.ends_here = observer->ends_here();
        if (watched.on_this_machine) {
            watched.cpus = observer->server_cpus();
        } else {
            watched.cpus_elsewhere = observer->server_cpus().size();
        }
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

// What the generator's threads do while nothing is ready: what was asked for, or what suits the
// place.
IdleStrategy settle(const RunOptions& run, const Watched& server) {
    if (run.idle_strategy != IdleStrategy::automatic) return run.idle_strategy;
    const auto group = read_cgroup(::getpid());
    Placement placement;
    placement.threads = std::min(run.threads, run.connections);
    placement.generator_cpus = run.cpus;
    placement.server_elsewhere = !server.on_this_machine;
    placement.server_cpus = server.cpus;
    placement.generator_cores = cores_of(run.cpus);
    placement.server_cores = cores_of(server.cpus);
    placement.cpu_limited = group && group->cpu_limit;
    return has_cpus_of_its_own(placement) ? IdleStrategy::automatic : IdleStrategy::sleep;
}

// Both sides at the end of the load, which has pinned this thread to the generator's CPUs.
CpusHad cpus_had(const Watched& server, const std::optional<ServerUse>& use) {
    const std::vector<int> own = allowed_cpus(0);
    CpusHad cpus;
    if (!own.empty()) cpus.generator = own.size();
    if (const auto group = read_cgroup(::getpid())) cpus.generator_quota = group->cpu_limit;
    if (use && use->cgroup) cpus.server_quota = use->cgroup->cpu_limit;
    if (!server.cpus.empty()) {
        cpus.server = server.cpus.size();
        cpus.apart = !have_common(own, server.cpus);
    } else if (server.cpus_elsewhere > 0) {
        cpus.server = server.cpus_elsewhere;
        cpus.apart = true;
    }
    return cpus;
}

SlabLook look_at(const MemoryUse& memory) {
    const auto found = memory.find("slab");
    return {now(), found == memory.end() ? std::nullopt : found->second};
}

// The server's memory before, at the plateau and after, as far as the run is to follow it.
class MemoryFollowed {
  public:
    MemoryFollowed(const TrialOptions& options, Watched& server, const std::function<bool()>& stop)
        : options_(options), server_(server), stop_(stop) {
        if (options.follow_memory) server.ask([&](auto& group) { before_ = group.memory(); });
        slab_before_ = look_at(before_);
    }

    void at_plateau() {
        server_.ask([&](auto& group) { connected_ = group.memory(); });
        slab_connected_ = look_at(connected_);
        peak_ = connected_;
    }

    void when_drained() {
        if (!options_.follow_memory) return;
        if (options_.run.idle > 0 && slab_connected_.slab) rest();
        server_.ask([&](auto& group) {
            const MemoryUse seen = group.memory();
            slab_drained_ = look_at(seen);
            raise(peak_, seen);
        });
    }

    void tell(ServerUse& use, MemoryUse after) {
        use.memory = std::move(connected_);
        use.memory_before = std::move(before_);
        use.memory_peak = std::move(peak_);
        use.memory_after = std::move(after);
        complete_kernel_part(use);
    }

  private:
    // What slab's growth counts from.
    SlabLook slab_without() const {
        return options_.kernel_before ? SlabLook{options_.kernel_before->at, 0} : slab_before_;
    }

    // Until the silence has lasted half as long as what was before it, or slab_in_pause can't tell
    // what the machine does by itself: connections that took long to stand outlast a short run.
    void rest() const {
        const Nanos half = (slab_connected_.at - slab_without().at) / 2;
        const TimePoint end = std::min(slab_connected_.at + half, now() + kLongestRest);
        while (now() < end && !(stop_ && stop_())) std::this_thread::sleep_for(kRestStep);
    }

    // Makes of slab's growth at the plateau what the kernel's part can be told from: since before
    // the server was started, or, of one that ran already, since before the connections; and what
    // it did in the silence afterwards for as long. Socket objects were halved by a probe that took
    // both ends to be there.
    void complete_kernel_part(ServerUse& use) const {
        const SlabLook before = slab_without();
        auto& slab = use.memory["slab"];
        slab = slab && before.slab ? std::optional(*slab - *before.slab) : std::nullopt;
        use.memory["slab_still"] =
            slab_in_pause(slab_connected_, slab_drained_, slab_connected_.at - before.at);
        use.ends_here = server_.ends_here;
        if (server_.ends_here != 2) use.memory["socket_objects"].reset();
    }

    const TrialOptions& options_;
    Watched& server_;
    const std::function<bool()>& stop_;
    MemoryUse before_, connected_, peak_;
    SlabLook slab_before_, slab_connected_, slab_drained_;
};

VerdictContext context_of(const TrialOptions& options, const std::vector<int>& server_cpus) {
    const RunOptions& run = options.run;
    VerdictContext context;
    context.open_loop = run.is_open_loop();
    context.poisson = !run.rate.empty() && run.arrival == Arrival::poisson;
    context.rate_varies =
        run.replay || run.rate.size() > 1 || (!run.rate.empty() && run.rate.front().ramp_to);
    if (!run.rate.empty() && run.requests == 0) {
        context.asked = Profile(run.rate).count_at(seconds(run.duration));
    }
    context.shared_cpus = have_common(allowed_cpus(0), server_cpus);
    context.server_cpus = static_cast<double>(server_cpus.size());
    context.ceiling_rps = options.ceiling_rps;
    context.two_cpus = options.two_cpus;
    context.trusted_build =
        std::string_view(ECHOTRIO_BUILD_TYPE) == "Release" && !*ECHOTRIO_SANITIZERS;
    context.connections = run.connections;
    context.expected_status = run.expect_status;
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
    const bool silent = options.follow_memory && options.run.idle > 0;
    server.ask([&](auto& group) { group.count_threads(!silent); });
    RunOptions load = options.run;
    load.idle_strategy = settle(load, server);
    std::optional<Nanos> waking;
    if (load.idle_strategy != IdleStrategy::spin) {
        waking = measure_waking(load.cpus, server.cpus, kLongestLook);
    }
    MachineProbe machine;
    double server_cpu_s = 0;

    RunHooks hooks;
    MemoryFollowed memory(options, server, stop);
    hooks.connected = [&] { memory.at_plateau(); };
    hooks.drained = [&] { memory.when_drained(); };
    hooks.window_nears = [&] { server.ask([](auto& group) { group.window_nears(); }); };
    PlannedWindow window;
    hooks.window_begins = [&](TimePoint due) {
        window.begins = due;
        machine.window_begins();
        server.ask([](auto& group) { group.window_begins(); });
    };
    hooks.window_ends = [&](TimePoint due) {
        window.ends = due;
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
    hooks.begin = options.begin;
    hooks.stop = stop;
    hooks.record = options.record;

    auto result = run(load, hooks);
    if (!result) return result;
    if (waking && result->generator.idle_strategy == name_of(IdleStrategy::sleep)) {
        result->generator.waking_us = static_cast<double>(waking->count()) * 1e-3;
    }
    std::optional<double> off_s;
    // Replies by the time when they came, as the CPU use is by time.
    const double replies = result->throughput_rps * result->duration_s;
    server.ask([&](auto& group) {
        result->server = group.use(static_cast<std::uint64_t>(std::llround(replies)));
        if (!result->server) return;
        off_s = window.off_s(group);
        if (!in_time(off_s.value_or(0), result->duration_s)) forget_counters(*result->server);
        memory.tell(*result->server, options.follow_memory ? group.memory() : MemoryUse{});
    });
    if (result->server && options.has_ended && options.has_ended()) result->server->died = true;
    std::optional<double> known_cpu_s;
    if (result->server && result->server->cpu_s && server.on_this_machine) {
        known_cpu_s = *result->server->cpu_s + result->generator.all_cpu_s();
    }
    MachineUse use = machine.use(known_cpu_s);
    use.hiccup_p99_us = result->machine.hiccup_p99_us;
    use.hiccup_max_us = result->machine.hiccup_max_us;
    result->machine = use;
    result->cpus = cpus_had(server, result->server);
    VerdictContext context = context_of(options, server.cpus);
    context.readings_off_s = off_s;
    if (options.ask_server && !(stop && stop())) {
        const ServerAccount account = options.ask_server();
        context.server_requests = account.requests;
        context.one_at_a_time = account.one_at_a_time;
    }
    result->verdict = judge(*result, context);
    return result;
}

}  // namespace echotrio::loadgen
