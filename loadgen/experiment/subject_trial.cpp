#include "loadgen/experiment/subject_trial.hpp"

#include "loadgen/subject/cpus.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {

void measure(RunningSubject& server, TrialOptions& options) {
    options.run.target.where = server.where();
    options.guard = server.guard().pid();
    options.has_ended = [&server] { return !server.end().empty(); };
}

void tell_of(RunningSubject& server, const std::string& log, RunResult& result) {
    if (result.server) result.server->time_to_ready_s = server.ready_s();
    const std::string end = server.end();
    if (end.empty()) return;
    for (Finding& reason : result.verdict.reasons) {
        if (reason.check != "server" && reason.check != "did not run") continue;
        reason.what += ": " + end;
        if (!log.empty()) reason.advice = "see " + log;
    }
}

Result<RunResult> run_trial_on(const Subject& subject, TrialOptions options,
                               const std::function<void(const Interval&)>& progress,
                               const std::function<bool()>& stop,
                               const std::function<bool()>& hurry) {
    const CpuShare cpus = share_cpus(usable_cpus(), false);
    SubjectStart how;
    how.cpus = cpus.server;
    how.before = [&options] { options.kernel_before = read_kernel_memory(); };
    how.stop = stop;
    how.hurry = hurry;
    auto server = RunningSubject::start(subject, how);
    if (!server) return server.error();
    measure(*server, options);
    options.server_cpus = subject.cpus.empty() ? cpus.server : subject.cpus;
    if (options.run.cpus.empty()) options.run.cpus = cpus.generator;
    auto result = run_trial(options, progress, stop);
    if (!result) {
        const std::string end = server->end();
        server->stop();
        return end.empty() ? result : Error{fmt::format("{}: {}", subject.label, end)};
    }
    tell_of(*server, "", *result);
    if (!server->stop()) {
        return Error{fmt::format("{}: some of its processes can't be killed", subject.label)};
    }
    return result;
}

}  // namespace echotrio::loadgen
