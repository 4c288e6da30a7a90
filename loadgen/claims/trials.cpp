#include "loadgen/claims/trials.hpp"

#include "loadgen/analysis/statistics.hpp"
#include "loadgen/analysis/verdict.hpp"
#include "loadgen/experiment/connection_cost.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/experiment/runner.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <utility>

namespace echotrio::loadgen {
namespace {

// Bytes; empty where the server died or one of them is not known.
std::optional<double> sum_of_parts(const RunResult& result,
                                   std::initializer_list<const char*> parts) {
    if (!result.server || result.server->died) return std::nullopt;
    double total = 0;
    for (const char* part : parts) {
        const auto found = result.server->memory.find(part);
        if (found == result.server->memory.end() || !found->second) return std::nullopt;
        total += *found->second;
    }
    return total;
}

bool belongs(const Trial& trial, const Cut& cut) {
    return trial.point.variant == cut.variant && trial.point.level.workload == cut.workload &&
           (cut.connections == 0 || trial.point.level.connections == cut.connections);
}

using Counts = bool (*)(const Trial&);

bool does_count(const Trial& trial) {
    return trial.counts();
}

std::vector<double> read(const std::vector<Trial>& trials, const Cut& cut, const Trials::Figure& of,
                         Counts counts) {
    std::vector<double> values;
    for (const Trial& trial : trials) {
        if (!belongs(trial, cut) || trial.result.requests == 0 || !counts(trial)) continue;
        if (const auto value = of(trial.result)) values.push_back(*value);
    }
    return values;
}

// By round, and by connections where the cut has several.
using ByRound = std::map<std::pair<std::uint64_t, std::uint64_t>, double>;

ByRound read_rounds(const std::vector<Trial>& trials, const Cut& cut, const Trials::Figure& of,
                    Counts counts) {
    ByRound values;
    for (const Trial& trial : trials) {
        const auto figures = read({trial}, cut, of, counts);
        const std::pair round(trial.point.repetition, trial.point.level.connections);
        if (!figures.empty()) values[round] = figures.front();
    }
    return values;
}

FigurePairs pair_up(const ByRound& top, const ByRound& bottom) {
    FigurePairs pairs;
    for (const auto& [round, value] : top) {
        const auto other = bottom.find(round);
        if (other == bottom.end()) continue;
        pairs.numerator.push_back(value);
        pairs.denominator.push_back(other->second);
    }
    return pairs;
}

// The server did what its model does under this load, and that was to answer nothing.
bool went_unanswered(const Trial& trial) {
    const RunResult& result = trial.result;
    const bool alive = result.server && !result.server->died;
    return alive && result.requests == 0 && !result.interrupted && !trial.superseded;
}

// An experiment whose trials are kept, as far as it has been carried out.
struct Kept {
    Experiment experiment;
    std::optional<Journal> journal;  // empty: nothing is kept, or all is there
};

Result<Kept> open(const Plan& plan, const std::string& folder) {
    Kept kept;
    kept.experiment.settings = plan_to_json(plan);
    kept.experiment.seed = plan.seed;
    const auto describe = [&] {
        kept.experiment.environment = describe_environment();
        if (!has_silent_workload(plan)) return;
        add_connection_cost(kept.experiment.environment, measure_connection_cost());
    };
    if (folder.empty()) {
        describe();
        return kept;
    }
    std::error_code ignored;
    const auto settings = kept.experiment.settings;
    if (std::filesystem::exists(folder + "/results.json", ignored)) {
        auto whole = read_experiment(folder);
        if (!whole) return whole.error();
        kept.experiment = std::move(*whole);
    } else if (std::filesystem::exists(folder + "/trials.jsonl", ignored)) {
        auto journal = Journal::resume(folder, kept.experiment);
        if (!journal) return journal.error();
        kept.journal = std::move(*journal);
    } else {
        describe();
        kept.experiment.started_unix_s = static_cast<double>(std::time(nullptr));
        kept.experiment.command_line = "loadgen claims";
        auto journal = Journal::create(folder, kept.experiment);
        if (!journal) return journal.error();
        kept.journal = std::move(*journal);
    }
    if (kept.experiment.settings == settings) return kept;
    if (kept.experiment.seed != plan.seed) {
        return Error{
            fmt::format("{} holds trials of seed {}: give --seed {}, or choose another folder",
                        folder, kept.experiment.seed, kept.experiment.seed)};
    }
    return Error{
        fmt::format("{} holds trials of another experiment: choose another folder", folder)};
}

}  // namespace

Plan claim_plan(const ClaimContext& context, std::vector<Variant> variants,
                std::vector<Workload> workloads, std::uint64_t repetitions) {
    Plan plan;
    plan.variants = std::move(variants);
    plan.workloads = std::move(workloads);
    for (const Workload& workload : plan.workloads) {
        for (const std::uint64_t n : workload.connections) {
            plan.levels.push_back({workload.name, n});
        }
    }
    plan.repetitions = repetitions;
    plan.seed = context.seed;
    plan.retries = plan.variants.size() * plan.levels.size();
    plan.cross_check = false;
    return plan;
}

RunOptions small_load(const ClaimContext& context) {
    RunOptions load = usual_load();
    load.duration = std::chrono::milliseconds(context.quick ? 500 : 1000);
    load.warmup = std::chrono::milliseconds(200);
    return load;
}

Workload beside_a_burner(const ClaimContext& context) {
    Workload workload{.name = "beside a burner",
                      .title = "small requests, a rest before each, beside a CPU-heavy one",
                      .shows = "how long a request waits for its turn on the only CPU"};
    workload.load = usual_load();
    workload.load.warmup = std::chrono::milliseconds(100);
    workload.load.duration = std::chrono::milliseconds(context.quick ? 800 : 2000);
    // A request that comes right after the last reply may find the lock still where that left it:
    // the burner, asked for the only CPU, has not got there yet. Of CPython most are such ones
    // then.
    workload.load.think = std::chrono::milliseconds(1);
    workload.server_cpus = 1;
    workload.background = {1, context.quick ? "/echo/x?cpu=3s" : "/echo/x?cpu=4s"};
    workload.connections = {1};
    return workload;
}

Workload silent_connections(std::vector<std::uint64_t> counts) {
    Workload workload{.name = "silent",
                      .title = "connections that stay open and say nothing",
                      .shows = "the memory that a connection costs while it only exists",
                      .headline = "memory"};
    workload.load = usual_load();
    workload.load.target.scheme = Scheme::tcp;
    workload.load.rate = {{.rate = 200}};
    workload.load.duration = std::chrono::milliseconds(200);
    workload.load.warmup = std::chrono::milliseconds(50);
    workload.silent = true;
    workload.server_cpus = 1;
    workload.most_workers = *std::max_element(counts.begin(), counts.end()) + 2;
    workload.connections = std::move(counts);
    return workload;
}

std::optional<std::uint64_t> kept_seed(const std::string& folder) {
    constexpr std::uintmax_t kLargest = 512U << 20U;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
        for (const char* name : {"results.json", "trials.jsonl"}) {
            const auto text = read_file(entry.path() / name, kLargest);
            if (!text) continue;
            // Of a journal the first line tells.
            const bool lines = std::string_view(name).ends_with("l");
            const auto json = json_from_text(lines ? text->substr(0, text->find('\n')) : *text);
            if (json && json->is_object() && json->contains("seed") &&
                json->at("seed").is_number_unsigned()) {
                return json->at("seed").get<std::uint64_t>();
            }
        }
    }
    return std::nullopt;
}

std::vector<double> Trials::figures(const Cut& cut, const Figure& of) const {
    return read(all_, cut, of, does_count);
}

FigurePairs Trials::pairs(const Cut& numerator, const Figure& of_numerator, const Cut& denominator,
                          const Figure& of_denominator) const {
    return pair_up(read_rounds(all_, numerator, of_numerator, does_count),
                   read_rounds(all_, denominator, of_denominator, does_count));
}

FigurePairs Trials::memory_pairs(const Cut& numerator, const Figure& of_numerator,
                                 const Cut& denominator, const Figure& of_denominator) const {
    return pair_up(read_rounds(all_, numerator, of_numerator, counts_for_memory),
                   read_rounds(all_, denominator, of_denominator, counts_for_memory));
}

std::vector<double> Trials::memory(const Cut& cut, const Figure& of) const {
    return read(all_, cut, of, counts_for_memory);
}

const Trial* Trials::first(const Cut& cut) const {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Trial& trial) {
        return belongs(trial, cut) && trial.result.requests > 0 && counts_for_memory(trial);
    });
    return found == all_.end() ? nullptr : &*found;
}

std::size_t Trials::unanswered(const Cut& cut) const {
    return static_cast<std::size_t>(std::count_if(
        all_.begin(), all_.end(),
        [&](const Trial& trial) { return belongs(trial, cut) && went_unanswered(trial); }));
}

std::optional<double> Trials::others() const {
    std::vector<double> shares;
    for (const Trial& trial : all_) {
        const MachineUse& machine = trial.result.machine;
        if (!trial.counts() || !machine.other_cpu_share) continue;
        shares.push_back(*machine.other_cpu_share + machine.steal_share.value_or(0));
    }
    if (shares.empty()) return std::nullopt;
    return mean(shares);
}

std::string Trials::cpus() const {
    std::vector<std::string> all;
    for (const Trial& trial : all_) {
        if (trial.cpus() == CpusHad{}) continue;  // it did not run
        std::string words = cpus_words(trial.cpus());
        if (std::find(all.begin(), all.end(), words) == all.end()) all.push_back(std::move(words));
    }
    std::sort(all.begin(), all.end());  // the order of the trials is random
    return fmt::format("{}", fmt::join(all, "; "));
}

std::string Trials::trouble() const {
    std::size_t tried = 0, invalid = 0;
    const Trial* last = nullptr;
    for (const Trial& trial : all_) {
        if (trial.superseded) continue;
        ++tried;
        if (trial.counts()) continue;
        ++invalid;
        last = &trial;
    }
    if (last == nullptr) return {};
    const auto& reasons = last->result.verdict.reasons;
    return fmt::format("{} of {} runs are INVALID, the last of them ({}, {}) because {}", invalid,
                       tried, last->point.variant, last->point.level.workload,
                       reasons.empty() ? "of no known reason" : reasons.front().what);
}

Result<Trials> run_trials(const ClaimContext& context, const Plan& plan,
                          const std::string& folder) {
    auto kept = open(plan, folder);
    if (!kept) return kept.error();
    Experiment& experiment = kept->experiment;
    RunnerOptions options;
    options.bin_dir = context.bin_dir;
    options.usable_cpus = context.cpus;
    options.follow_memory = has_silent_workload(plan);
    options.other_per_connection = other_per_connection(experiment.environment);
    RunnerHooks hooks;
    hooks.begins = [](const TrialPoint&, std::uint64_t) {};
    hooks.finished = [&](const Trial& trial) -> Status {
        experiment.trials.push_back(trial);
        if (kept->journal) return kept->journal->append(trial);
        return Done{};
    };
    hooks.stop = context.stop;
    hooks.hurry = context.hurry;
    const std::vector<Trial> done = experiment.trials;
    if (const Status ran = run_plan(plan, done, options, hooks); !ran) return ran.error();
    experiment.complete = remaining_trials(plan, experiment.trials).empty();
    if (kept->journal && experiment.complete) {
        const Status written =
            write_file(folder + "/results.json", to_text(experiment_to_json(experiment)));
        if (!written) return written.error();
        kept->journal->remove();
    }
    return Trials(std::move(experiment.trials), end_from_json(experiment.environment));
}

std::optional<double> runnable(const RunResult& result) {
    const auto used = cpus_used(result);
    if (!used || !result.server->run_queue_wait_s) return std::nullopt;
    return *used + *result.server->run_queue_wait_s / result.duration_s;
}

std::optional<double> undisturbed_rps(const RunResult& result, double cpus) {
    const auto threads = runnable(result);
    const bool worked = result.server && result.server->cpu_us_per_request.value_or(0) > 0;
    if (!threads || !worked) return result.throughput_rps;
    return 1e6 / *result.server->cpu_us_per_request * std::min(cpus, *threads);
}

std::optional<double> throughput(const RunResult& result) {
    return result.throughput_rps;
}

std::optional<double> usual_ms(const RunResult& result) {
    if (result.latency.count() == 0) return std::nullopt;
    return static_cast<double>(result.latency.value_at_percentile(25)) * 1e-6;
}

std::optional<double> memory_of_processes(const RunResult& result) {
    return sum_of_parts(result, {"pss", "page_tables", "kernel_stacks"});
}

std::optional<double> memory_with(KernelPart part, const RunResult& result,
                                  std::uint64_t connections, const std::optional<BytesOfEnd>& end) {
    if (part == KernelPart::unknown) return sum_of_parts(result, {"pss"});
    if (part == KernelPart::read) {
        return sum_of_parts(result, {"pss", "page_tables", "kernel_stacks", "task_objects",
                                     "socket_objects", "socket_buffers"});
    }
    const auto beside =
        sum_of_parts(result, {"pss", "page_tables", "kernel_stacks", "socket_buffers"});
    const auto slab = beside ? slab_of_connections(*result.server) : std::nullopt;
    if (!slab) return std::nullopt;
    const auto kernel =
        server_part(*slab, static_cast<double>(connections), result.server->ends_here, end);
    return kernel ? std::optional(*beside + *kernel) : std::nullopt;
}

}  // namespace echotrio::loadgen
