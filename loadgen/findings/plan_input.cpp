#include "loadgen/findings/plan_input.hpp"

#include "common/base/to_count.hpp"
#include "loadgen/findings/select.hpp"
#include "loadgen/models/models.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace echotrio::loadgen {
namespace {

// Left for a server's own files, its listener and what else it opens.
constexpr std::uint64_t kOwnDescriptors = 64;

MeasuredLevel::Repetition repetition_of(const Trial& trial) {
    const RunResult& r = trial.result;
    MeasuredLevel::Repetition repetition;
    repetition.number = trial.point.repetition;
    repetition.throughput_rps = r.throughput_rps;
    repetition.in_flight = r.mean_in_flight;
    repetition.cpus_used = cpus_used(r);
    if (!repetition.cpus_used) return repetition;
    repetition.cpu_us = r.server->cpu_us_per_request;
    const double replies = r.throughput_rps * r.duration_s;
    if (r.machine.busy_s && replies > 0) {
        // The machine counts in ticks: what it lost of them the server had all the same.
        const double all = std::max(*r.machine.busy_s - r.generator.all_cpu_s(), *r.server->cpu_s);
        repetition.cpu_us_upper = all * 1e6 / replies;
    }
    return repetition;
}

// A server of one thread can't use a second CPU, wherever it may run. 0: not known.
double cpus_usable(const Trial& trial) {
    const CpusHad had = trial.cpus();
    if (!trial.result.server || !had.server) return 0;
    const auto cpus = static_cast<double>(*had.server);
    return std::min(
        {cpus, had.server_quota.value_or(cpus), static_cast<double>(trial.result.server->threads)});
}

double number_in(const nlohmann::ordered_json& json, const char* key) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return json.is_object() && found != json.end() && found->is_number() ? found->get<double>() : 0;
}

MeasuredLevel level_of(const Cell& cell) {
    MeasuredLevel level;
    level.connections = cell.connections;
    level.served = cell.served;
    level.offered_rps = cell.level.rate;
    level.overloaded = cell.overloaded;
    // Unsteady trials stay out as long as there are others.
    const auto ranked = [](const Trial* t) { return t->counts() && t->result.verdict.rankable; };
    const bool any_ranked = std::any_of(cell.trials.begin(), cell.trials.end(), ranked);
    for (const Trial* trial : cell.trials) {
        if (!trial->counts() || trial->result.requests == 0) continue;
        if (any_ranked && !ranked(trial)) continue;
        level.repetitions.push_back(repetition_of(*trial));
        level.latency.add(trial->result.latency);
        level.cpus_usable = cpus_usable(*trial);
        level.threads = trial->result.server ? trial->result.server->threads : 0;
    }
    return level;
}

// At rates that were made from what was found, nothing shows how much more there is.
bool is_at_given_shares(const Digest& digest, std::string_view workload) {
    const Workload* found = workload_of(digest, workload);
    return found != nullptr && !found->shares.empty();
}

// Whether its threads take turns or there is only one: it can't use a second CPU, wherever it runs.
bool is_one_core(const Digest& digest, const std::string& variant, const MeasuredModel& model) {
    if (model.pool) return false;
    for (const Variant& planned : digest.plan.variants) {
        if (planned.label == variant && takes_turns(planned.model, planned.arguments)) return true;
    }
    return std::all_of(model.levels.begin(), model.levels.end(),
                       [](const MeasuredLevel& level) { return level.threads == 1; });
}

bool is_pool_of_workers(const Digest& digest, const std::string& variant) {
    return std::any_of(
        digest.plan.variants.begin(), digest.plan.variants.end(),
        [&](const Variant& planned) { return planned.label == variant && is_pool(planned.model); });
}

// Its levels by the CPUs that they gave the server; nothing where all gave it the same.
std::vector<MeasuredCpus> by_cpus(const Digest& digest, const std::string& variant,
                                  std::string_view workload) {
    std::map<double, MeasuredCpus> rows;
    for (const Cell& cell : digest.cells) {
        if (cell.variant != variant || cell.level.workload != workload) continue;
        MeasuredLevel level = level_of(cell);
        const CpusHad had = cpus_of(cell);
        if (cell.level.server_cpus == 0 || !had.server || level.repetitions.empty()) continue;
        const auto cpus = static_cast<double>(*had.server);
        MeasuredCpus& row = rows[std::min(cpus, had.server_quota.value_or(cpus))];
        row.shared = row.shared || !had.apart.value_or(true);
        row.levels.push_back(std::move(level));
    }
    std::vector<MeasuredCpus> all;
    for (auto& [cpus, row] : rows) {
        row.cpus = cpus;
        if (rows.size() > 1) all.push_back(std::move(row));
    }
    return all;
}

std::vector<double> starts_of(const Digest& digest, const std::string& variant) {
    std::vector<double> starts;
    for (const Cell& cell : digest.cells) {
        if (cell.variant != variant) continue;
        for (const Trial* trial : cell.trials) {
            if (!trial->counts() || !trial->result.server) continue;
            if (const auto& ready = trial->result.server->time_to_ready_s) starts.push_back(*ready);
        }
    }
    return starts;
}

// What one instance has only so many of: workers, seen where connections starved, or descriptors.
void find_connection_limit(const Digest& digest, double descriptors, MeasuredModel& model) {
    for (const Cell& cell : digest.cells) {
        if (cell.variant != model.name || cell.counted == 0 || !cell.starved()) continue;
        model.connection_limit = std::max(model.connection_limit.value_or(0), cell.served);
        model.limited_by = "workers";
    }
    if (!model.connection_limit && descriptors > kOwnDescriptors) {
        model.connection_limit = to_count(descriptors) - kOwnDescriptors;
        model.limited_by = "descriptors";
    }
}

}  // namespace

std::vector<std::string> plannable_workloads(const Digest& digest) {
    std::vector<std::pair<std::string, std::ptrdiff_t>> counts;
    for (const std::string& workload : workloads_of(digest)) {
        if (is_silent(digest, workload) || is_at_given_shares(digest, workload)) continue;
        const auto levels = curve_of(digest, workload);
        const auto counted = std::count_if(levels.begin(), levels.end(), [&](const Level& level) {
            const auto cells = cells_at(digest, level);
            return std::any_of(cells.begin(), cells.end(),
                               [](const Cell* cell) { return cell->counted > 0; });
        });
        counts.emplace_back(workload, counted);
    }
    std::stable_sort(counts.begin(), counts.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<std::string> names;
    names.reserve(counts.size());
    for (auto& [name, count] : counts) names.push_back(std::move(name));
    return names;
}

Result<std::vector<MeasuredModel>> measured_models(const Experiment& experiment,
                                                   const Digest& digest,
                                                   std::string_view workload) {
    const auto there = plannable_workloads(digest);
    if (is_at_given_shares(digest, workload)) {
        return Error{fmt::format(
            "workload '{}' has rates that the servers keep, which tell no limit; there are: {}",
            workload, there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")))};
    }
    const double descriptors = number_in(experiment.environment, "descriptor_limit");
    std::vector<MeasuredModel> models;
    for (const std::string& variant : digest.variants) {
        MeasuredModel model;
        model.name = variant;
        for (const Cell* cell : cells_of(digest, variant, workload)) {
            MeasuredLevel level = level_of(*cell);
            if (!level.repetitions.empty()) model.levels.push_back(std::move(level));
        }
        if (model.levels.empty()) continue;
        for (const MemorySlope& slope : digest.memory) {
            if (slope.variant != variant) continue;
            model.memory = slope.total;
            model.kernel = slope.kernel;
            model.memory_levels = slope.levels;
            model.most_held = slope.most_held;
        }
        find_connection_limit(digest, descriptors, model);
        model.pool = is_pool_of_workers(digest, variant);
        model.one_core = is_one_core(digest, variant, model);
        model.by_cpus = by_cpus(digest, variant, workload);
        model.ready_s = starts_of(digest, variant);
        models.push_back(std::move(model));
    }
    if (models.empty() && std::find(there.begin(), there.end(), workload) != there.end()) {
        return Error{fmt::format(
            "no trial of workload '{}' counts; `loadgen report` on these results says why",
            workload)};
    }
    if (models.empty()) {
        return Error{fmt::format("no trial of workload '{}' counts; there are: {}", workload,
                                 fmt::join(there, ", "))};
    }
    return models;
}

MeasuredModel measured_model(std::string name, std::span<const ScalingPoint> points) {
    std::map<double, MeasuredLevel> levels;
    for (const ScalingPoint& point : points) {
        MeasuredLevel& level = levels[point.n];
        level.connections = level.served = to_count(point.n);
        MeasuredLevel::Repetition repetition;
        repetition.number = point.repetition;
        repetition.throughput_rps = point.x;
        repetition.in_flight = point.n;
        level.repetitions.push_back(repetition);
    }
    MeasuredModel model;
    model.name = std::move(name);
    for (auto& [n, level] : levels) model.levels.push_back(std::move(level));
    return model;
}

std::string cpu_model_of(const Experiment& experiment) {
    const auto& there = experiment.environment;
    const auto model = there.is_object() ? there.find("cpu_model") : there.end();
    return model != there.end() && model->is_string() ? model->get<std::string>() : "";
}

}  // namespace echotrio::loadgen
