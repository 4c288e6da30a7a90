// `loadgen tune`: which setting of a server, workers and threads say, has the highest rate that
// meets an objective within memory and CPUs.
#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/analysis/rate_outcome.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/interrupts.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/commands/tune_options.hpp"
#include "loadgen/design/run_command.hpp"
#include "loadgen/design/settings.hpp"
#include "loadgen/document/html.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/report/tune_report.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/format.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

void show(const TuneOptions& options, const TuneTrial& trial) {
    std::string told = trial.outcome == RateResult::pass ? "pass" : trial.why;
    if (trial.outcome == RateResult::not_judged) told = "not judged: " + told;
    fmt::print(stderr, "{:<24} {:>10}/s  {:<8} {}\n", words_of(options.tuner.axes, trial.setting),
               format_count(trial.rate),
               trial.round == 0 ? "search" : fmt::format("round {}", trial.round), told);
}

std::string load_words(const LoadFlags& load) {
    const RunOptions& run = load.run;
    std::string text = fmt::format("open loop, {}, at most {} at a time, {}",
                                   run.arrival == Arrival::poisson ? "Poisson" : "constant gaps",
                                   format_plural(run.connections, "connection"), load.url);
    if (run.requests_per_connection > 0) {
        text += fmt::format(", {} a connection, which is opened when it is due",
                            format_plural(run.requests_per_connection, "request"));
    }
    return text + fmt::format("; {} after {} of warm-up a trial, each on a server of its own",
                              format_duration(run.duration), format_duration(run.warmup));
}

Json to_json(const TuneOptions& options, const Tuning& tuning) {
    Json json{{"schema_version", kSchemaVersion}, {"kind", "tune"}};
    Json command = options_to_json(options.load.run);
    command["server"] = options.command;
    command["slo"] = tuning.objective;
    command["budget"] = format_duration(options.tuner.budget);
    for (const TunedAxis& axis : tuning.axes) command["vary"][axis.name] = axis.values;
    json["command"] = std::move(command);
    json["environment"] = describe_environment();
    json.update(tune_to_json(tuning));
    return json;
}

Status write_folder(const std::string& dir, const Document& document, const std::string& json) {
    std::error_code failed;
    std::filesystem::create_directories(dir, failed);
    if (failed) return Error{fmt::format("cannot make {}: {}", dir, failed.message())};
    const std::string page =
        to_html(document, {{"tune.json", "Download JSON", "application/json", pack(json)}});
    const std::pair<const char*, std::string> files[] = {
        {"tune.json", json}, {"report.md", to_markdown(document)}, {"report.html", page}};
    for (const auto& [name, text] : files) {
        if (const Status written = write_file(fmt::format("{}/{}", dir, name), text); !written) {
            return written;
        }
    }
    return Done{};
}

int tune_command(const TuneOptions& options) {
    auto interrupts = Interrupts::block({SIGINT, SIGTERM});
    if (!interrupts) return cli::fail(interrupts.error().message);
    TunerHooks hooks;
    hooks.stop = interrupts->stop();
    hooks.hurry = interrupts->hurry();
    if (!options.quiet) {
        hooks.finished = [&](const TuneTrial& trial) { show(options, trial); };
    }
    auto tuned = tune(options.tuner, hooks);
    if (!tuned) return cli::fail(tuned.error().message);
    tuned->subject = options.label;
    tuned->command = options.command;
    tuned->load = load_words(options.load);
    const bool interrupted = hooks.stop();
    if (interrupted && tuned->settings.empty()) {
        return cli::fail("interrupted before a setting was measured");
    }
    const Document document = tune_document(*tuned);
    const std::string json = to_indented_text(to_json(options, *tuned));
    const bool emits = !options.emit.empty();
    if (!options.quiet) {
        std::FILE* const out = emits ? stderr : summary_stream(options.json);
        fmt::print(out, "{}", to_console(document, terminal_style(::fileno(out))));
    }
    if (emits && tuned->best) fmt::print("{}", tune_emit(*tuned, options.emit));
    if (!options.out.empty()) {
        if (const Status written = write_folder(options.out, document, json); !written) {
            return cli::fail(written.error().message);
        }
    }
    if (!tuned->best && options.quiet) fmt::print(stderr, "{}\n", answer_sentence(*tuned));
    return keep(options.json, json,
                interrupted         ? cli::kExitFailed
                : tuned->best       ? cli::kExitOk
                : is_judged(*tuned) ? kExitNotMet
                                    : kExitInvalid);
}

}  // namespace

void add_tune(CLI::App& app, int& status) {
    CLI::App& command = cli::command(
        app, "tune", "Find the number of workers, threads ... with the highest rate under an SLO");
    auto options = std::make_shared<TuneOptions>();
    add_tune_flags(command, *options);
    cli::on_command(command, [options, &command, &status] {
        Status finished = finish_tune_flags(*options, command);
        if (finished && !options->emit.empty() && is_standard_output(options->json)) {
            finished = Error{"--emit: standard output is for --json here"};
        }
        status = finished ? tune_command(*options)
                          : cli::fail(finished.error().message, cli::kExitUsage);
    });
}

}  // namespace echotrio::loadgen
