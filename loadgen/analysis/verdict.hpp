// Whether a run can be trusted: the checks and thresholds of docs/measurement.md, in one table.
// Pure: a function of the result and of what was asked for.
#pragma once

#include "loadgen/record/run_result.hpp"

namespace echotrio::loadgen {

// What the judge must know that the result does not say.
struct VerdictContext {
    bool open_loop = false;
    bool poisson = false;
    bool shared_cpus = false;       // client and server may run on the same CPU
    double ceiling_rps = 0;         // of `calibrate`, 0 = not known
    bool trusted_build = true;      // false: debug or sanitizer build
    std::uint64_t connections = 0;  // -c
    std::uint64_t concurrency = 0;  // connections x pipeline (Little's law), 0 = none
    double think_s = 0;
    std::optional<std::uint64_t> server_requests;  // the server's own count, where it could be read
};

Verdict judge(const RunResult& result, const VerdictContext& context);

}  // namespace echotrio::loadgen
