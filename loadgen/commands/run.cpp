// `loadgen run`: one load on one target, its live line, its summary and its files.
#include "common/base/cli.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/interrupts.hpp"
#include "loadgen/commands/load_options.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/design/run_command.hpp"
#include "loadgen/design/subject_json.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/experiment/subject_trial.hpp"
#include "loadgen/record/hdr_codec.hpp"
#include "loadgen/report/console_run.hpp"
#include "loadgen/report/run_document.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/format.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>

namespace echotrio::loadgen {
namespace {

struct Options {
    LoadFlags load;
    std::string json, hdr, record;
    bool quiet = false;
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

nlohmann::ordered_json to_json(const Options& options, const RunResult& result) {
    nlohmann::ordered_json json{{"schema_version", kSchemaVersion}};
    json["command"] = options_to_json(options.load.run);
    if (const auto& server = options.load.server.subject) {
        json["command"]["server"] = subject_to_json(*server);
    }
    json["command"]["replay"] = replay_to_json(options.load.replay, options.load.run);
    json["environment"] = describe_environment();
    json.update(result_to_json(result));
    return json;
}

int write_files(const Options& options, const RunResult& result, const RunRecord& record) {
    int status = result.verdict.valid ? cli::kExitOk : kExitInvalid;
    if (!options.record.empty()) {
        if (const Status written = write_record(options.record, record); !written) {
            status = cli::fail(written.error().message);
        }
    }
    if (!options.hdr.empty()) {
        const std::vector<HdrLogLine> lines{
            {"latency", 0, result.duration_s, result.latency},
            {"service_time", 0, result.duration_s, result.service_time},
            {"lateness", 0, result.duration_s, result.lateness}};
        status = keep(options.hdr, format_hdr_log(result.started_unix_s, lines), status);
    }
    return keep(options.json, to_indented_text(to_json(options, result)), status);
}

// What is to be known of the record before the run, on standard error.
void tell_of_replay(const Options& options) {
    const ReplayFlags& replay = options.load.replay;
    if (!replay.traffic || options.quiet) return;
    for (const std::string& note : traffic_notes(replay.file, *replay.traffic)) {
        fmt::print(stderr, "note: {}\n", note);
    }
    fmt::print(stderr, "note: all goes to {}, whichever hosts are recorded\n", options.load.url);
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

    LiveLine live(!options.quiet);
    const auto show = [&](const Interval& interval) { live.show(interval); };
    const auto stop = interrupts->stop();
    const auto& server = options.load.server.subject;
    auto result = server ? run_trial_on(*server, trial, show, stop, interrupts->hurry())
                         : run_trial(trial, show, stop);
    live.clear();
    if (!result) return cli::fail(result.error().message);
    if (!options.quiet) {
        const bool log_is_shown = summary_stream(options.hdr) == stderr;
        std::FILE* const out = log_is_shown ? stderr : summary_stream(options.json);
        const RunHeading heading{
            options.load.url, describe_load(options.load.run, describe_replay(options.load.replay,
                                                                              options.load.run))};
        fmt::print(out, "{}",
                   to_console(run_document(*result, heading), terminal_style(::fileno(out))));
    }
    if (!record.whole && !options.quiet) {
        fmt::print(stderr, "note: --record: there was more than it can hold, it is cut at {}\n",
                   format_plural(record.recording->size(), "request"));
    }
    return write_files(options, *result, record);
}

}  // namespace

void add_run(CLI::App& app, int& status) {
    CLI::App& command = cli::command(app, "run", "Put one load on one target and judge the result");
    auto options = std::make_shared<Options>();
    add_load_flags(command, options->load, true);
    output_option(command, "--json", options->json,
                  "Write the result as JSON to this file; - for standard output");
    output_option(command, "--hdr", options->hdr, "Write an HdrHistogram V2 log to this file");
    output_option(command, "--record", options->record,
                  "Write what was asked for and when as NDJSON, for --replay");
    cli::flag(command, "--quiet", options->quiet, "No live line, no summary");
    cli::on_command(command, [options, &command, &status] {
        Status finished = finish_load_flags(options->load, command);
        if (finished && options->json == "-" && options->hdr == "-") {
            finished = Error{"--hdr: standard output is for --json here"};
        }
        if (finished && !options->record.empty() && is_standard_output(options->record)) {
            finished = Error{"--record: needs a file, standard output is for the summary"};
        }
        status =
            finished ? run_command(*options) : cli::fail(finished.error().message, cli::kExitUsage);
    });
}

}  // namespace echotrio::loadgen
