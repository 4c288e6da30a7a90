// What a comparison tries and what it found, as plain data: the runner fills it, results.json
// holds it, the reports read it.
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/results/run_result.hpp"
#include "loadgen/results/subject.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// A server to compare: one of the three programs, perhaps with options of its own, or any other;
// the twin of a model in Python is one of the others.
struct Variant {
    std::string label;  // what the results call it: "threads", "threads without lock"
    std::string
        model;  // prefork | threads | coroutine | py-threads ...; of another server its label
    std::vector<std::string> arguments;
    std::optional<Subject> server{};  // it is no model of ours: how it is started
    bool only_many_cpus = false;      // tried on workloads alone whose story is cores
};

// One setting of the load. Two trials at the same level differ only in the server.
struct Level {
    std::string workload;
    std::uint64_t connections = 1;
    double rate = 0;                // requests/s, open loop; 0 = as the workload has it
    std::uint64_t server_cpus = 0;  // that it is given; 0 = its share of the machine
    auto operator<=>(const Level&) const = default;
};

// One trial of the plan.
struct TrialPoint {
    std::string variant;  // its label
    Level level;
    std::uint64_t repetition = 1;  // 1, 2, ...
    bool operator==(const TrialPoint&) const = default;
};

// The same load by another tool, on the same server process.
struct CrossCheck {
    std::string tool;     // "wrk 4.1.0"
    std::string command;  // as it was run
    double throughput_rps = 0;
    std::optional<double> p50_us, p99_us;
    std::string error;  // why there is no figure; empty = there is
};

struct Trial {
    TrialPoint point;
    std::uint64_t attempt = 1;  // 2, 3 ...: repeated because the one before was INVALID
    bool superseded = false;    // a later attempt stands for it; shown, not counted
    std::vector<std::string> server_command, generator_command;
    std::vector<int> server_cpus, generator_cpus;
    nlohmann::ordered_json command;       // every option of the run as it was in force
    nlohmann::ordered_json server_stats;  // the server's own /stats after the load; null = none
    std::optional<CrossCheck> cross_check;
    std::string server_log{};  // what the server wrote, from the result folder; empty = not kept
    // A trial that could not run has no requests and an INVALID verdict with the reason.
    RunResult result;

    // As it was seen; in older files by where both were pinned.
    CpusHad cpus() const;
    bool counts() const { return result.verdict.valid && !superseded; }
};

struct Experiment {
    nlohmann::ordered_json environment;
    nlohmann::ordered_json settings;  // the whole plan, enough to continue it (see plan_json.hpp)
    std::uint64_t seed = 1;
    double started_unix_s = 0;
    std::string command_line;
    bool complete = false;  // false: interrupted, --resume continues it
    std::vector<Trial> trials;
};

}  // namespace echotrio::loadgen
