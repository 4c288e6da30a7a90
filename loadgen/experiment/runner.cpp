#include "loadgen/experiment/runner.hpp"

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"
#include "loadgen/design/run_command.hpp"
#include "loadgen/experiment/background.hpp"
#include "loadgen/experiment/connection_cost.hpp"
#include "loadgen/experiment/cross_check.hpp"
#include "loadgen/experiment/retries.hpp"
#include "loadgen/experiment/server_log.hpp"
#include "loadgen/experiment/subject_trial.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/fetch.hpp"
#include "loadgen/subject/model_subject.hpp"
#include "loadgen/subject/running_subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace echotrio::loadgen {
namespace {

// A server under test: started for the trial, or one that runs already.
struct ServerUnderTest {
    std::optional<RunningSubject> process;
    std::optional<KernelMemory> kernel_before;  // it was started
    net::HostPort where;
};

// Started as a server of ours, not as one that is only called as a twin is.
bool is_twin(const Subject& subject, const Variant& variant) {
    return variant.server && subject.ready.kind == ReadyRule::Kind::line &&
           loadgen::is_twin(variant.model);
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
        const std::uint64_t asked =
            point.level.server_cpus > 0 ? point.level.server_cpus : workload.server_cpus;
        const CpuShare cpus = share_cpus(options_.usable_cpus, workload.many_cpus, asked);
        Trial trial;
        trial.point = point;
        trial.attempt = number;
        trial.generator_cpus = cpus.generator;
        std::optional<OwnConnections> filling;  // until the end of the trial
        if (workload.silent) filling = fill_slabs(most_silent_connections(plan_));
        auto server = start(trial, variant, workload, cpus.server);
        if (!server) {
            trial.result = could_not_run(server.error().message);
        } else {
            measure(trial, workload, *server);
            end(trial, *server);
            server->process.reset();  // what it wrote is complete then
        }
        drop_empty_log(options_.folder, trial.server_log);
        return trial;
    }

  private:
    Result<ServerUnderTest> start(Trial& trial, const Variant& variant, const Workload& workload,
                                  const std::vector<int>& cpus) const {
        ServerUnderTest server;
        const auto target = options_.targets.find(variant.label);
        if (target != options_.targets.end()) {
            server.where = target->second;
            return server;
        }
        const auto arguments = server_arguments(variant, workload, trial.point.level);
        SubjectStart how;
        how.cpus = cpus;
        how.before = [&server, this] {
            server.kernel_before = read_kernel_memory();
            server.kernel_before->other_per_connection = options_.other_per_connection;
        };
        how.stop = hooks_.stop;
        how.hurry = hooks_.hurry;
        if (variant.server && !options_.folder.empty()) {
            trial.server_log = log_name(trial);
            how.log = options_.folder + "/" + trial.server_log;
            how.log_limit = log_limit(options_.folder);
        }
        auto subject = variant.server
                           ? Result<Subject>(*variant.server)
                           : subject_of_model(options_.bin_dir, variant.model, arguments);
        if (!subject) return subject.error();
        if (is_twin(*subject, variant)) {  // it is sized for its connections, as the models are
            subject->argv.insert(subject->argv.end(), arguments.begin(), arguments.end());
        }
        auto started = RunningSubject::start(*subject, how);
        if (!started) return started.error();
        server.where = started->where();
        trial.server_cpus = subject->cpus.empty() ? cpus : subject->cpus;
        trial.server_command = started->argv();
        if (!variant.server) {
            trial.server_command = {std::string(program_of(variant.model))};
            trial.server_command.insert(trial.server_command.end(), arguments.begin(),
                                        arguments.end());
        }
        server.process = std::move(*started);
        return server;
    }

    void measure(Trial& trial, const Workload& workload, ServerUnderTest& server) const {
        TrialOptions options;
        options.run =
            run_options(workload, trial.point.level, variant_of(plan_, trial.point), server.where);
        options.run.cpus = trial.generator_cpus;
        options.run.threads =
            std::min<std::uint64_t>(trial.generator_cpus.size(), options.run.connections);
        // The same arrivals for every model at a level and repetition; others at the next.
        options.run.seed = Rng(plan_.seed).split(trial.point.repetition).next() >> 32U;
        options.server_cpus = trial.server_cpus;
        options.two_cpus = options_.two_cpus;
        if (server.process) loadgen::measure(*server.process, options);
        options.kernel_before = server.kernel_before;
        options.follow_memory = options_.follow_memory && (plan_.follow_memory || workload.silent);
        const auto observer = options_.observers.find(trial.point.variant);
        if (observer != options_.observers.end()) options.observer = observer->second;
        const bool beside = workload.background.connections > 0;
        options.ask_server = [&] { return account(trial, options.run, server, beside); };
        trial.command = options_to_json(options.run);
        trial.generator_command = command_words(options.run);
        const auto background = BackgroundRequests::start(server.where, workload.background);
        if (!background) {
            trial.result = could_not_run(background.error().message);
            return;
        }
        auto result = run_trial(options, hooks_.second, hooks_.stop);
        if (result && result->generator.idle_strategy) {  // by hand it would not be settled alike
            options.run.idle_strategy = idle_strategy_named(*result->generator.idle_strategy);
            trial.generator_command = command_words(options.run);
        }
        // A drain would wait for the background; nothing is to be learnt from that.
        if (beside && server.process) server.process->kill();
        trial.result = result ? std::move(*result) : could_not_run(result.error().message);
        if (server.process && !beside) tell_of(*server.process, trial.server_log, trial.result);
        trial.result.sampled_gaps_s.clear();  // the verdict has judged them
        if (!hooks_.stop() && !options_.wrk.empty() && is_cross_checked(plan_, trial.point)) {
            trial.cross_check = run_wrk(options_.wrk, server.where, workload.load.target.path,
                                        options.run.connections, trial.generator_cpus, hooks_.stop);
        }
    }

    // Asked, also where the trial failed or was interrupted: it may have files to take away.
    static void end(Trial& trial, ServerUnderTest& server) {
        if (!server.process || server.process->stop()) return;
        trial.result.verdict.flags.push_back({"left behind",
                                              "some of the server's processes could not be killed",
                                              "look for them, they load the machine"});
    }

    // A server that is busy with the background would let the question wait behind it.
    ServerAccount account(Trial& trial, const RunOptions& load, const ServerUnderTest& server,
                          bool beside) const {
        const Variant& variant = variant_of(plan_, trial.point);
        const bool ours = !variant.server || variant.server->speaks_our_protocol;
        if (!ours) return {};
        // The question whether it is ready was a request, too.
        const bool asked = variant.server && variant.server->ready.kind == ReadyRule::Kind::path;
        if (!beside) trial.server_stats = own_stats(server.where);
        ServerAccount account =
            account_of(trial.server_stats, load, server.process.has_value() && !beside && !asked);
        if (beside && server.process) {
            // A twin's own command says whether it has the lock.
            account.one_at_a_time = takes_turns(
                variant.model, variant.server ? variant.server->argv : variant.arguments);
        }
        return account;
    }

    const Plan& plan_;
    const RunnerOptions& options_;
    const RunnerHooks& hooks_;
};

// The time that the plan allows, and what is left of it.
class TimeLeft {
  public:
    TimeLeft(const Plan& plan, const std::vector<Trial>& done)
        : plan_(plan), spent_before_(spent_on(plan, done)) {}

    // By what trials took so far in relation to what they were thought to take.
    bool is_enough_for(const std::vector<TrialPoint>& points) const {
        if (plan_.budget == Nanos(0)) return true;
        const Nanos spent = now() - start_;
        const double pace =
            expected_ > std::chrono::seconds(2) ? seconds(spent) / seconds(expected_) : 1;
        const double need = seconds(estimated_duration(plan_, points)) * pace;
        return seconds(spent_before_ + spent) + need <= seconds(plan_.budget);
    }
    void finished(const TrialPoint& point) { expected_ += estimated_duration(plan_, point); }

  private:
    const Plan& plan_;
    TimePoint start_ = now();
    Nanos spent_before_, expected_{0};
};

class RoundsOfTrials {
  public:
    RoundsOfTrials(const Plan& plan, const std::vector<Trial>& done, const RunnerOptions& options,
                   const RunnerHooks& hooks)
        : plan_(plan),
          hooks_(hooks),
          runner_(plan, options, hooks),
          time_(plan, done),
          retries_(plan, done) {
        for (const Trial& trial : done) {
            if (!trial.superseded && !trial.result.interrupted) done_.push_back(trial.point);
        }
    }

    Status run() {
        for (std::uint64_t round = 1; round <= plan_.repetitions && !over_; ++round) {
            std::vector<Level> levels = plan_.levels;
            if (plan_.precision > 0 && round > kLeastRounds && hooks_.wide) levels = hooks_.wide();
            if (levels.empty()) break;
            const std::vector<TrialPoint> points = round_trials(plan_, round, levels);
            if (points.empty()) break;  // all that is wide has had its most rounds: nothing changes
            const std::vector<TrialPoint> left = without_done(points);
            owed_ = left;
            if (round == 1 && plan_.repetitions > 1) {  // one round alone is never a finding
                const auto second = without_done(round_trials(plan_, 2, levels));
                owed_.insert(owed_.end(), second.begin(), second.end());
            }
            for (auto from = left.begin(); from != left.end() && !over_;) {
                const auto to = std::find_if(from, left.end(), [&](const TrialPoint& point) {
                    return point.level != from->level;
                });
                const Status kept = run_level({from, to});
                if (!kept) return kept;
                from = to;
            }
        }
        return Done{};
    }

  private:
    std::vector<TrialPoint> without_done(std::vector<TrialPoint> points) const {
        std::erase_if(points, [&](const TrialPoint& point) {
            return std::find(done_.begin(), done_.end(), point) != done_.end();
        });
        return points;
    }

    // All variants or none: a figure without its pair says nothing of a ratio.
    Status run_level(const std::vector<TrialPoint>& points) {
        over_ = !time_.is_enough_for(points) || (hooks_.full && hooks_.full());
        for (std::size_t i = 0; i < points.size() && !over_; ++i) {
            const Status kept = run_trial_of(points[i]);
            if (!kept) return kept;
        }
        return Done{};
    }

    Status run_trial_of(const TrialPoint& point) {
        for (std::uint64_t attempt = 1;; ++attempt) {
            if (over_ = hooks_.stop(); over_) return Done{};
            hooks_.begins(point, attempt);
            Trial trial = runner_.attempt(point, attempt);
            if (over_ = hooks_.stop(); over_) return Done{};
            time_.finished(point);
            trial.superseded = retries_.grants(trial) && time_.is_enough_for(owed_);
            trial.superseded ? retries_.take(trial) : retries_.end(trial);
            if (const Status kept = hooks_.finished(trial); !kept) return kept;
            if (trial.superseded) continue;
            std::erase(owed_, point);
            return Done{};
        }
    }

    const Plan& plan_;
    // Of this round and, in the first, of the second: no retry at their cost.
    std::vector<TrialPoint> owed_;
    std::vector<TrialPoint> done_;  // not the results: there can be a GiB of them
    const RunnerHooks& hooks_;
    Runner runner_;
    TimeLeft time_;
    Retries retries_;
    bool over_ = false;  // the time, or somebody stopped it
};

}  // namespace

Status run_plan(const Plan& plan, const std::vector<Trial>& done, const RunnerOptions& options,
                const RunnerHooks& hooks) {
    return RoundsOfTrials(plan, done, options, hooks).run();
}

}  // namespace echotrio::loadgen
