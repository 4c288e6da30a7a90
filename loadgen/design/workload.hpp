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
    bool page = false;       // asks any web server: a --server has a path and status of its own
    bool silent = false;     // the connections say nothing; one more asks now and then
    bool many_cpus = false;  // its story is cores: a row at one CPU, and one at all there are
    std::uint64_t server_cpus = 0;              // exactly so many, where there are; 0 = its share
    std::uint64_t most_workers = kMostWorkers;  // of a pool
    BackgroundLoad background{};
    // Open loop at these shares of what the slowest of the compared servers can do (0.1 = 10 %),
    // the same rates for all; found by a probe (see probe_plan).
    std::vector<double> shares{}, quick_shares{};
    std::uint64_t most_rounds = 0;  // 0 = as many as the plan has
    // With --quick: the window, what comes before it, and in how many rounds (0 = in all).
    Nanos quick_duration = std::chrono::milliseconds(200);
    Nanos quick_warmup = std::chrono::milliseconds(100);
    std::uint64_t quick_rounds = 0;
    std::vector<std::uint64_t> connections{}, quick_connections{};
    std::string headline = "throughput_rps";  // the metric that ranks the models here
};

const std::vector<Workload>& standard_workloads();

// Whether the server can be asked for this: one that does not speak our protocol has pages alone,
// and what the user's own workloads ask for.
bool takes(const Variant& variant, const Workload& workload);

// Whether a plan tries the variant on this workload.
bool tries(const Variant& variant, const Workload& workload);

// What is compared where nobody says otherwise: each model, and those that can serve from several
// processes also so ("coroutine x 4"), with one for each CPU that a server can have (at least two),
// on the workloads alone whose story is cores. `usable` as of server_cpu_counts.
std::vector<Variant> usual_variants(std::uint64_t usable);

// Empty when there is none of that name.
const Workload* find_workload(const std::vector<Workload>& workloads, std::string_view name);

// What the generator does at this level against `where`.
RunOptions run_options(const Workload& workload, const Level& level, const net::HostPort& where);
// The same of a certain server.
RunOptions run_options(const Workload& workload, const Level& level, const Variant& variant,
                       const net::HostPort& where);

// How many CPUs the server gets at each number of connections, a row each, ascending: where cores
// are the workload's story one, and all that it can have. That is all but the generator's one, of
// two CPUs both; the same at every number of connections, so that these make a curve. {0}: its
// share of the machine. `usable`: CPUs that there are for both, at least one.
std::vector<std::uint64_t> server_cpu_counts(const Workload& workload, std::uint64_t usable);

// What a server is told so that it can serve this level as well as its model allows: a pool starts
// a worker per connection at once, up to the workload's most, instead of growing them second by
// second.
std::vector<std::string> server_arguments(const Variant& variant, const Workload& workload,
                                          const Level& level);

// Silent connections that a server of this model really had in hand: nothing is answered on them,
// so a pool's size tells it.
std::uint64_t connections_held(const RunResult& result, std::string_view model);

}  // namespace echotrio::loadgen
