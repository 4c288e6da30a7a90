// The workloads of a comparison: what is asked of every server, and how large. Pure tables.
#pragma once

#include "loadgen/load/load.hpp"
#include "loadgen/results/experiment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// How many workers a pool has at most, where a workload says nothing else.
inline constexpr std::uint64_t kMostWorkers = 256;

// The load of a trial where a workload says nothing else: GET /echo/hi on kept connections as fast
// as replies come, for a second after a quarter of one. Connections that starve take its timeout to
// give up.
RunOptions usual_load();

// Requests that are under way beside the load from its begin to its end, one on each of some
// connections of their own. They are not measured; the server is killed at the end instead of
// drained, which would wait for them.
struct BackgroundLoad {
    std::uint64_t connections = 0;
    std::string path;  // of one that takes longer than the trial: "/echo/x?cpu=4s"
};

struct Workload {
    std::string name;
    std::string title{};  // what is asked, in a few words
    std::string shows{};  // what the reader can learn from it
    // What the generator does; a level fills in the connections, and its rate where it has one.
    RunOptions load = usual_load();
    bool silent = false;     // the connections say nothing; one more asks now and then
    bool many_cpus = false;  // pointless on one server CPU: shares the generator's if it must
    std::uint64_t server_cpus = 0;              // exactly so many, where there are; 0 = its share
    std::uint64_t most_workers = kMostWorkers;  // of a pool
    BackgroundLoad background{};
    Nanos quick_duration = std::chrono::milliseconds(500);  // of the window with --quick
    std::vector<std::uint64_t> connections{}, quick_connections{};
    std::string headline = "throughput_rps";  // the metric that ranks the models here
};

const std::vector<Workload>& standard_workloads();

// Empty when there is none of that name.
const Workload* find_workload(const std::vector<Workload>& workloads, std::string_view name);

// What the generator does at this level against `where`.
RunOptions run_options(const Workload& workload, const Level& level, const net::HostPort& where);

// What a server is told so that it can serve this level as well as its model allows: a pool starts
// a worker per connection at once, up to the workload's most, instead of growing them second by
// second.
std::vector<std::string> server_arguments(const Variant& variant, const Workload& workload,
                                          const Level& level);

// Silent connections that a server of this model really had in hand: nothing is answered on them,
// so a pool's size tells it.
std::uint64_t connections_held(const RunResult& result, std::string_view model);

}  // namespace echotrio::loadgen
