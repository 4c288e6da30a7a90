// The flags of `loadgen compare`, and the plan that they come to.
#pragma once

#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/commands/experiment_file.hpp"
#include "loadgen/design/plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

struct CompareOptions {
    bool quick = false, only_plan = false, quiet = false, no_wrk = false;
    std::vector<std::string> workloads, models, variants, python, targets_text, observers_text;
    std::vector<std::uint64_t> connections;
    std::vector<double> rates;
    std::optional<std::uint64_t> repetitions, seed;
    std::optional<Nanos> duration, warmup;  // empty = the workload's own
    std::optional<std::uint64_t> retries;
    std::optional<std::string> precision, budget;  // as they were written
    std::string out, resume, experiment;
    std::string idle_strategy = "auto";
    std::vector<std::string> servers_text;  // --server
    ServerSettings server_settings;

    // From these and the experiment's file, once they are complete:
    std::vector<WorkloadSection> sections;
    std::vector<ServerSection> servers;
    Plan plan;
    std::string command_line;  // that repeats the experiment
};

void add_compare_options(CLI::App& command, CompareOptions& options);

// Reads the experiment's file, fills in targets, servers and command line. Error: which flag or
// setting, and what to write instead.
Status complete_options(CLI::App& command, CompareOptions& options);

// The workloads and levels of the plan, once it is known what each server speaks. Errors as above.
Status complete_plan(CompareOptions& options);

// Whether `page` is among the workloads that were asked for.
bool asks_page(const CompareOptions& options);

// "4m 10s", for estimates.
std::string human_time(Nanos duration);

}  // namespace echotrio::loadgen
