// Sentences that are often said of processes, threads, the global lock and coroutines, each as an
// experiment with a measurement, an effect size, its interval and a verdict.
//
// A new one is a file with a function that gives its ClaimTest, and its line in experiments.hpp.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/claims/rule.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/models/interpreter.hpp"
#include "loadgen/results/claim.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// The share of the machine, 0 to 1, beyond which others make it unfit for an experiment. More than
// the verdict of a run allows: repetitions and intervals stand between these and the claim.
inline constexpr double kBusyMachine = 0.10;

// A verdict that others on the machine may have brought about becomes inconclusive, and the reason
// says so: any that rests on times, and every refutation. `others`: the share of the machine that
// they used meanwhile; empty where that is not known. Pure.
void weigh_machine(Claim& claim, std::optional<double> others);

// A Python in which the sentences are judged, too, and where the models' twins are.
struct Python {
    Interpreter interpreter;
    std::string scripts;
};

struct ClaimContext {
    std::string bin_dir;
    std::vector<int> cpus;  // usable ones
    bool quick = false;
    std::uint64_t seed = 1;
    std::function<bool()> stop;
    std::function<bool()> hurry{};  // as in Guard::stop
    // Where the trials of load experiments are kept, a folder each; empty: nowhere.
    std::string folder{};
    // Whose servers are looked at: the models, or their twins in this Python.
    std::optional<Python> python{};

    std::uint64_t repetitions() const { return quick ? 3 : 7; }
    // Where neighbours on the machine blur a single run: of nine one bad one does not stretch a
    // ratio's interval.
    std::uint64_t many_repetitions() const { return quick ? 5 : 9; }
    std::vector<int> one_cpu() const { return {cpus.front()}; }
};

// What is said, and when it counts as shown.
struct Sentence {
    std::string id;
    std::string text;
    Rule rule;
    std::optional<ClaimPicture> picture{};
    bool by_time = true;  // see Claim
    ClaimSource source{};
    // The variant of the plan that it rests on and that not every Python has a twin of; may be
    // empty.
    std::string needs{};
};

// What was found of one sentence.
struct Measurement {
    std::vector<ClaimFigure> figures{};
    std::string reason{};  // the figures in words, or why there are none
    nlohmann::ordered_json notes = nlohmann::ordered_json::object();  // evidence that is no figure
};

class Trials;

// One experiment, which may judge several sentences.
struct ClaimTest {
    std::string name;  // what is being measured, for the progress line
    std::vector<Sentence> sentences;
    // A measurement for each of the sentences, in their order, from the plan's trials or, without a
    // plan, by means of its own.
    std::function<std::vector<Measurement>(const ClaimContext& context, const Trials& trials)>
        measure;
    std::function<Plan(const ClaimContext& context)> plan{};  // empty: no load experiment
    std::size_t cpus = 1;                                     // it can't do with fewer
    // Figures are taken by other means than the plan's trials, too, and so not round by round.
    bool own_means = false;
    std::string not_in_python{};  // why its sentences can't be judged there; empty = they can
};

const std::vector<ClaimTest>& claim_tests();
std::vector<std::string> claim_ids();

// Carries the experiment out and judges: a claim's rule by its figures, and that by what others
// used of the machine meanwhile. The same for each of these Pythons, in the same rounds, with how
// its figures agree with the models'. Error: the trials can't be kept.
Result<std::vector<Claim>> judge_claims(const ClaimTest& test, const ClaimContext& context,
                                        const std::vector<Python>& pythons = {});

}  // namespace echotrio::loadgen
