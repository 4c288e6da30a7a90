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

Result<Experiment> read_all(const std::vector<std::string>& paths) {
    std::vector<Experiment> experiments;
    for (const std::string& path : paths) {
        auto experiment = read_experiment(path);
        if (!experiment) return experiment.error();
        experiments.push_back(std::move(*experiment));
    }
    if (experiments.size() == 1) return std::move(experiments.front());
    return overlay(experiments, short_names(paths));
}

std::string render(const Experiment& experiment, const std::string& format,
                   const Options& options) {
    if (format == "csv") return to_csv(experiment);
    const Digest told = digest(experiment);
    const Document document = comparison_document(experiment, told);
    if (format == "markdown") return to_markdown(document);
    if (format == "html") return experiment_page(experiment, told, document);
    TerminalStyle style = terminal_style(STDOUT_FILENO);
    if (!options.out.empty()) style.colour = false;
    return to_console(document, style);
}

int report(const Options& options) {
    const auto experiment = read_all(options.results);
    if (!experiment) return cli::fail(experiment.error().message);
    const std::string text = render(*experiment, format_of(options), options);
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
    CLI::App* command = app.add_subcommand(
        "report", "Renders results of compare or run again; two of them: before and after");
    command
        ->add_option("results", options->results,
                     "results.json, a folder with one, or what run --json wrote")
        ->required()
        ->expected(1, 2);
    command->add_option("--format", options->format, "console, markdown, csv or html")
        ->check(CLI::IsMember({"console", "markdown", "csv", "html"}))
        ->default_str("by the ending of --out, else console");
    command->add_option("-o,--out", options->out, "A file instead of standard output");
    command->callback([options, &status] { status = report(*options); });
}

}  // namespace echotrio::loadgen
