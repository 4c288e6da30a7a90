#include "loadgen/commands/merged_run.hpp"

#include "loadgen/analysis/verdict.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/results/result_json.hpp"

#include <utility>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

bool is_set(const Json& command, const char* key) {
    return command.contains(key) && !command[key].is_null();
}

VerdictContext context_of(const std::vector<RunPart>& parts) {
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
    for (const RunPart& part : parts) context.connections += part.merge.connections;
    return context;
}

}  // namespace

Result<RunPart> part_from_json(const Json& json) {
    auto result = result_from_json(json);
    if (!result) return result.error();
    RunPart part{{std::move(*result), 0}, json.value("command", Json())};
    const Json* const connections = part.command.is_object() && part.command.contains("connections")
                                        ? &part.command["connections"]
                                        : nullptr;
    if (connections == nullptr || !connections->is_number_unsigned()) {
        return Error{"does not say its command"};
    }
    part.merge.connections = connections->get<std::uint64_t>();
    return part;
}

Result<Merged> merge_and_judge(const std::vector<RunPart>& parts,
                               std::optional<std::vector<GeneratorPart>> generators) {
    std::vector<MergePart> sources;
    sources.reserve(parts.size());
    for (const RunPart& part : parts) sources.push_back(part.merge);
    auto merged = merge_results(sources);
    if (!merged) return merged;
    merged->result.generators = std::move(generators);
    VerdictContext context = context_of(parts);
    context.overlap = merged->overlap;
    merged->result.verdict = judge(merged->result, context);
    return merged;
}

Json merged_to_json(const std::vector<RunPart>& parts, const Merged& merged, Json more) {
    Json json{{"schema_version", kSchemaVersion}};
    json["command"] = parts.front().command;
    json["command"]["connections"] = context_of(parts).connections;
    json["environment"] = describe_environment();
    json["merged"] = std::move(more);
    json["merged"]["overlap"] = merged.overlap;
    for (const RunPart& part : parts) json["merged"]["commands"].push_back(part.command);
    json.update(result_to_json(merged.result));
    return json;
}

}  // namespace echotrio::loadgen
