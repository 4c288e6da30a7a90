#include "tests/e2e/plan_runs.hpp"

#include "loadgen/design/plan.hpp"
#include "loadgen/findings/results_json.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace echotrio::test {
namespace {

using loadgen::Experiment;
using loadgen::Trial;
using nlohmann::json;

// A model whose requests cost `cpu_us` each; `limit` connections are served at once.
void add_model(Experiment& experiment, const std::string& name, double cpu_us, double bytes,
               std::uint64_t limit) {
    for (std::uint64_t repetition = 1; repetition <= 5; ++repetition) {
        const double wobble = 1 + 0.002 * (static_cast<double>(repetition) - 3);
        for (const std::uint64_t n : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 512U}) {
            Trial trial;
            trial.point = {name, {"echo", n, 0}, repetition};
            trial.server_cpus = {0};
            const auto in_flight = static_cast<double>(std::min(n, limit));
            auto& r = trial.result;
            r.throughput_rps = wobble * 10'000 * in_flight / (1 + 0.18 * (in_flight - 1));
            r.duration_s = 2;
            r.requests = static_cast<std::uint64_t>(2 * r.throughput_rps);
            r.mean_in_flight = in_flight;
            r.latency.record(n < 512 ? 2'000'000 : 40'000'000, r.requests);
            r.connections.opened = n;
            r.connections.served = std::min(n, limit);
            r.server.emplace();
            r.server->threads = 1;
            r.server->processes = 1;
            r.server->time_to_ready_s = 0.25;
            r.server->cpu_us_per_request = cpu_us / wobble;
            r.server->cpu_s = 2 * r.throughput_rps * cpu_us * 1e-6;
            experiment.trials.push_back(std::move(trial));
        }
        for (const std::uint64_t n : {100U, 200U, 400U, 800U}) {
            Trial trial;
            trial.point = {name, {"idle", n, 0}, repetition};
            auto& r = trial.result;
            r.requests = 100;
            r.connections.idle = n;
            r.connections.served = 1;
            r.server.emplace();
            r.server->processes = n + 2;
            r.server->memory["pss"] = wobble * 1000 + 1e6 + bytes * static_cast<double>(n);
            for (const char* part : {"page_tables", "kernel_stacks", "task_objects",
                                     "socket_objects", "socket_buffers"}) {
                r.server->memory[part] = 0;
            }
            experiment.trials.push_back(std::move(trial));
        }
    }
}

}  // namespace

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "echotrio-plan-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Folder::file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
}

std::string results(const Folder& folder) {
    Experiment experiment;
    experiment.seed = 3;
    experiment.complete = true;
    experiment.environment = {{"cpus_usable", 2}, {"descriptor_limit", 20'000}};
    loadgen::Plan plan;
    plan.variants = {{"coroutine", "coroutine", {}}, {"prefork", "prefork", {}}};
    for (const auto& workload : loadgen::standard_workloads()) {
        if (workload.name == "echo" || workload.name == "idle") plan.workloads.push_back(workload);
    }
    experiment.settings = loadgen::plan_to_json(plan);
    add_model(experiment, "coroutine", 18, 4096, 1000);
    add_model(experiment, "prefork", 25, 100'000, 256);
    folder.file("results.json", loadgen::to_text(loadgen::results_to_json(experiment, {})));
    return folder.path();
}

Ran plan(Words words) {
    words.insert(words.begin(), "plan");
    return run_loadgen(words);
}

json plan_json(Words words, int status) {
    words.insert(words.end(), {"--json", "-"});
    const Ran ran = plan(std::move(words));
    EXPECT_EQ(ran.status, status) << ran.err;
    return json::parse(ran.out);
}

}  // namespace echotrio::test
