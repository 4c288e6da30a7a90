// A trial on a server that we have started.
#pragma once

#include "loadgen/experiment/trial.hpp"
#include "loadgen/subject/running_subject.hpp"

#include <string>

namespace echotrio::loadgen {

// Sets what `options` say of the server to this one; it must outlive the trial.
void measure(RunningSubject& server, TrialOptions& options);

// What only we know, who started it: how long that took, and how it ended if it did. `log`: where
// its output can be read; empty = nowhere.
void tell_of(RunningSubject& server, const std::string& log, RunResult& result);

// Starts it, pinned apart from the generator where that has no CPUs of its own choice, runs the
// load on it, whatever host and port `options` name, and stops it. `hurry` as in Guard::stop.
// Errors as of RunningSubject and run_trial.
Result<RunResult> run_trial_on(const Subject& subject, TrialOptions options,
                               const std::function<void(const Interval&)>& progress,
                               const std::function<bool()>& stop,
                               const std::function<bool()>& hurry);

}  // namespace echotrio::loadgen
