#include "loadgen/commands/plan_text.hpp"

#include "common/base/units.hpp"
#include "loadgen/commands/compare_options.hpp"
#include "loadgen/models/models.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// "64", "64 at 2000/s", "64 at 10 %" of a capacity that is not known yet.
std::string level_text(const Plan& plan, const Level& level) {
    const Workload* workload = find_workload(plan.workloads, level.workload);
    const bool share = level.rate > 0 && workload != nullptr && !workload->shares.empty() &&
                       plan.capacities.empty();
    return share ? fmt::format("{} at {:.3g} % of the slowest server's capacity", level.connections,
                               level.rate * 100)
                 : level_words(level);
}

}  // namespace

// "8 at 1000/s on 2 CPUs"
std::string level_words(const Level& level) {
    std::string text = fmt::format("{}", level.connections);
    if (level.rate > 0) text += fmt::format(" at {}/s", level.rate);
    if (level.server_cpus > 0) text += " on " + given_cpus(level.server_cpus);
    return text;
}

std::string extent(const Plan& plan, const std::vector<TrialPoint>& trials) {
    const Nanos all = spent_on(plan, {}) + estimated_duration(plan, trials);
    if (!is_open_ended(plan)) {
        return fmt::format("{} trials, about {}, seed {}, {} repetitions", trials.size(),
                           human_time(all), plan.seed, plan.repetitions);
    }
    const auto round = round_trials(plan, 1, plan.levels);
    std::string text = fmt::format(
        "{} trials in the first round, about {}; seed {}; at most {} rounds", round.size(),
        human_time(estimated_duration(plan, round)), plan.seed, plan.repetitions);
    if (plan.precision > 0) {
        text += fmt::format(", after {} only where an interval is wider than {:.3g} %",
                            kLeastRounds, plan.precision * 100);
    }
    const bool bounded = plan.budget > Nanos(0) && plan.budget < all;
    return text + fmt::format(", {} {} in all", bounded ? "at most" : "at most about",
                              human_time(bounded ? plan.budget : all));
}

std::vector<std::string> twin_paths(const Plan& plan) {
    std::vector<std::string> paths;
    for (const Variant& variant : plan.variants) {
        if (!is_twin(variant.model) || !variant.server) continue;
        const std::string& path = variant.server->argv.front();
        if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
    }
    return paths;
}

void print_plan(const Plan& plan, const std::vector<TrialPoint>& trials) {
    fmt::print("{}; at most {} INVALID ones are repeated, and {} of whose CPU time the host took\n",
               extent(plan, trials), plan.retries, plan.retries_after_steal);
    if (const auto probe = probe_plan(plan)) {
        fmt::print("  first     {} short trials find what each server can do\n",
                   order_trials(*probe).size());
    }
    for (const Variant& variant : plan.variants) {
        if (variant.server) {
            fmt::print("  server    {}: {}\n", variant.label, fmt::join(variant.server->argv, " "));
            continue;
        }
        fmt::print("  server    {}: {} {}\n", variant.label, program_of(variant.model),
                   fmt::join(variant.arguments, " "));
    }
    if (!twin_paths(plan).empty()) {
        fmt::print(
            "  then      whether the models predict Python: base cost from one measurement\n");
    }
    for (const Workload& workload : plan.workloads) {
        std::vector<std::string> levels;
        for (const Level& level : plan.levels) {
            if (level.workload == workload.name) levels.push_back(level_text(plan, level));
        }
        fmt::print("  workload  {}: {}; connections {}; {} each after {} warm-up\n", workload.name,
                   workload.title, fmt::join(levels, ", "), format_duration(workload.load.duration),
                   format_duration(workload.load.warmup));
    }
    fmt::print("order of the first round:\n");
    for (const TrialPoint& point : trials) {
        if (point.repetition > trials.front().repetition) break;
        fmt::print("  {} {} {}\n", point.level.workload, level_text(plan, point.level),
                   point.variant);
    }
}

}  // namespace echotrio::loadgen
