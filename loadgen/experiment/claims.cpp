#include "loadgen/experiment/claims.hpp"

#include "common/base/rng.hpp"
#include "loadgen/analysis/bootstrap.hpp"
#include "loadgen/experiment/server_process.hpp"
#include "loadgen/experiment/trial.hpp"
#include "loadgen/probe/machine.hpp"
#include "loadgen/probe/proc_fs.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <numeric>

namespace echotrio::loadgen {
namespace {

// Sends the heavy requests; their connections stay open until this is destroyed.
class Beside {
  public:
    static Result<Beside> start(const net::HostPort& where, const Condition& condition) {
        Beside beside;
        const auto address = net::resolve(where.host, where.port);
        if (!address) return address.error();
        const std::string request = fmt::format(
            "GET /echo/x?cpu={}ms HTTP/1.1\r\nHost: x\r\n\r\n",
            std::chrono::duration_cast<std::chrono::milliseconds>(condition.beside_cost).count());
        for (std::uint64_t i = 0; i < condition.beside; ++i) {
            auto connection = net::connect_tcp(*address, std::chrono::seconds(5));
            if (!connection) return connection.error();
            if (net::write_some(connection->get(), request).count != request.size()) {
                return Error{"a CPU-heavy request could not be sent"};
            }
            beside.connections_.push_back(std::move(*connection));
        }
        return beside;
    }

  private:
    std::vector<net::Fd> connections_;
};

Result<RunResult> run_once(const ClaimContext& context, const Condition& condition,
                           std::uint64_t seed) {
    const KernelMemory kernel_before = read_kernel_memory();
    auto server = ServerProcess::start(context.bin_dir, condition.model, condition.arguments,
                                       condition.server_cpus);
    if (!server) return server.error();
    TrialOptions options;
    options.run.target = {Scheme::http, server->where(), "/echo/hi"};
    options.run.seed = seed;
    options.run.cpus = context.generator_cpus();
    options.run.timeout = std::chrono::seconds(2);
    condition.load(options.run);
    options.run.target.where = server->where();
    options.pid = server->pid();
    options.server_cpus = condition.server_cpus;
    options.kernel_before = kernel_before;
    options.follow_memory = false;
    // Threads that take turns are at their limit with one CPU, which is then no fault of the run.
    const auto& words = condition.arguments;
    const bool free = std::find(words.begin(), words.end(), "off") != words.end();
    options.ask_server = [&] { return ServerAccount{{}, condition.model == "threads" && !free}; };
    const auto beside = Beside::start(server->where(), condition);
    if (!beside) return beside.error();
    auto result = run_trial(options, {}, context.stop);
    // A drain would wait for the heavy requests; nothing is to be learnt from them.
    if (condition.beside > 0) server->child().signal(SIGKILL);
    server->stop();
    return result;
}

// Why the times of an answered run are not to be used, by the verdict; null: they are. Where the
// server may run on the generator's CPU the generator waits for it by design, and what is taken
// from such a run is the server's CPU time or a share between equals.
const Finding* spoiled(const ClaimContext& context, const Condition& condition,
                       const Result<RunResult>& result) {
    if (!condition.timed || !result || result->requests == 0) return nullptr;
    const auto ours = context.generator_cpus();
    const auto& servers = condition.server_cpus;
    const bool shared = std::find_first_of(servers.begin(), servers.end(), ours.begin(),
                                           ours.end()) != servers.end();
    const auto& reasons = result->verdict.reasons;
    const auto found = std::find_if(reasons.begin(), reasons.end(), [&](const Finding& reason) {
        return !shared || reason.check != "generator";
    });
    return found == reasons.end() ? nullptr : &*found;
}

// CPU time that this process and all that it waited for have used. What an experiment starts has
// ended with it.
double cpu_s_of_ours() {
    double sum = 0;
    for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage used{};
        ::getrusage(who, &used);
        for (const timeval& t : {used.ru_utime, used.ru_stime}) {
            sum += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
        }
    }
    return sum;
}

}  // namespace

const std::vector<ClaimTest>& claim_tests() {
    static const std::vector<ClaimTest> kTests = {
        {"a fault in one connection",
         contained_faults,
         {"process-contains-faults", "shared-process-shares-faults"}},
        {"resources before, at the peak and after",
         resources_on_need,
         {"process-resources-follow-need"}},
        {"memory and time of a worker, a thread, a coroutine",
         costs_of_being,
         {"process-thread-coroutine-memory", "process-thread-coroutine-creation"}},
        {"sharing a counter", sharing, {"threads-share-more-cheaply"}},
        {"CPU work on one core and on two",
         scaling_with_cores,
         {"one-thread-at-a-time", "parallel-without-lock"}},
        {"the global lock on one processor",
         one_processor,
         {"lock-costs-nothing-on-one-cpu", "lock-costs-no-latency-on-one-cpu"}},
        {"the switch interval",
         preemption,
         {"preemption-follows-interval", "old-ticks-behave-otherwise"}},
        {"a coroutine that does not yield", yielding, {"coroutine-must-yield", "yielding-cures"}},
        {"the most connections that each model holds", most_connections, {"coroutines-carry-most"}},
    };
    return kTests;
}

std::vector<std::string> claim_ids() {
    std::vector<std::string> ids;
    for (const ClaimTest& test : claim_tests()) {
        ids.insert(ids.end(), test.ids.begin(), test.ids.end());
    }
    return ids;
}

void weigh_machine(Claim& claim, std::optional<double> others) {
    if (others.value_or(0) <= kBusyMachine || claim.verdict == ClaimVerdict::not_testable) return;
    if (claim.verdict == ClaimVerdict::supported && !claim.by_time) return;
    claim.verdict = ClaimVerdict::inconclusive;
    claim.reason = fmt::format("the machine was busy, {:.0f} % of it was used by others: {}",
                               *others * 100, claim.reason);
}

std::vector<Claim> judge_claims(const ClaimTest& test, const ClaimContext& context) {
    const double own_before = cpu_s_of_ours();
    const MachineState before = read_machine();
    std::vector<Claim> claims = test.run(context);
    const MachineState after = read_machine();
    const MachineUse use =
        machine_use(before, after, cpu_s_of_ours() - own_before, ticks_per_second());
    std::optional<double> others;
    if (use.other_cpu_share) others = *use.other_cpu_share + use.steal_share.value_or(0);
    for (Claim& claim : claims) weigh_machine(claim, others);
    return claims;
}

std::vector<double> Measured::figures(
    const std::string& label,
    const std::function<std::optional<double>(const RunResult&)>& of) const {
    std::vector<double> values;
    const auto found = results.find(label);
    if (found == results.end()) return values;
    for (const RunResult& result : found->second) {
        if (const auto value = of(result)) values.push_back(*value);
    }
    return values;
}

Measured measure(const ClaimContext& context, const std::vector<Condition>& conditions,
                 std::uint64_t repetitions) {
    Measured measured;
    std::size_t repeats = conditions.size();
    for (std::uint64_t round = 0; round < repetitions; ++round) {
        std::vector<std::size_t> order(conditions.size());
        std::iota(order.begin(), order.end(), 0U);
        Rng(context.seed).split(round).shuffle(order);
        for (const std::size_t i : order) {
            const Condition& condition = conditions[i];
            const auto run = [&] { return run_once(context, condition, context.seed + round); };
            if (context.stop()) return measured;
            auto result = run();
            if (spoiled(context, condition, result) != nullptr && repeats > 0 && !context.stop()) {
                --repeats;
                result = run();
            }
            if (!result) {
                measured.trouble = result.error().message;
            } else if (result->requests == 0) {
                ++measured.unanswered[condition.label];
                measured.trouble = condition.label + ": no request was answered";
            } else if (const Finding* why = spoiled(context, condition, result)) {
                measured.trouble = fmt::format("{}: INVALID: {}", condition.label, why->what);
            } else {
                measured.results[condition.label].push_back(std::move(*result));
            }
        }
    }
    return measured;
}

void explain(Claim& claim, const Measured& measured) {
    if (claim.verdict != ClaimVerdict::inconclusive || measured.trouble.empty()) return;
    claim.reason += fmt::format("; some runs gave no figure ({})", measured.trouble);
}

std::optional<double> runnable(const RunResult& result) {
    const auto& server = result.server;
    if (!server || !server->run_queue_wait_s || !(result.duration_s > 0)) return std::nullopt;
    return (server->cpu_s + *server->run_queue_wait_s) / result.duration_s;
}

std::optional<double> undisturbed_rps(const RunResult& result, double cpus) {
    const auto threads = runnable(result);
    const bool worked = result.server && result.server->cpu_us_per_request.value_or(0) > 0;
    if (!threads || !worked) return result.throughput_rps;
    return 1e6 / *result.server->cpu_us_per_request * std::min(cpus, *threads);
}

std::vector<pid_t> children_of(pid_t parent) {
    std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", parent));
    std::vector<pid_t> pids;
    for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
    std::sort(pids.begin(), pids.end());
    return pids;
}

void small_http_load(const ClaimContext& context, RunOptions& options) {
    options.duration = std::chrono::milliseconds(context.quick ? 500 : 1000);
    options.warmup = std::chrono::milliseconds(200);
}

Effect effect_of(const ClaimContext& context, const std::vector<double>& numerator,
                 const std::vector<double>& denominator) {
    Effect effect;
    effect.text = "not measured";
    if (numerator.empty() || denominator.empty()) return effect;
    const Estimate ratio = ratio_of_medians(numerator, denominator, Rng(context.seed));
    effect.value = ratio.value;
    effect.text = fmt::format("{:.3g}", ratio.value);
    effect.json = {
        {"ratio", ratio.value}, {"ci95", nullptr}, {"n", {numerator.size(), denominator.size()}}};
    if (!ratio.interval) return effect;
    effect.known = true;
    effect.low = ratio.interval->low;
    effect.high = ratio.interval->high;
    effect.json["ci95"] = {effect.low, effect.high};
    effect.text += fmt::format(" (95 % interval {:.3g} to {:.3g})", effect.low, effect.high);
    return effect;
}

}  // namespace echotrio::loadgen
