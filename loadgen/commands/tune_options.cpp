#include "loadgen/commands/tune_options.hpp"

#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/design/settings.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/report/tune_report.hpp"
#include "loadgen/subject/command.hpp"
#include "loadgen/subject/server_process.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

namespace echotrio::loadgen {
namespace {

using std::chrono::seconds;

// Where the command of a server comes from, and what its settings make of it.
struct Template {
    std::string name, text;
    std::string model;  // of --model, with
    std::vector<std::string> arguments{};
    bool pool_of_workers = false;  // its {workers} are several flags

    std::string command(const std::map<std::string, std::string>& values) const {
        std::string line = with_values(text, values);
        if (!pool_of_workers) return line;
        const std::uint64_t workers = std::stoull(values.at("workers"));
        for (const auto& word : pool_arguments(model, arguments, workers, workers)) {
            line += " " + word;
        }
        return line;
    }
};

// "NAME=COMMAND" as elsewhere, or a command alone, which is called as its program is. A name has no
// blanks, so there is a name where the first word has a = in it.
Result<Template> template_of_server(const std::string& text) {
    const std::size_t equals = text.find('='), blank = text.find_first_of(" \t\n'\"");
    if (equals != std::string::npos && equals < blank) {
        auto section = parse_server(text);
        if (!section) return section.error();
        return Template{section->name, section->command.front(), {}};
    }
    const auto words = split_words(text);
    if (!words) return Error{"--server: command: " + words.error().message};
    std::string name = std::filesystem::path(words->front()).filename().string();
    return Template{std::move(name), text, {}};
}

std::string in_quotes(const std::string& word) {
    std::string text = "'";
    for (const char c : word) {
        if (c == '\'') text += "'\\'";
        text.append(c == '{' || c == '}' ? 2 : 1, c);
    }
    return text + "'";
}

bool is_mentioned(const std::string& text, const std::string& name) {
    const auto names = names_in(text);
    return std::find(names.begin(), names.end(), name) != names.end();
}

// "prefork --wait 20ms": an axis that its flags do not mention is a flag of that name; `workers` of
// a pool is its size.
Result<Template> template_of_model(const std::string& text, const std::vector<TunedAxis>& axes) {
    const auto words = split_words(text);
    if (!words) return Error{"--model: " + words.error().message};
    const auto names = model_names();
    const std::string& model = words->front();
    if (std::find(names.begin(), names.end(), model) == names.end()) {
        return Error{fmt::format("--model: there is no model '{}', write one of {}", model,
                                 fmt::join(names, ", "))};
    }
    Template made{std::string(program_of(model)), {}, model};
    made.arguments.assign(words->begin() + 1, words->end());
    made.text = in_quotes(fmt::format("{}/{}", own_bin_dir(), program_of(model))) +
                " --host {host} --port {port}" + text.substr(text.find(model) + model.size());
    for (const TunedAxis& axis : axes) {
        if (is_mentioned(made.text, axis.name)) continue;
        if (axis.name == "workers" && is_pool(model)) {
            if (!axis.ordered) return Error{"--vary: workers: write whole numbers"};
            if (pool_arguments(model, made.arguments, 1, 1).empty()) {
                return Error{"--vary: workers: --model has --start-workers already"};
            }
            made.pool_of_workers = true;
        } else {
            made.text += fmt::format(" --{} {{{}}}", axis.name, axis.name);
        }
    }
    return made;
}

Status check_names(const Template& made, const std::vector<TunedAxis>& axes) {
    for (const std::string& name : names_in(made.text)) {
        const bool known =
            std::any_of(axes.begin(), axes.end(), [&](const auto& a) { return a.name == name; });
        if (known || name == "host" || name == "port" || name == "cpus" || name == "dir") continue;
        std::string own;
        for (const TunedAxis& axis : axes) own += fmt::format("{{{}}}, ", axis.name);
        return Error{
            fmt::format("--server: there is no {{{}}}: --vary {}=..., or one of "
                        "{}{{host}}, {{port}}, {{cpus}}, {{dir}}, or {{{{ for a brace",
                        name, name, own)};
    }
    for (const TunedAxis& axis : axes) {
        if (is_mentioned(made.text, axis.name)) continue;
        if (made.pool_of_workers && axis.name == "workers") continue;
        return Error{fmt::format("--vary: {{{}}} is not in the command of --server", axis.name)};
    }
    return Done{};
}

Result<Subject> subject_with(const Template& made, const std::vector<TunedAxis>& axes,
                             const Setting& setting, const ServerSettings& settings) {
    ServerSection section{.name = made.name};
    section.command = {made.command(values_of(axes, setting))};
    std::error_code none;
    return subject_of(section, settings, std::filesystem::current_path(none).string());
}

Status take_axes(TuneOptions& options) {
    if (options.vary.empty()) {
        return Error{"--vary: is missing: what to vary, like workers=1..16"};
    }
    for (const std::string& text : options.vary) {
        auto axis = parse_axis(text);
        if (!axis) return axis.error();
        options.tuner.axes.push_back(std::move(*axis));
    }
    const auto settings = count_settings(options.tuner.axes);
    if (!settings) return settings.error();
    return can_emit(options.tuner.axes, options.emit);
}

// A trial has to be long against the objective: an overload shows as a queue that grows.
void take_lengths(RunOptions& run, const CLI::App& command, Nanos limit) {
    if (!cli::is_given(command, "--duration")) {
        run.duration = std::clamp<Nanos>(40 * limit, seconds(2),
                                         std::max<Nanos>(seconds(30), kFewestObjectives * limit));
    }
    if (!cli::is_given(command, "--timeout")) {
        run.timeout =
            std::clamp<Nanos>(10 * limit, seconds(1), std::max<Nanos>(seconds(5), 2 * limit));
    }
}

}  // namespace

void add_tune_flags(CLI::App& command, TuneOptions& options) {
    LoadFlags& load = options.load;
    RunOptions& run = load.run;
    TunerOptions& tuner = options.tuner;
    run.connections = 256;
    run.requests_per_connection = 1;
    run.warmup = std::chrono::milliseconds(500);
    cli::option(command, "--server", options.server,
                "Tune this command, with {NAME} for each --vary; beside them {host} {port} {cpus} "
                "{dir} are filled in, no shell")
        .type_name("[NAME=]COMMAND");
    cli::option(command, "--model", options.model,
                "Tune a model of ours, with flags: 'prefork --wait 20ms'; a --vary is a flag of "
                "it, workers the size of prefork's pool")
        .type_name("MODEL FLAGS")
        .excludes("--server");
    cli::option(command, "--vary", options.vary,
                "Try these values: workers=1..16, threads=1,2,4, class=sync,gthread; may be "
                "repeated")
        .type_name("NAME=VALUES");
    cli::option(command, "--slo", options.slo, "The objective, like p99=50ms").required();
    cli::size(command, "--memory", options.memory, "Memory that the server may have; 0: any");
    cli::option(command, "--cpus", options.cpus,
                "CPU time that the server may use, a second: 1.5; 0: its share of the machine")
        .check(cli::number_between(0, 4096));
    cli::duration(command, "--budget", tuner.budget, "No trial begins that would end later");
    cli::option(command, "-r,--rounds", tuner.rounds,
                "Rounds in which the best few are compared; twice as many if they don't settle it")
        .range(1, 100);
    cli::option(command, "--precision", tuner.precision, "Of a rate: first miss / last pass - 1")
        .check(cli::number_between(0.01, 0.5));
    cli::option(command, "--from", tuner.first_rate, "The first rate to try, requests/s")
        .check(cli::positive_number());
    cli::option(command, "--emit", options.emit,
                "Write the best setting to standard output, with the arithmetic")
        .one_of(emit_forms());
    add_server_settings(command, load.server.settings);
    cli::option(command, "-c,--connections", run.connections, "Connections at a time, at most")
        .range(1, 1'000'000);
    cli::option(command, "-t,--threads", run.threads, "Generator threads").range(1, 1024);
    cli::duration(command, "-d,--duration", run.duration, "Length of a trial's window")
        .default_str("40 x the objective, 2s to 30s, or 10 x the objective");
    cli::duration(command, "--warmup", run.warmup, "Before the window, not measured");
    cli::duration(command, "--timeout", run.timeout, "A reply later than this has failed")
        .check(cli::at_most(std::chrono::hours(1)))
        .default_str("10 x the objective, 1s to 5s");
    cli::option(command, "--arrival", load.arrival, "Gaps between requests")
        .one_of({"poisson", "constant"});
    cli::option(command, "--requests-per-connection", run.requests_per_connection,
                "Close a connection after so many; 0: keep it, which starves pools that serve a "
                "connection a worker");
    cli::size(command, "--size", load.size.emplace(run.size), "Bytes of a POST body")
        .default_str("none")
        .check(cli::size_between(1, 1U << 30U));
    add_http_flags(command, load);
    cli::option(command, "--seed", run.seed, "Of arrivals and of the order of trials");
    cli::option(command, "--ceiling", load.ceiling_rps,
                "Requests/s that `loadgen calibrate` found; 0: not known");
    cli::option(command, "-o,--out", options.out,
                "A folder for report.html, report.md and tune.json")
        .type_name("DIR");
    output_option(command, "--json", options.json,
                  "Write what was found as JSON to this file; - for standard output");
    cli::flag(command, "--quiet", options.quiet, "No trials, no report");
}

Status finish_tune_flags(TuneOptions& options, const CLI::App& command) {
    TunerOptions& tuner = options.tuner;
    if (options.server.empty() == options.model.empty()) {
        return Error{"--server: is missing: what to tune, or --model MODEL"};
    }
    if (const Status taken = take_axes(options); !taken) return taken.error();
    auto objective = parse_objective(options.slo);
    if (!objective) return Error{"--slo: " + objective.error().message};
    tuner.objective = *objective;
    auto made = options.model.empty() ? template_of_server(options.server)
                                      : template_of_model(options.model, tuner.axes);
    if (!made) return made.error();
    if (const Status named = check_names(*made, tuner.axes); !named) return named.error();
    LoadFlags& load = options.load;
    if (!options.model.empty() && load.server.settings.path.empty()) {
        load.server.settings.path = "/echo/hi";
    }
    // The first setting stands for all: what is wrong with a command shows in any.
    const Setting first(tuner.axes.size(), 0);
    load.server.text =
        fmt::format("{}={}", made->name, made->command(values_of(tuner.axes, first)));
    take_lengths(load.run, command, objective->limit);
    if (const Status finished = finish_load_flags(load, command); !finished) return finished;
    if (const Nanos trial = load.run.warmup + load.run.duration; tuner.budget < trial) {
        return Error{
            fmt::format("--budget: {} is less than one trial takes, {} (--warmup and "
                        "--duration): allow more, or shorten these",
                        format_duration(tuner.budget), format_duration(trial))};
    }
    if (options.cpus > 0) tuner.cpus = options.cpus;
    if (options.memory > 0) tuner.memory_bytes = static_cast<double>(options.memory);
    const auto enough = cpus_to_tune_on(tuner.cpus);
    if (!enough) return Error{"--cpus: " + enough.error().message};
    tuner.load = load.run;
    tuner.ceiling_rps = load.ceiling_rps;
    options.label = made->name;
    options.command = options.model.empty() ? made->text : "--model " + options.model;
    const ServerSettings settings = load.server.settings;
    tuner.subject = [axes = tuner.axes, settings, made = std::move(*made)](const Setting& setting) {
        return subject_with(made, axes, setting, settings);
    };
    return Done{};
}

}  // namespace echotrio::loadgen
