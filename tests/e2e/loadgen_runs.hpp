// Runs of the real loadgen against real servers, for tests.
#pragma once

#include "loadgen/experiment/child.hpp"
#include "loadgen/experiment/server_process.hpp"
#include "loadgen/record/run_result.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace echotrio::test {

using Words = std::vector<std::string>;

// A server of tests/support or of ours, from its ready line to its stop.
class Server {
  public:
    // "fault", or "prefork", "threads", "coroutine".
    explicit Server(const std::string& model, Words arguments = {});

    std::string tcp() const;                          // tcp://host:port
    std::string http(const std::string& path) const;  // http://host:port/path
    const net::HostPort& where() const { return where_; }
    loadgen::Child& child() { return *child_; }
    nlohmann::json stats() const;      // our servers' /stats
    nlohmann::json stop_and_report();  // what the fault server says at its end

  private:
    std::optional<loadgen::Child> child_;
    net::HostPort where_;
};

std::string program(const std::string& name);  // in ECHOTRIO_BIN

// Started, still running.
loadgen::Child start_loadgen(const Words& arguments);

struct Ran {
    int status = -1;
    std::string out, err;
};
Ran finish(loadgen::Child& child);
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
};
Measured measured(const Ran& ran);
Measured measure(const Words& arguments);

}  // namespace echotrio::test
