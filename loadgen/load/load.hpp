// What load is put on what: the target, and everything that may be asked of a run. Plain data,
// which the command line, a workload and a plan fill, and the engine carries out.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/load/idle_strategy.hpp"
#include "loadgen/schedule/schedule.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

enum class Scheme : std::uint8_t { tcp, http };

// tcp://host:port or http://host[:port]/path?query; without a scheme http:// is meant.
struct Target {
    Scheme scheme = Scheme::tcp;
    net::HostPort where;
    std::string path = "/";  // with the query
};
Result<Target> parse_target(const std::string& url);
bool has_scheme(std::string_view url);

// What the Host field says (RFC 9110, 7.2): no port where it is that of http, IPv6 in brackets.
std::string host_field(const net::HostPort& where);

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
    std::vector<RateStep> rate;    // one step with duration 0 = all of it
    std::optional<Replay> replay;  // or recorded arrivals; neither = closed loop
    Arrival arrival = Arrival::poisson;
    std::uint64_t size = 64;  // raw message, bytes
    Nanos think{0};
    std::uint64_t requests_per_connection = 0;  // churn; 0 = keep
    std::uint64_t idle = 0;                     // connections held open and silent
    std::uint64_t pipeline = 1;
    Nanos timeout = std::chrono::seconds(5);
    std::vector<int> cpus;
    IdleStrategy idle_strategy = IdleStrategy::automatic;
    std::uint64_t seed = 1;
    std::uint64_t generator = 0;  // which of several, from 0
    std::optional<std::chrono::system_clock::time_point> start_at;
    std::string method;  // "" = GET, or POST where there is a body
    std::string body;
    std::vector<std::string> headers;   // "Name: value"
    std::vector<RequestClass> classes;  // empty = one class, target.path
    bool check_replies = true;          // HTTP: compare the bodies of /echo replies
    std::uint16_t expect_status = 0;    // HTTP: a reply with another has failed; 0 = one below 400

    bool is_open_loop() const { return !rate.empty() || replay.has_value(); }
};

// What can't be asked for together. Error: "--flag: why".
Status check_options(const RunOptions& options);

}  // namespace echotrio::loadgen
