// `loadgen merge`: the results of several generators that ran one load together, as one.
#include "common/base/cli.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/merged_run.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/commands/run_output.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace echotrio::loadgen {
namespace {

struct Options {
    std::vector<std::string> files;
    RunOutput output;
};

Result<RunPart> read_part(const std::string& path) {
    const auto text = read_result_file(path);
    if (!text) return text.error();
    const auto json = json_from_text(*text);
    if (!json) return Error{fmt::format("{}: {}", path, json.error().message)};
    auto part = part_from_json(*json);
    if (!part) return Error{fmt::format("{}: {}", path, part.error().message)};
    // It does not carry on who was lost in it, or how far apart its parts were.
    if (json->contains("merged") || part->merge.result.generators) {
        return Error{
            fmt::format("{}: is of several generators already: give their own results", path)};
    }
    return part;
}

int merge(const Options& options) {
    std::vector<RunPart> parts;
    for (const std::string& path : options.files) {
        auto part = read_part(path);
        if (!part) return cli::fail(part.error().message);
        parts.push_back(std::move(*part));
    }
    const auto merged = merge_and_judge(parts);
    if (!merged) return cli::fail(merged.error().message);
    const nlohmann::ordered_json& command = parts.front().command;
    const bool named = command.contains("url") && command["url"].is_string();
    const std::string url = named ? command["url"].get<std::string>() : "?";
    show_run(options.output, merged->result,
             {url, fmt::format("{} generators together", parts.size())});
    return write_run(options.output, merged->result,
                     merged_to_json(parts, *merged, {{"results", options.files}}));
}

}  // namespace

void add_merge(CLI::App& app, int& status) {
    CLI::App& command = cli::command(app, "merge", "Add up the results of several generators");
    auto options = std::make_shared<Options>();
    cli::option(command, "RESULT", options->files, "Files that `loadgen run --json` wrote")
        .required();
    output_option(command, "--json", options->output.json,
                  "Write the whole as JSON to this file; - for standard output");
    cli::flag(command, "--quiet", options->output.quiet, "No summary");
    cli::on_command(command, [options, &status] { status = merge(*options); });
}

}  // namespace echotrio::loadgen
