// Sentences that are often said of processes, threads, the global lock and coroutines, each as an
// experiment with a measurement, an effect size, its interval and a verdict.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/engine/run.hpp"
#include "loadgen/record/run_result.hpp"

#include <nlohmann/json.hpp>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace echotrio::loadgen {

enum class ClaimVerdict : std::uint8_t { supported, refuted, inconclusive, not_testable };
inline const char* name_of(ClaimVerdict verdict) {
    constexpr const char* kNames[] = {"supported", "refuted", "inconclusive", "not_testable"};
    return kNames[static_cast<std::size_t>(verdict)];
}

struct Claim {
    std::string id;
    std::string sentence;
    ClaimVerdict verdict = ClaimVerdict::inconclusive;
    nlohmann::ordered_json evidence = nlohmann::ordered_json::object();
    std::string reason{};  // the measurement in words, with the effect and its interval
    // What it rests on: times, which a busy machine moves either way, or states and memory that are
    // waited for, which it can only keep from coming about.
    bool by_time = true;
};

// The share of the machine, 0 to 1, beyond which others make it unfit for an experiment. More than
// the verdict of a run allows: repetitions and intervals stand between these and the claim.
inline constexpr double kBusyMachine = 0.10;

// A verdict that others on the machine may have brought about becomes inconclusive, and the reason
// says so: any that rests on times, and every refutation. `others`: the share of the machine that
// they used meanwhile; empty where that is not known. Pure.
void weigh_machine(Claim& claim, std::optional<double> others);

struct ClaimContext {
    std::string bin_dir;
    std::vector<int> cpus;  // usable ones
    bool quick = false;
    std::uint64_t seed = 1;
    std::function<bool()> stop;

    std::uint64_t repetitions() const { return quick ? 3 : 7; }
    // Where neighbours on the machine blur a single run: from five on a ratio's interval is the
    // bootstrap's, which one bad run does not stretch.
    std::uint64_t many_repetitions() const { return quick ? 5 : 9; }
    std::vector<int> one_cpu() const { return {cpus.front()}; }
    std::vector<int> two_cpus() const { return {cpus[0], cpus[1]}; }  // Precondition: there are two
    std::vector<int> generator_cpus() const { return {cpus.back()}; }
};

// One experiment may judge several sentences.
struct ClaimTest {
    const char* name;  // what is being measured, for the progress line
    std::vector<Claim> (*run)(const ClaimContext& context);
    std::vector<std::string> ids;  // of its claims
};
const std::vector<ClaimTest>& claim_tests();
std::vector<std::string> claim_ids();

// Runs the experiment and weighs its claims by what others used of the machine meanwhile.
std::vector<Claim> judge_claims(const ClaimTest& test, const ClaimContext& context);

// --- What the experiments are made of ---

// A server and what is done to it.
struct Condition {
    std::string label;
    std::string model;
    std::vector<std::string> arguments;
    std::vector<int> server_cpus;
    // CPU-heavy requests that are in flight on connections of their own during the whole window.
    std::uint64_t beside = 0;
    Nanos beside_cost{0};  // of each, at most 10 s
    std::function<void(RunOptions&)> load;
    // Times are taken from it: a run that the verdict calls INVALID tells none. Not where memory or
    // the CPU time of a request is, which a generator that is late does not change.
    bool timed = true;
};

// Every condition `repetitions` times, each with a fresh server, in rounds of random order. What
// could not run, and of the timed ones what is INVALID, is missing from the list; `trouble` says
// why. So that a passing disturbance does not cost a figure, some INVALID runs are repeated.
struct Measured {
    std::map<std::string, std::vector<RunResult>> results;
    std::map<std::string, std::uint64_t> unanswered;  // runs without a single reply
    std::string trouble;
    // The figure of every run of that condition that has one.
    std::vector<double> figures(
        const std::string& label,
        const std::function<std::optional<double>(const RunResult&)>& of) const;
};
Measured measure(const ClaimContext& context, const std::vector<Condition>& conditions,
                 std::uint64_t repetitions);
// Says in an inconclusive claim's reason why there are figures missing, if there are.
void explain(Claim& claim, const Measured& measured);

// Threads of the server that ran or were ready to run, on average: what it could make use of.
// Unlike a rate it does not depend on what else the machine had to do. Threads that wake in vain
// count, too: those that wait for the global lock do, once a switch interval, and on a busy machine
// then wait for a CPU. Empty where the system does not tell how long threads waited for one.
std::optional<double> runnable(const RunResult& result);

// Requests/s, had these CPUs been free for the server: what a CPU-second of it got done, times the
// CPUs that it could use. On a quiet machine that is the throughput; where that can't be told, too.
std::optional<double> undisturbed_rps(const RunResult& result, double cpus);

// GET requests on kept connections for half a second (quick) or a second.
void small_http_load(const ClaimContext& context, RunOptions& options);

std::vector<pid_t> children_of(pid_t parent);  // now, ascending

// {"ratio": x, "ci95": [lo, hi], "n": [n, m]} of the medians; empty where there is none.
struct Effect {
    nlohmann::ordered_json json;
    double value = 0, low = 0, high = 0;
    bool known = false;
    std::string text;  // "1.95 (95 % interval 1.90 to 2.01)"
};
Effect effect_of(const ClaimContext& context, const std::vector<double>& numerator,
                 const std::vector<double>& denominator);

// The experiments, by theme.
std::vector<Claim> contained_faults(const ClaimContext& context);    // claims_process.cpp
std::vector<Claim> resources_on_need(const ClaimContext& context);   // claims_process.cpp
std::vector<Claim> costs_of_being(const ClaimContext& context);      // claims_memory.cpp
std::vector<Claim> most_connections(const ClaimContext& context);    // claims_memory.cpp
std::vector<Claim> sharing(const ClaimContext& context);             // claims_sharing.cpp
std::vector<Claim> scaling_with_cores(const ClaimContext& context);  // claims_lock.cpp
std::vector<Claim> one_processor(const ClaimContext& context);       // claims_lock.cpp
std::vector<Claim> preemption(const ClaimContext& context);          // claims_lock.cpp
std::vector<Claim> yielding(const ClaimContext& context);            // claims_lock.cpp

}  // namespace echotrio::loadgen
