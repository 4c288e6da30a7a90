// `loadgen run`: one load on one target, its live line, its summary and its files.
#include "common/base/cli.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/interrupts.hpp"
#include "loadgen/commands/load_options.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/commands/run_output.hpp"
#include "loadgen/commands/together.hpp"
#include "loadgen/design/run_command.hpp"
#include "loadgen/design/subject_json.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/experiment/subject_trial.hpp"
#include "loadgen/report/console_run.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/format.hpp"
#include "loadgen/results/result_json.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>

namespace echotrio::loadgen {
namespace {

struct Options {
    LoadFlags load;
    TogetherFlags together;
    RunOutput output;
    std::string record;
};

// A line that is written over once a second; nothing where standard error is no terminal.
class LiveLine {
  public:
    explicit LiveLine(bool on) : on_(on && ::isatty(STDERR_FILENO) != 0) {}
    ~LiveLine() { clear(); }
    LiveLine(const LiveLine&) = delete;
    LiveLine& operator=(const LiveLine&) = delete;

    void show(const Interval& interval) {
        if (!on_) return;
        const double length = interval.at_s - last_;
        last_ = interval.at_s;
        std::string line = live_line(interval, length > 0 ? length : 1);
        line.resize(std::min(line.size(), terminal_style(STDERR_FILENO).width - 1));
        fmt::print(stderr, "\r\x1b[K{}", line);
        shown_ = true;
    }
    void clear() {
        if (std::exchange(shown_, false)) fmt::print(stderr, "\r\x1b[K");
    }

  private:
    bool on_;
    bool shown_ = false;
    double last_ = 0;
};

nlohmann::ordered_json to_json(const RunOptions& run, const LoadFlags& load,
                               const RunResult& result) {
    nlohmann::ordered_json json{{"schema_version", kSchemaVersion}};
    json["command"] = options_to_json(run);
    if (load.server.subject) json["command"]["server"] = subject_to_json(*load.server.subject);
    json["command"]["replay"] = replay_to_json(load.replay, run);
    json["environment"] = describe_environment();
    json.update(result_to_json(result));
    return json;
}

// What is to be known of the record before the run, on standard error.
void tell_of_replay(const Options& options) {
    const ReplayFlags& replay = options.load.replay;
    if (!replay.traffic || options.output.quiet) return;
    for (const std::string& note : traffic_notes(replay.file, *replay.traffic)) {
        fmt::print(stderr, "note: {}\n", note);
    }
    fmt::print(stderr, "note: all goes to {}, whichever hosts are recorded\n", options.load.url);
}

// `status`, or 1 where the record could not be written.
int keep_record(const Options& options, const RunRecord& record, int status) {
    if (options.record.empty()) return status;
    if (!record.whole && !options.output.quiet) {
        fmt::print(stderr, "note: --record: there was more than it can hold, it is cut at {}\n",
                   format_plural(record.recording->size(), "request"));
    }
    const Status written = write_record(options.record, record);
    return written ? status : cli::fail(written.error().message);
}

int run_command(Options& options) {
    if (const Status read = read_replay(options.load.replay, options.load.run); !read) {
        return cli::fail(read.error().message);
    }
    tell_of_replay(options);
    auto interrupts = Interrupts::block({SIGINT, SIGTERM});
    if (!interrupts) return cli::fail(interrupts.error().message);
    TrialOptions trial;
    trial.run = options.load.run;
    trial.pid = options.load.pid;
    trial.observer = options.load.observer;
    trial.ceiling_rps = options.load.ceiling_rps;
    RunRecord record;
    if (!options.record.empty()) {
        trial.record = [&](RunRecord made) { record = std::move(made); };
    }

    const auto stop = interrupts->stop();
    const auto& server = options.load.server.subject;
    const auto describe = [&](const RunOptions& run, const RunResult& result) {
        return to_json(run, options.load, result);
    };
    const RunHeading heading{
        options.load.url,
        describe_load(options.load.run, describe_replay(options.load.replay, options.load.run))};
    if (!options.together.peers.empty()) {
        return run_together(options.together, std::move(trial), options.output, heading, describe,
                            stop);
    }
    LiveLine live(!options.output.quiet);
    const auto show = [&](const Interval& interval) { live.show(interval); };
    auto result = server ? run_trial_on(*server, trial, show, stop, interrupts->hurry())
                         : run_trial(trial, show, stop);
    live.clear();
    if (!result) return cli::fail(result.error().message);
    show_run(options.output, *result, heading);
    const int status = write_run(options.output, *result, describe(options.load.run, *result));
    return keep_record(options, record, status);
}

}  // namespace

void add_run(CLI::App& app, int& status) {
    CLI::App& command = cli::command(app, "run", "Put one load on one target and judge the result");
    auto options = std::make_shared<Options>();
    add_load_flags(command, options->load, true);
    add_together_flags(command, options->together);
    output_option(command, "--json", options->output.json,
                  "Write the result as JSON to this file; - for standard output");
    output_option(command, "--hdr", options->output.hdr,
                  "Write an HdrHistogram V2 log to this file");
    output_option(command, "--record", options->record,
                  "Write what was asked for and when as NDJSON, for --replay");
    cli::flag(command, "--quiet", options->output.quiet, "No live line, no summary");
    cli::on_command(command, [options, &command, &status] {
        Status finished = finish_load_flags(options->load, command);
        if (finished) finished = finish_together_flags(options->together, command);
        if (finished && options->output.json == "-" && options->output.hdr == "-") {
            finished = Error{"--hdr: standard output is for --json here"};
        }
        if (finished && !options->record.empty() && is_standard_output(options->record)) {
            finished = Error{"--record: needs a file, standard output is for the summary"};
        }
        if (finished && !options->record.empty() && !options->together.peers.empty()) {
            finished = Error{"--record: not with --peers, each generator has a part of it"};
        }
        status =
            finished ? run_command(*options) : cli::fail(finished.error().message, cli::kExitUsage);
    });
}

}  // namespace echotrio::loadgen
