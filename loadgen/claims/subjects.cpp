#include "loadgen/claims/subjects.hpp"

#include "loadgen/models/models.hpp"
#include "loadgen/subject/model_subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace echotrio::loadgen {
namespace {

std::string label_in(const std::string& label, const Python& python) {
    return fmt::format("{} in {}", label, python.interpreter.name);
}

}  // namespace

Plan with_twins(Plan plan, const std::vector<Python>& pythons, std::vector<MissingTwin>& missing) {
    const std::vector<Variant> models = plan.variants;
    for (const Python& python : pythons) {
        for (const Variant& variant : models) {
            const Twin twin =
                twin_of(variant.model, variant.arguments, python.interpreter, python.scripts);
            if (!twin.missing.empty()) {
                missing.push_back({python.interpreter.name, variant.label, twin.missing});
                continue;
            }
            plan.variants.push_back({label_in(variant.label, python), twin.name, twin.arguments,
                                     subject_of_twin(twin)});
        }
    }
    plan.retries = plan.variants.size() * plan.levels.size();
    return plan;
}

Trials trials_of(const Trials& all, const Plan& models, const Python* python) {
    std::vector<Trial> found;
    for (const Variant& variant : models.variants) {
        const std::string label =
            python == nullptr ? variant.label : label_in(variant.label, *python);
        for (const Trial& trial : all.all()) {
            if (trial.point.variant != label) continue;
            found.push_back(trial);
            found.back().point.variant = variant.label;
        }
    }
    return Trials(std::move(found), all.bytes_of_end());
}

std::vector<std::uint64_t> rounds_of(const Trials& trials) {
    std::set<std::uint64_t> rounds;
    for (const Trial& trial : trials.all()) rounds.insert(trial.point.repetition);
    return {rounds.begin(), rounds.end()};
}

Trials round_of(const Trials& trials, std::uint64_t repetition) {
    std::vector<Trial> found;
    for (const Trial& trial : trials.all()) {
        if (trial.point.repetition == repetition) found.push_back(trial);
    }
    return Trials(std::move(found), trials.bytes_of_end());
}

Result<ServerProcess> start_server(const ClaimContext& context, const std::string& model,
                                   std::uint64_t workers, std::uint64_t most,
                                   const std::vector<int>& cpus,
                                   std::vector<std::string> arguments) {
    const auto with_pool = [&](const std::string& name) {
        const auto pool = pool_arguments(name, arguments, workers, most);
        arguments.insert(arguments.end(), pool.begin(), pool.end());
        return arguments;
    };
    if (!context.python) {
        return ServerProcess::start(context.bin_dir, model, with_pool(model), cpus);
    }
    const Python& python = *context.python;
    const Twin twin = twin_of(model, arguments, python.interpreter, python.scripts);
    if (!twin.missing.empty()) return Error{twin.missing};
    return ServerProcess::start_program(twin.program, with_pool(twin.name), cpus);
}

}  // namespace echotrio::loadgen
