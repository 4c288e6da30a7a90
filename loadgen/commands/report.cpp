// `loadgen report`: renders results again, in any form; two results are laid over each other.
#include "common/base/cli.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/overlay.hpp"
#include "loadgen/report/report_files.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace echotrio::loadgen {
namespace {

struct Options {
    std::vector<std::string> results;
    std::string format;  // "" = from --out, or console
    std::string out = "-";
};

std::string_view ending(std::string_view file) {
    return file.substr(std::min(file.size(), file.rfind('.')));
}

// Named, or chosen by the ending of the file, else for the console.
const Format& format_of(const Options& options) {
    const auto all = formats();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Format& format) {
        if (!options.format.empty()) return format.name == options.format;
        return !format.file.empty() && options.out.ends_with(ending(format.file));
    });
    return found == all.end() ? all.front() : *found;
}

// What is rendered: one experiment with what lies beside it, or two laid over each other.
struct Input {
    std::vector<Experiment> parts;
    std::vector<std::string> names;
    Experiment experiment;
    Companions beside;
};

Result<Input> read_input(const std::vector<std::string>& paths) {
    Input input;
    for (const std::string& path : paths) {
        auto experiment = read_experiment(path);
        if (!experiment) return experiment.error();
        input.parts.push_back(std::move(*experiment));
    }
    if (paths.size() > 1) {
        input.names = short_names(paths);
        input.experiment = overlay(input.parts, input.names);
        return input;
    }
    input.experiment = std::move(input.parts.front());
    auto beside = read_companions(paths.front());
    if (!beside) return beside.error();
    input.beside = std::move(*beside);
    return input;
}

std::string render(const Input& input, const Options& options) {
    const bool one = input.names.empty();
    const Digest told = digest(input.experiment, one ? Rounds::shared : Rounds::separate);
    const Document document =
        one ? comparison_document(input.experiment, told, input.beside)
            : overlay_document(input.parts, input.experiment, told, input.names);
    TerminalStyle style = terminal_style(STDOUT_FILENO);
    if (!is_standard_output(options.out)) style.colour = false;
    return format_of(options).render({input.experiment, told, document, style});
}

int report(const Options& options) {
    const auto input = read_input(options.results);
    if (!input) return cli::fail(input.error().message);
    return keep(options.out, render(*input, options), cli::kExitOk);
}

}  // namespace

void add_report(CLI::App& app, int& status) {
    auto options = std::make_shared<Options>();
    CLI::App& command = cli::command(
        app, "report",
        "Renders results of compare or run again, with claims.json and plan.json where they lie "
        "beside results.json; two results: before and after");
    cli::option(command, "results", options->results,
                "results.json, a folder with one, or what run --json wrote")
        .required()
        .expected(1, 2)
        .default_str("");
    std::vector<std::string> names;
    for (const Format& format : formats()) names.emplace_back(format.name);
    cli::option(command, "--format", options->format, "The form of the report")
        .one_of(names)
        .default_str("by the ending of --out, else console");
    output_option(command, "-o,--out", options->out, "A file, or - for standard output");
    cli::on_command(command, [options, &status] { status = report(*options); });
}

}  // namespace echotrio::loadgen
