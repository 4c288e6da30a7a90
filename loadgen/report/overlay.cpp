#include "loadgen/report/overlay.hpp"

#include "common/base/check.hpp"
#include "loadgen/design/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace echotrio::loadgen {
namespace {

// Variants of both under their new names; workloads and levels of either.
void join(Plan& plan, Plan other, const std::string& name) {
    for (Variant& variant : other.variants) {
        variant.label = overlaid_name(variant.label, name);
        plan.variants.push_back(std::move(variant));
    }
    for (Workload& workload : other.workloads) {
        if (find_workload(plan.workloads, workload.name) == nullptr) {
            plan.workloads.push_back(std::move(workload));
        }
    }
    for (Level& level : other.levels) {
        if (std::find(plan.levels.begin(), plan.levels.end(), level) == plan.levels.end()) {
            plan.levels.push_back(std::move(level));
        }
    }
    plan.repetitions = std::max(plan.repetitions, other.repetitions);
    plan.fresh_servers = plan.fresh_servers && other.fresh_servers;
}

}  // namespace

std::string overlaid_name(const std::string& variant, const std::string& name) {
    return fmt::format("{} ({})", variant, name);
}

Experiment overlay(const std::vector<Experiment>& experiments,
                   const std::vector<std::string>& names) {
    CHECK(!experiments.empty() && experiments.size() == names.size());
    Experiment joined;
    joined.environment = nlohmann::ordered_json::object();
    joined.seed = experiments.front().seed;
    joined.started_unix_s = experiments.back().started_unix_s;
    joined.complete = true;
    Plan plan;
    plan.repetitions = 0;
    for (std::size_t i = 0; i < experiments.size(); ++i) {
        const Experiment& one = experiments[i];
        joined.complete = joined.complete && one.complete;
        if (auto part = plan_from_json(one.settings)) join(plan, std::move(*part), names[i]);
        for (const auto& [key, value] : one.environment.items()) {
            joined.environment[fmt::format("{} ({})", key, names[i])] = value;
        }
        for (Trial trial : one.trials) {
            trial.point.variant = overlaid_name(trial.point.variant, names[i]);
            joined.trials.push_back(std::move(trial));
        }
    }
    joined.settings = plan_to_json(plan);
    return joined;
}

std::vector<std::string> short_names(const std::vector<std::string>& paths) {
    std::vector<std::string> names;
    for (const std::string& path : paths) {
        std::filesystem::path p = std::filesystem::path(path).lexically_normal();
        if (p.filename() == "results.json") p = p.parent_path();
        if (p.filename().empty()) p = p.parent_path();  // a slash at the end
        names.push_back(p.stem().string());
    }
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    const bool same = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (same || names[i].empty()) names[i] = std::string(1, static_cast<char>('A' + i));
    }
    return names;
}

}  // namespace echotrio::loadgen
