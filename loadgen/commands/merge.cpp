// `loadgen merge`: the results of several generators that ran one load together, as one.
#include "loadgen/results/merge.hpp"

#include "common/base/cli.hpp"
#include "loadgen/analysis/verdict.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/report/run_document.hpp"
#include "loadgen/results/format.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

// Below this share of common time the sum is not one load.
constexpr double kOverlap = 0.95;

struct Options {
    std::vector<std::string> files;
    std::string json;
    bool quiet = false;
};

struct Part {
    MergePart merge;
    Json command;
};

Result<Part> read_part(const std::string& path) {
    const auto text = read_result_file(path);
    if (!text) return text.error();
    const auto json = json_from_text(*text);
    if (!json) return Error{fmt::format("{}: {}", path, json.error().message)};
    auto result = result_from_json(*json);
    if (!result) return Error{fmt::format("{}: {}", path, result.error().message)};
    Part part{{std::move(*result), 0}, json->value("command", Json())};
    const Json* const connections = part.command.is_object() && part.command.contains("connections")
                                        ? &part.command["connections"]
                                        : nullptr;
    if (connections == nullptr || !connections->is_number_unsigned()) {
        return Error{fmt::format("{}: does not say its command", path)};
    }
    part.merge.connections = connections->get<std::uint64_t>();
    return part;
}

bool is_set(const Json& command, const char* key) {
    return command.contains(key) && !command[key].is_null();
}

VerdictContext context_of(const std::vector<Part>& parts) {
    VerdictContext context;
    const Json& command = parts.front().command;
    const bool by_rate = is_set(command, "rate"), replayed = is_set(command, "replay");
    context.open_loop = by_rate || replayed;
    context.poisson = by_rate && command.value("arrival", Json()) == "poisson";
    const std::string rate = by_rate ? command["rate"].dump() : "";
    context.rate_varies = replayed || rate.find_first_of(",:/") != std::string::npos ||
                          rate.find("..") != std::string::npos;
    if (const auto status = command.find("expect_status");
        status != command.end() && status->is_number_unsigned()) {
        context.expected_status = status->get<std::uint64_t>();
    }
    for (const Part& part : parts) context.connections += part.merge.connections;
    return context;
}

Json merged_json(const std::vector<Part>& parts, const Options& options, const Merged& merged) {
    Json json{{"schema_version", kSchemaVersion}};
    json["command"] = parts.front().command;
    json["command"]["connections"] = context_of(parts).connections;
    json["environment"] = describe_environment();
    json["merged"] = {{"results", options.files}, {"overlap", merged.overlap}};
    for (const Part& part : parts) json["merged"]["commands"].push_back(part.command);
    json.update(result_to_json(merged.result));
    return json;
}

int merge(const Options& options) {
    std::vector<Part> parts;
    std::vector<MergePart> sources;
    for (const std::string& path : options.files) {
        auto part = read_part(path);
        if (!part) return cli::fail(part.error().message);
        sources.push_back(part->merge);
        parts.push_back(std::move(*part));
    }
    auto merged = merge_results(sources);
    if (!merged) return cli::fail(merged.error().message);
    Verdict& verdict = merged->result.verdict;
    verdict = judge(merged->result, context_of(parts));
    if (merged->overlap < kOverlap) {
        verdict.valid = verdict.rankable = false;
        verdict.reasons.push_back(
            {"windows",
             fmt::format("the generators measured together for only {} % of the time",
                         format_short(merged->overlap * 100)),
             "start them at one moment (--start-at) and with one --warmup and --duration"});
    }
    if (!options.quiet) {
        std::FILE* const out = summary_stream(options.json);
        const Json& command = parts.front().command;
        const bool named = command.contains("url") && command["url"].is_string();
        const std::string url = named ? command["url"].get<std::string>() : "?";
        const RunHeading heading{url, fmt::format("{} generators together", parts.size())};
        fmt::print(
            out, "{}",
            to_console(run_document(merged->result, heading), terminal_style(::fileno(out))));
    }
    return keep(options.json, to_indented_text(merged_json(parts, options, *merged)),
                verdict.valid ? cli::kExitOk : kExitInvalid);
}

}  // namespace

void add_merge(CLI::App& app, int& status) {
    CLI::App& command = cli::command(app, "merge", "Add up the results of several generators");
    auto options = std::make_shared<Options>();
    cli::option(command, "RESULT", options->files, "Files that `loadgen run --json` wrote")
        .required();
    output_option(command, "--json", options->json,
                  "Write the whole as JSON to this file; - for standard output");
    cli::flag(command, "--quiet", options->quiet, "No summary");
    cli::on_command(command, [options, &status] { status = merge(*options); });
}

}  // namespace echotrio::loadgen
