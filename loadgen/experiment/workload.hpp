// The workloads of a comparison: what is asked of every server, and how large. Pure tables.
#pragma once

#include "loadgen/engine/run.hpp"
#include "loadgen/experiment/experiment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

struct Workload {
    std::string name;
    std::string title;  // what is asked, in a few words
    std::string shows;  // what the reader can learn from it
    Scheme scheme = Scheme::http;
    std::string path = "/echo/hi";
    double rate = 0;  // open loop; 0 = closed loop
    std::vector<RequestClass> classes{};
    std::uint64_t requests_per_connection = 0;
    Nanos think{0};
    bool silent = false;     // the connections say nothing; one more asks now and then
    bool many_cpus = false;  // pointless on one server CPU: shares the generator's if it must
    Nanos duration = std::chrono::milliseconds(1000);  // of one trial's window
    Nanos warmup = std::chrono::milliseconds(250);
    Nanos timeout = std::chrono::seconds(2);  // connections that starve take this long to give up
    Nanos quick_duration = std::chrono::milliseconds(500);
    std::vector<std::uint64_t> connections, quick_connections;
    std::string headline = "throughput_rps";  // the metric that ranks the models here
};

const std::vector<Workload>& standard_workloads();

// Empty when there is none of that name.
const Workload* find_workload(const std::vector<Workload>& workloads, std::string_view name);

// What the generator does at this level against `where`.
RunOptions run_options(const Workload& workload, const Level& level, const net::HostPort& where);

// What a server is told so that it can serve this level as well as its model allows: prefork starts
// a worker per connection at once, up to kMostWorkers, instead of growing them second by second.
inline constexpr std::uint64_t kMostWorkers = 256;
std::vector<std::string> server_arguments(const Variant& variant, const Workload& workload,
                                          const Level& level);

}  // namespace echotrio::loadgen
