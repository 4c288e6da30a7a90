// `loadgen report`: renders results again, in any form; two results are laid over each other.
#include "common/base/cli.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/report/comparison_csv.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/overlay.hpp"
#include "loadgen/report/report_files.hpp"
#include "loadgen/report/results_file.hpp"
#include "loadgen/report/text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace echotrio::loadgen {
namespace {

struct Options {
    std::vector<std::string> results;
    std::string format;  // "" = from --out, or console
    std::string out;
};

std::string format_of(const Options& options) {
    if (!options.format.empty()) return options.format;
    if (options.out.ends_with(".html")) return "html";
    if (options.out.ends_with(".md")) return "markdown";
    if (options.out.ends_with(".csv")) return "csv";
    return "console";
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

std::string render(const Input& input, const std::string& format, const Options& options) {
    if (format == "csv") return to_csv(input.experiment);
    const Digest told = digest(input.experiment);
    const Document document =
        input.names.empty() ? comparison_document(input.experiment, told, input.beside)
                            : overlay_document(input.parts, input.experiment, told, input.names);
    if (format == "markdown") return to_markdown(document);
    if (format == "html") return experiment_page(input.experiment, told, document);
    TerminalStyle style = terminal_style(STDOUT_FILENO);
    if (!options.out.empty()) style.colour = false;
    return to_console(document, style);
}

int report(const Options& options) {
    const auto input = read_input(options.results);
    if (!input) return cli::fail(input.error().message);
    const std::string text = render(*input, format_of(options), options);
    if (!options.out.empty()) {
        const Status written = write_file(options.out, text);
        return written ? cli::kExitOk : cli::fail(written.error().message);
    }
    const bool written =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    return written ? cli::kExitOk : cli::fail("cannot write to standard output");
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
        .expected(1, 2);
    cli::option(command, "--format", options->format, "console, markdown, csv or html")
        .one_of({"console", "markdown", "csv", "html"})
        .default_str("by the ending of --out, else console");
    cli::option(command, "-o,--out", options->out, "A file instead of standard output");
    cli::on_command(command, [options, &status] { status = report(*options); });
}

}  // namespace echotrio::loadgen
