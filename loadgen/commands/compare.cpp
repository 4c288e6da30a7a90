// `loadgen compare`: the three servers under the same loads, trial by trial, into a folder of
// results. What runs is in experiment/, what the figures say in report/; here are the flags, the
// progress and the files.
#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/claims/prediction.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/compare_options.hpp"
#include "loadgen/commands/interrupts.hpp"
#include "loadgen/commands/plan_text.hpp"
#include "loadgen/commands/python_option.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/experiment/capacity_probe.hpp"
#include "loadgen/experiment/connection_cost.hpp"
#include "loadgen/experiment/cross_check.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/experiment/meeting.hpp"
#include "loadgen/experiment/results_in_memory.hpp"
#include "loadgen/experiment/runner.hpp"
#include "loadgen/experiment/two_cpus.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/report_files.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/results_file.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/server_process.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>

namespace echotrio::loadgen {
namespace {

// One line on standard error, rewritten on a terminal; elsewhere (a log) one line now and then.
class Progress {
  public:
    // `estimate`: what is left, at most.
    Progress(const Plan& plan, std::size_t total, Nanos estimate, bool quiet)
        : plan_(plan), total_(total), estimate_(estimate), quiet_(quiet) {
        terminal_ = ::isatty(STDERR_FILENO) == 1;
    }
    ~Progress() {
        if (!quiet_ && terminal_) std::fputs("\r\x1b[K", stderr);
    }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void begins(const TrialPoint& point, std::uint64_t attempt) {
        current_ = point;
        const bool due = terminal_ || now() - shown_ > std::chrono::seconds(10);
        if (quiet_ || !due) return;
        shown_ = now();
        const std::string line =
            fmt::format("[{}{}] {} left: {} {} x {}, repetition {}{}", done_ + 1,
                        is_open_ended(plan_) ? "" : fmt::format("/{}", total_), time_left(),
                        point.variant, point.level.workload, level_words(point.level),
                        point.repetition, attempt > 1 ? ", again: it was INVALID" : "");
        std::fprintf(stderr, terminal_ ? "\r\x1b[K%.100s" : "%s\n", line.c_str());
        std::fflush(stderr);
    }
    void finished(const Trial& trial) {
        if (trial.superseded) return;
        ++done_;
        planned_done_ += estimated_duration(plan_, trial.point);
    }

  private:
    // The estimate for what is left, corrected by how right it was so far.
    std::string time_left() const {
        const double left = seconds(estimate_ - planned_done_), spent = seconds(now() - start_);
        const double pace =
            planned_done_ > std::chrono::seconds(2) ? spent / seconds(planned_done_) : 1;
        double most = std::max(left * pace, 0.0);
        if (plan_.budget > Nanos(0)) most = std::clamp(seconds(plan_.budget) - spent, 0.0, most);
        return (is_open_ended(plan_) ? "at most " : "") + human_time(from_seconds(most));
    }

    const Plan& plan_;
    std::size_t total_, done_ = 0;
    Nanos estimate_, planned_done_{0};
    TimePoint start_ = now(), shown_{};
    TrialPoint current_;
    bool quiet_, terminal_ = false;
};

std::string default_folder() {
    return fmt::format("results/{:%Y-%m-%d_%H-%M-%S}", fmt::localtime(std::time(nullptr)));
}

// The experiment and its journal: new, or what --resume found.
struct Started {
    Experiment experiment;
    Plan plan;
    std::string dir;
    std::unique_ptr<Journal> journal;
};

// Of those that the server and the generator begin with; on one CPU there is nothing to look at.
Result<TwoCpus> look_at_two_cpus(const std::function<bool()>& stop) {
    const CpuShare share = share_cpus(usable_cpus(), false);
    if (share.shared) return TwoCpus{};
    return measure_two_cpus({share.server.front(), share.generator.front()}, stop);
}

Result<Started> start(const CompareOptions& options, const std::function<bool()>& stop) {
    Started started;
    if (!options.resume.empty()) {
        started.dir = options.resume;
        auto journal = Journal::resume(started.dir, started.experiment);
        if (!journal) return journal.error();
        auto plan = plan_from_json(started.experiment.settings);
        if (!plan) return plan.error();
        started.plan = std::move(*plan);
        started.journal = std::make_unique<Journal>(std::move(*journal));
        return started;
    }
    started.plan = options.plan;
    started.dir = options.out.empty() ? default_folder() : options.out;
    const auto two_cpus = look_at_two_cpus(stop);
    if (!two_cpus) return two_cpus.error();
    started.experiment.environment = describe_environment();
    add_two_cpus(started.experiment.environment, *two_cpus);
    if (has_silent_workload(started.plan)) {
        add_connection_cost(started.experiment.environment, measure_connection_cost());
    }
    started.experiment.settings = plan_to_json(started.plan);
    started.experiment.seed = started.plan.seed;
    started.experiment.started_unix_s = static_cast<double>(std::time(nullptr));
    started.experiment.command_line = options.command_line;
    auto journal = Journal::create(started.dir, started.experiment);
    if (!journal) return journal.error();
    started.journal = std::make_unique<Journal>(std::move(*journal));
    return started;
}

// Rates that are shares of a capacity are fixed before the first round, and kept from then on.
// Where a server does nothing in the probe the workloads with such rates are left out.
Status fix_rates(Started& started, const RunnerOptions& runner, Interrupts& interrupts) {
    const auto probe = probe_plan(started.plan);
    if (!probe || !started.plan.capacities.empty()) return Done{};
    const auto trials = order_trials(*probe);
    std::fprintf(stderr, "%zu short trials first, to find what each server can do, about %s\n",
                 trials.size(), human_time(estimated_duration(*probe, trials)).c_str());
    auto capacities = find_capacities(started.plan, runner, interrupts.stop(), interrupts.hurry());
    if (interrupts.stop()()) return Done{};
    if (capacities) {
        started.plan = with_rates(std::move(started.plan), std::move(*capacities));
    } else {
        started.plan = without_shares(std::move(started.plan));
        if (started.plan.levels.empty()) return capacities.error();
        std::fprintf(stderr, "%s; without it there is no %s\n", capacities.error().message.c_str(),
                     probe->levels.front().workload.c_str());
    }
    started.experiment.settings = plan_to_json(started.plan);
    started.journal->remove();
    auto journal = Journal::create(started.dir, started.experiment);
    if (!journal) return journal.error();
    started.journal = std::make_unique<Journal>(std::move(*journal));
    return Done{};
}

// Whether the models predict the Pythons whose twins are in the plan: measured after it, kept
// beside its results. Nothing where there are none. Error: it can't be measured or kept.
Status predict_twins(const Started& started, Interrupts& interrupts, Companions& beside) {
    const auto paths = twin_paths(started.plan);
    if (paths.empty()) return Done{};
    const auto pythons = find_pythons(paths);
    if (!pythons) return pythons.error();
    ClaimContext context;
    context.bin_dir = own_bin_dir();
    context.cpus = usable_cpus();
    context.quick = !started.plan.follow_memory;  // of --quick alone, kept with the plan
    context.seed = started.plan.seed;
    context.folder = started.dir + "/prediction";
    context.stop = interrupts.stop();
    context.hurry = interrupts.hurry();
    auto found = predict(context, *pythons, [](const std::string& what) {
        std::fprintf(stderr, "%s\n", what.c_str());
    });
    if (!found) return found.error();
    JudgedClaims judged;
    judged.prediction = beside.prediction = std::move(*found);
    judged.complete = judged.prediction->complete;
    const auto json = claims_to_json(judged, started.experiment.environment, context.seed);
    return write_file(started.dir + "/prediction.json", to_text(json));
}

int carry_out(const CompareOptions& options, Interrupts& interrupts) {
    const auto stop = interrupts.stop();
    auto started = start(options, stop);
    if (!started) return cli::fail(started.error().message);
    Experiment& experiment = started->experiment;
    const Plan& plan = started->plan;

    net::raise_descriptor_limit();
    RunnerOptions runner{own_bin_dir(), plan.targets, plan.observers, usable_cpus(),
                         plan.cross_check ? wrk_version() : std::string()};
    runner.two_cpus = two_cpus_of(experiment.environment);
    runner.other_per_connection = other_per_connection(experiment.environment);
    Status status = fix_rates(*started, runner, interrupts);
    if (!status) return cli::fail(status.error().message);
    runner.folder = started->dir;
    const auto trials = remaining_trials(plan, experiment.trials);
    std::fprintf(stderr, "%s, into %s\n", extent(plan, trials).c_str(), started->dir.c_str());
    ResultsInMemory held(experiment.trials);
    {
        Progress progress(plan, trials.size(), estimated_duration(plan, trials), options.quiet);
        RunnerHooks hooks;
        hooks.begins = [&](const TrialPoint& p, std::uint64_t attempt) {
            progress.begins(p, attempt);
        };
        hooks.finished = [&](const Trial& trial) -> Status {
            progress.finished(trial);
            held.add(trial);
            experiment.trials.push_back(trial);
            return started->journal->append(trial);
        };
        hooks.full = [&] { return held.full(); };
        hooks.wide = [&] { return wide_levels(digest(experiment)); };
        hooks.stop = stop;
        hooks.hurry = interrupts.hurry();
        status = run_plan(plan, experiment.trials, runner, hooks);
    }
    if (held.full() && !remaining_trials(plan, experiment.trials).empty()) {
        std::fprintf(stderr,
                     "the experiment ended at %zu trials: their figures take %zu MiB of memory\n",
                     experiment.trials.size(), held.bytes() >> 20U);
    }
    const bool stopped = stop();
    experiment.complete = !stopped || remaining_trials(plan, experiment.trials).empty();
    if (!status) return cli::fail(status.error().message);
    if (stopped) {
        std::fprintf(stderr, "interrupted; loadgen compare --resume %s continues it\n",
                     started->dir.c_str());
    }
    if (experiment.trials.empty()) return cli::kExitFailed;

    Companions beside;
    const Status predicted =
        experiment.complete ? predict_twins(*started, interrupts, beside) : Status(Done{});
    const Digest told = digest(experiment);
    const Document document = comparison_document(experiment, told, beside);
    if (const Status kept = write_report_files(started->dir, {experiment, told, document}); !kept) {
        return cli::fail(kept.error().message);
    }
    if (experiment.complete) started->journal->remove();
    std::fputs(to_console(document, terminal_style(STDOUT_FILENO)).c_str(), stdout);
    fmt::print("\nwritten to {}: results.json", started->dir);
    for (const Format& format : formats()) {
        if (!format.file.empty()) fmt::print(", {}", format.file);
    }
    fmt::print("{}\n", beside.prediction ? ", prediction.json" : "");
    if (!experiment.complete) return cli::kExitFailed;
    if (!predicted) return cli::fail(predicted.error().message);
    if (beside.prediction && !beside.prediction->complete) {
        return cli::fail(fmt::format(
            "interrupted in the prediction: loadgen claims --only prediction --python {} measures "
            "it",
            fmt::join(twin_paths(plan), " --python ")));
    }
    const bool any_valid = std::any_of(experiment.trials.begin(), experiment.trials.end(),
                                       [](const Trial& trial) { return trial.counts(); });
    return any_valid ? cli::kExitOk : kExitInvalid;
}

// Each --server is started once before the plan is made: a mistake in its command is better found
// now, and what it speaks decides what it can be asked.
Status meet_servers(CompareOptions& options, Interrupts& interrupts) {
    const bool by_default = options.workloads.empty() && options.sections.empty();
    const auto page = [&](bool speaks_ours) {
        return asks_page(options) || (by_default && !speaks_ours);
    };
    for (Variant& variant : options.plan.variants) {
        if (!variant.server) continue;
        const Status met = meet(*variant.server, page, interrupts.stop(), interrupts.hurry());
        if (!met) return met;
    }
    return Done{};
}

}  // namespace

void add_compare(CLI::App& app, int& status) {
    auto options = std::make_shared<CompareOptions>();
    CLI::App& command = cli::command(
        app, "compare",
        "Starts servers, ours or any, loads each with the same work, writes the results");
    add_compare_options(command, *options);
    cli::on_command(command, [options, &command, &status] {
        if (const Status ready = complete_options(command, *options); !ready) {
            status = cli::fail(ready.error().message, cli::kExitUsage);
            return;
        }
        auto interrupts = Interrupts::block({SIGINT, SIGTERM, SIGHUP});
        if (!interrupts) {
            status = cli::fail(interrupts.error().message);
            return;
        }
        if (const Status met = meet_servers(*options, *interrupts); !met) {
            status = cli::fail(met.error().message);
            return;
        }
        const bool begins = options->resume.empty();
        if (const Status planned = begins ? complete_plan(*options) : Status(Done{}); !planned) {
            status = cli::fail(planned.error().message, cli::kExitUsage);
            return;
        }
        if (options->only_plan) {
            print_plan(options->plan, order_trials(options->plan));
            return;
        }
        status = carry_out(*options, *interrupts);
    });
}

}  // namespace echotrio::loadgen
