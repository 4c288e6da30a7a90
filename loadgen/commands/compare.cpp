// `loadgen compare`: the three servers under the same loads, trial by trial, into a folder of
// results. What runs is in experiment/, what the figures say in report/; here are the flags, the
// progress and the files.
#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "common/net/signals.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/compare_options.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/experiment/cross_check.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/experiment/runner.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/report_files.hpp"
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
#include <memory>

namespace echotrio::loadgen {
namespace {

// One line on standard error, rewritten on a terminal; elsewhere (a log) one line now and then.
class Progress {
  public:
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
            fmt::format("[{}/{}] {} left: {} {} x {}, repetition {}{}", done_ + 1, total_,
                        time_left(), point.variant, point.level.workload, point.level.connections,
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
        const double left = seconds(estimate_ - planned_done_);
        const double pace = planned_done_ > std::chrono::seconds(2)
                                ? seconds(now() - start_) / seconds(planned_done_)
                                : 1;
        return human_time(from_seconds(std::max(left * pace, 0.0)));
    }

    const Plan& plan_;
    std::size_t total_, done_ = 0;
    Nanos estimate_, planned_done_{0};
    TimePoint start_ = now(), shown_{};
    TrialPoint current_;
    bool quiet_, terminal_ = false;
};

void print_plan(const Plan& plan, const std::vector<TrialPoint>& trials) {
    fmt::print(
        "{} trials, about {}, seed {}, {} repetitions; at most {} INVALID ones are repeated\n",
        trials.size(), human_time(estimated_duration(plan, trials)), plan.seed, plan.repetitions,
        plan.budget);
    for (const Variant& variant : plan.variants) {
        fmt::print("  server    {}: {} {}\n", variant.label, program_of(variant.model),
                   fmt::join(variant.arguments, " "));
    }
    for (const Workload& workload : plan.workloads) {
        std::vector<std::string> levels;
        for (const Level& level : plan.levels) {
            if (level.workload != workload.name) continue;
            levels.push_back(level.rate > 0
                                 ? fmt::format("{} at {}/s", level.connections, level.rate)
                                 : fmt::format("{}", level.connections));
        }
        fmt::print("  workload  {}: {}; connections {}; {} each after {} warm-up\n", workload.name,
                   workload.title, fmt::join(levels, ", "), format_duration(workload.load.duration),
                   format_duration(workload.load.warmup));
    }
    fmt::print("order of the first round:\n");
    for (const TrialPoint& point : trials) {
        if (point.repetition > trials.front().repetition) break;
        const Level& level = point.level;
        fmt::print("  {} {}{} {}\n", level.workload, level.connections,
                   level.rate > 0 ? fmt::format(" at {}/s", level.rate) : "", point.variant);
    }
}

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

Result<Started> start(const CompareOptions& options) {
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
    started.experiment.environment = describe_environment();
    started.experiment.settings = plan_to_json(started.plan);
    started.experiment.seed = started.plan.seed;
    started.experiment.started_unix_s = static_cast<double>(std::time(nullptr));
    started.experiment.command_line = options.command_line;
    auto journal = Journal::create(started.dir, started.experiment);
    if (!journal) return journal.error();
    started.journal = std::make_unique<Journal>(std::move(*journal));
    return started;
}

int carry_out(const CompareOptions& options) {
    auto signals = net::SignalFd::block({SIGINT, SIGTERM, SIGHUP});
    if (!signals) return cli::fail(signals.error().message);
    auto started = start(options);
    if (!started) return cli::fail(started.error().message);
    Experiment& experiment = started->experiment;
    const Plan& plan = started->plan;

    net::raise_descriptor_limit();
    const RunnerOptions runner{own_bin_dir(), plan.targets, plan.observers, usable_cpus(),
                               plan.cross_check ? wrk_version() : std::string()};
    const auto trials = remaining_trials(plan, experiment.trials);
    std::fprintf(stderr, "%zu trials, about %s, into %s\n", trials.size(),
                 human_time(estimated_duration(plan, trials)).c_str(), started->dir.c_str());
    bool stopped = false;
    Status status = Done{};
    {
        Progress progress(plan, trials.size(), estimated_duration(plan, trials), options.quiet);
        RunnerHooks hooks;
        hooks.begins = [&](const TrialPoint& p, std::uint64_t attempt) {
            progress.begins(p, attempt);
        };
        hooks.finished = [&](const Trial& trial) -> Status {
            progress.finished(trial);
            experiment.trials.push_back(trial);
            return started->journal->append(trial);
        };
        hooks.stop = [&] { return stopped = stopped || signals->take().has_value(); };
        status = run_plan(plan, experiment.trials, runner, hooks);
    }
    experiment.complete = remaining_trials(plan, experiment.trials).empty();
    if (!status) return cli::fail(status.error().message);
    if (stopped) {
        std::fprintf(stderr, "interrupted; loadgen compare --resume %s continues it\n",
                     started->dir.c_str());
    }
    if (experiment.trials.empty()) return cli::kExitFailed;

    const Digest told = digest(experiment);
    const Document document = comparison_document(experiment, told);
    if (const Status kept = write_report_files(started->dir, {experiment, told, document}); !kept) {
        return cli::fail(kept.error().message);
    }
    if (experiment.complete) started->journal->remove();
    std::fputs(to_console(document, terminal_style(STDOUT_FILENO)).c_str(), stdout);
    fmt::print("\nwritten to {}: results.json", started->dir);
    for (const Format& format : formats()) {
        if (!format.file.empty()) fmt::print(", {}", format.file);
    }
    fmt::print("\n");
    if (!experiment.complete) return cli::kExitFailed;
    const bool any_valid = std::any_of(experiment.trials.begin(), experiment.trials.end(),
                                       [](const Trial& trial) { return trial.counts(); });
    return any_valid ? cli::kExitOk : kExitInvalid;
}

}  // namespace

void add_compare(CLI::App& app, int& status) {
    auto options = std::make_shared<CompareOptions>();
    CLI::App& command =
        cli::command(app, "compare",
                     "Starts the three servers, loads each with the same work, writes the results");
    add_compare_options(command, *options);
    cli::on_command(command, [options, &command, &status] {
        if (const Status ready = complete_options(command, *options); !ready) {
            status = cli::fail(ready.error().message, cli::kExitUsage);
            return;
        }
        if (options->only_plan) {
            print_plan(options->plan, order_trials(options->plan));
            return;
        }
        status = carry_out(*options);
    });
}

}  // namespace echotrio::loadgen
