// Runs of the real loadgen against real servers, for tests.
#pragma once

#include "loadgen/results/run_result.hpp"
#include "tests/support/server.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace echotrio::test {

// Started, still running.
loadgen::Child start_loadgen(const Words& arguments);

Ran run_loadgen(const Words& arguments);

// A run with --json -, whose books are checked in any case: scheduled = sent + unsent, sent =
// completed + failed + timed out + in flight, in the window and in total.
struct Measured {
    int status = -1;
    std::string err;
    nlohmann::json json;
    loadgen::RunResult result;
    bool has_reason(const std::string& check) const;
    bool has_flag(const std::string& check) const;
    // Whether the server's counters were read too far from the window's ends, and so left out.
    bool read_late() const;
};
Measured measured(const Ran& ran);
Measured measure(const Words& arguments);

}  // namespace echotrio::test
