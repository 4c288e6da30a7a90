// Carries out `loadgen tune`: measures settings of a server, each trial on one that was started for
// it, as analysis/setting_search.hpp asks for them, and tells what was found.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "loadgen/analysis/objective.hpp"
#include "loadgen/analysis/setting_search.hpp"
#include "loadgen/load/load.hpp"
#include "loadgen/results/subject.hpp"
#include "loadgen/results/tuning.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

struct TunerOptions {
    std::vector<TunedAxis> axes;
    std::function<Result<Subject>(const Setting&)> subject;  // the server with that setting
    RunOptions load;                                         // its rate is chosen here
    Objective objective;
    std::optional<double> memory_bytes{}, cpus{};  // that the server may have
    double first_rate = 100;                       // requests/s, tried at the first setting
    double precision = 0.05;                       // of a rate: first miss / last pass - 1
    Nanos budget = std::chrono::minutes(10);       // no trial begins that would end later
    std::uint64_t rounds = 5;                      // of the comparison
    double ceiling_rps = 0;                        // as in TrialOptions
};

struct TunerHooks {
    std::function<void(const TuneTrial&)> finished;  // may be empty
    std::function<bool()> stop, hurry;               // as in RunnerHooks
};

// Error: a server could not be started before any was, or a subject is wrong. Called off or out of
// time, what is known by then is told as incomplete.
Result<Tuning> tune(const TunerOptions& options, const TunerHooks& hooks);

// CPUs that a server gets which may use `cpus` of them (empty: its share): whole ones to run on.
// Error: there are not so many.
Result<std::vector<int>> cpus_to_tune_on(const std::optional<double>& cpus);

}  // namespace echotrio::loadgen
