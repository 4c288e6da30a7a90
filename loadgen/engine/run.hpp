// One load on one target: sends by the schedule, matches replies, counts everything. It knows
// nothing of servers' processes, files or verdicts (see experiment/trial.hpp for the whole).
//
// The rule of the window: a request belongs to it when its intended start lies in [begin, end). At
// the end no further request falls due; what is due is still sent for up to a second and answered
// within the timeout (the drain), so that a stall at the end is in the figures. Latency holds all
// requests of the window except failed ones: a timeout as the time until it ran out, what was
// never sent or answered as the time it had waited. Only the throughput looks at when replies came.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/record/run_result.hpp"
#include "loadgen/schedule/schedule.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

enum class Scheme : std::uint8_t { tcp, http };

// tcp://host:port or http://host[:port]/path?query
struct Target {
    Scheme scheme = Scheme::tcp;
    net::HostPort where;
    std::string path = "/";  // with the query
};
Result<Target> parse_target(const std::string& url);

// A share of the requests that differs from the rest: "slow:2:/echo/x?cpu=20ms".
struct RequestClass {
    std::string name;
    double weight = 1;
    std::string path;
};
// "NAME:WEIGHT:PATH". Error: what to write instead.
Result<RequestClass> parse_class(const std::string& text);

struct RunOptions {
    Target target;
    std::uint64_t connections = 1;
    std::uint64_t threads = 1;
    Nanos duration = std::chrono::seconds(10);
    std::uint64_t requests = 0;  // > 0: end after that many instead of `duration`
    Nanos warmup = std::chrono::seconds(1);
    std::vector<RateStep> rate;  // empty = closed loop; one step with duration 0 = all of it
    Arrival arrival = Arrival::poisson;
    std::uint64_t size = 64;  // raw message, bytes
    Nanos think{0};
    std::uint64_t requests_per_connection = 0;  // churn; 0 = keep
    std::uint64_t idle = 0;                     // connections held open and silent
    std::uint64_t pipeline = 1;
    Nanos timeout = std::chrono::seconds(5);
    std::vector<int> cpus;
    std::uint64_t seed = 1;
    std::optional<std::chrono::system_clock::time_point> start_at;
    std::string method;  // "" = GET, or POST where there is a body
    std::string body;
    std::vector<std::string> headers;   // "Name: value"
    std::vector<RequestClass> classes;  // empty = one class, target.path
    bool check_replies = true;          // HTTP: compare the bodies of /echo replies
};

// What can't be asked for together. Error: "--flag: why".
Status check_options(const RunOptions& options);

// Called by the controlling thread, never on the request path.
struct RunHooks {
    std::function<void()> connected;      // all connections (idle ones too) stand: a plateau
    std::function<void()> window_begins;  // the warm-up is over
    std::function<void()> window_ends;
    std::function<void()> drained;          // no request is left; all connections still stand
    std::function<void(Interval&)> second;  // once a second in the window; may fill server_*
    std::function<bool()> stop;             // polled: true ends the run in order (Ctrl-C)
};

// Error: the target can't be resolved or refuses every connection, descriptors don't suffice.
// The verdict in the result is not yet judged, and `server` not filled.
Result<RunResult> run(const RunOptions& options, const RunHooks& hooks = {});

}  // namespace echotrio::loadgen
