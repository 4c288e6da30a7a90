#include "loadgen/experiment/runner.hpp"

#include "common/base/rng.hpp"
#include "loadgen/design/run_command.hpp"
#include "loadgen/experiment/background.hpp"
#include "loadgen/experiment/cross_check.hpp"
#include "loadgen/experiment/trial.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/fetch.hpp"
#include "loadgen/subject/server_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

namespace echotrio::loadgen {
namespace {

// A server under test: started for the trial, or one that runs already.
struct Subject {
    std::optional<ServerProcess> process;
    std::optional<KernelMemory> kernel_before;  // it was started
    net::HostPort where;
};

Result<Subject> start_subject(const Variant& variant, const std::vector<std::string>& arguments,
                              const std::vector<int>& cpus, const RunnerOptions& options) {
    Subject subject;
    if (const auto target = options.targets.find(variant.label); target != options.targets.end()) {
        subject.where = target->second;
        return subject;
    }
    subject.kernel_before = read_kernel_memory();
    auto started = ServerProcess::start(options.bin_dir, variant.model, arguments, cpus);
    if (!started) return started.error();
    subject.where = started->where();
    subject.process = std::move(*started);
    return subject;
}

// A trial without a measurement: INVALID, with the reason in the place where readers look for it.
RunResult could_not_run(const std::string& why) {
    RunResult result;
    result.verdict.valid = result.verdict.rankable = false;
    result.verdict.reasons.push_back(
        {"did not run", why, "see the server's log and the limits of this machine"});
    return result;
}

// The server's own view; its absence (every worker is busy, say) must not spoil the trial.
nlohmann::ordered_json own_stats(const net::HostPort& where) {
    const auto body = fetch(where, "/stats", std::chrono::seconds(2));
    if (!body) return nullptr;
    auto parsed = json_from_text(*body);
    if (!parsed) return nullptr;
    return std::move(*parsed);
}

class Runner {
  public:
    Runner(const Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks)
        : plan_(plan), options_(options), hooks_(hooks) {}

    Trial attempt(const TrialPoint& point, std::uint64_t number) const {
        const Variant& variant = variant_of(plan_, point);
        const Workload& workload = workload_of(plan_, point);
        const CpuShare cpus =
            share_cpus(options_.usable_cpus, workload.many_cpus, workload.server_cpus);
        Trial trial;
        trial.point = point;
        trial.attempt = number;
        trial.generator_cpus = cpus.generator;
        const auto arguments = server_arguments(variant, workload, point.level);
        auto subject = start_subject(variant, arguments, cpus.server, options_);
        if (!subject) {
            trial.result = could_not_run(subject.error().message);
            return trial;
        }
        if (subject->process) {
            trial.server_cpus = cpus.server;
            trial.server_command = {std::string(program_of(variant.model))};
            trial.server_command.insert(trial.server_command.end(), arguments.begin(),
                                        arguments.end());
        }
        measure(trial, workload, *subject);
        return trial;
    }

  private:
    void measure(Trial& trial, const Workload& workload, Subject& subject) const {
        TrialOptions options;
        options.run = run_options(workload, trial.point.level, subject.where);
        options.run.cpus = trial.generator_cpus;
        options.run.threads =
            std::min<std::uint64_t>(trial.generator_cpus.size(), options.run.connections);
        // The same arrivals for every model at a level and repetition; others at the next.
        options.run.seed = Rng(plan_.seed).split(trial.point.repetition).next() >> 32U;
        options.server_cpus = trial.server_cpus;
        if (subject.process) options.pid = subject.process->pid();
        options.kernel_before = subject.kernel_before;
        options.follow_memory = options_.follow_memory;
        const auto observer = options_.observers.find(trial.point.variant);
        if (observer != options_.observers.end()) options.observer = observer->second;
        const bool beside = workload.background.connections > 0;
        options.ask_server = [&] { return account(trial, options.run, subject, beside); };
        trial.command = options_to_json(options.run);
        trial.generator_command = command_words(options.run);
        const auto background = BackgroundRequests::start(subject.where, workload.background);
        if (!background) {
            trial.result = could_not_run(background.error().message);
            return;
        }
        auto result = run_trial(options, hooks_.second, hooks_.stop);
        // A drain would wait for the background; nothing is to be learnt from that.
        if (beside && subject.process) subject.process->child().signal(SIGKILL);
        trial.result = result ? std::move(*result) : could_not_run(result.error().message);
        trial.result.sampled_gaps_s.clear();  // the verdict has judged them
        if (hooks_.stop()) return;
        if (!options_.wrk.empty() && is_cross_checked(plan_, trial.point)) {
            trial.cross_check = run_wrk(options_.wrk, subject.where, workload.load.target.path,
                                        options.run.connections, trial.generator_cpus, hooks_.stop);
        }
        if (subject.process) subject.process->stop();
    }

    // A server that is busy with the background would let the question wait behind it.
    ServerAccount account(Trial& trial, const RunOptions& load, const Subject& subject,
                          bool beside) const {
        if (!beside) trial.server_stats = own_stats(subject.where);
        ServerAccount account =
            account_of(trial.server_stats, load, subject.process.has_value() && !beside);
        const Variant& variant = variant_of(plan_, trial.point);
        if (beside && subject.process) {
            account.one_at_a_time = takes_turns(variant.model, variant.arguments);
        }
        return account;
    }

    const Plan& plan_;
    const RunnerOptions& options_;
    const RunnerHooks& hooks_;
};

}  // namespace

bool is_worth_repeating(const RunResult& result) {
    const Verdict& verdict = result.verdict;
    const bool servers_doing = verdict.overloaded || result.errors.mismatch > 0 ||
                               (result.server && result.server->died) ||
                               result.connections.served < result.connections.opened;
    return !verdict.valid && !servers_doing;
}

Status run_plan(const Plan& plan, const std::vector<Trial>& done, const RunnerOptions& options,
                const RunnerHooks& hooks) {
    const Runner runner(plan, options, hooks);
    auto repeats_left = static_cast<std::int64_t>(plan.budget);
    repeats_left -= std::count_if(done.begin(), done.end(),
                                  [](const Trial& trial) { return trial.superseded; });
    for (const TrialPoint& point : remaining_trials(plan, done)) {
        for (std::uint64_t attempt = 1;; ++attempt) {
            if (hooks.stop()) return Done{};
            hooks.begins(point, attempt);
            Trial trial = runner.attempt(point, attempt);
            if (hooks.stop()) return Done{};
            trial.superseded = is_worth_repeating(trial.result) && repeats_left-- > 0;
            if (const Status kept = hooks.finished(trial); !kept) return kept;
            if (!trial.superseded) break;
        }
    }
    return Done{};
}

}  // namespace echotrio::loadgen
