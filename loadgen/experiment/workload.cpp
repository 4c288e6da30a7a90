#include "loadgen/experiment/workload.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

using std::chrono::milliseconds;

// A silent workload's one active connection asks this often, evenly: a p99 within the short window.
constexpr double kHeartbeatRate = 2000;

std::vector<Workload> make_standard() {
    return {
        {.name = "echo",
         .title = "raw TCP echo of 64 bytes, as fast as replies come back",
         .shows = "what a request costs when there is nothing to do but move bytes",
         .scheme = Scheme::tcp,
         .connections = {1, 4, 16, 64, 256, 1000},
         .quick_connections = {64, 1000}},
        {.name = "http",
         .title = "HTTP keep-alive, GET /echo/hi",
         .shows = "the same with a protocol to parse; wrk checks the figures",
         .connections = {64},
         .quick_connections = {64}},
        {.name = "cpu",
         .title = "HTTP requests that each cost 1 ms of CPU work",
         .shows = "who can use a second core: one global lock and one loop can't",
         .path = "/echo/hi?cpu=1ms",
         .many_cpus = true,
         .quick_duration = milliseconds(700),
         .connections = {8},
         .quick_connections = {8}},
        {.name = "wait",
         .title = "HTTP requests that each wait 50 ms on something outside",
         .shows = "how many requests can wait at once; a worker that waits serves nobody else",
         .path = "/echo/hi?wait=50ms",
         .connections = {64, 256, 1000},
         .quick_connections = {64, 1000}},
        {.name = "mixed",
         .title = "1,000 requests/s, 2 % of them cost 20 ms of CPU work, the rest nothing",
         .shows = "what a small request suffers beside a heavy one: fair scheduling, a switch "
                  "interval, or a whole heavy request",
         .rate = 1000,
         .classes = {{.name = "small", .weight = 98, .path = "/echo/hi"},
                     {.name = "heavy", .weight = 2, .path = "/echo/hi?cpu=20ms"}},
         .connections = {64},
         .quick_connections = {64},
         .headline = "small_p99_us"},
        {.name = "churn",
         .title = "5,000 new TCP connections a second, each for one request of 64 bytes",
         .shows = "what it costs to accept, start and end a connection",
         .scheme = Scheme::tcp,
         .rate = 5000,  // opening costs the client as much: as fast as can be would measure it
         .requests_per_connection = 1,
         .connections = {16},
         .quick_connections = {16},
         .headline = "requests_per_cpu_s"},
        {.name = "idle",
         .title = "connections that stay open and say nothing",
         .shows = "the memory that a connection costs while it only exists",
         .scheme = Scheme::tcp,
         .rate = kHeartbeatRate,
         .silent = true,
         .duration = milliseconds(400),
         .warmup = milliseconds(100),
         .quick_duration = milliseconds(200),
         .connections = {50, 100, 150, 250, 1000, 2000},
         .quick_connections = {50, 100, 200, 250, 1000},
         .headline = "memory"},
    };
}

}  // namespace

const std::vector<Workload>& standard_workloads() {
    static const std::vector<Workload> kWorkloads = make_standard();
    return kWorkloads;
}

const Workload* find_workload(const std::vector<Workload>& workloads, std::string_view name) {
    const auto found = std::find_if(workloads.begin(), workloads.end(),
                                    [&](const Workload& w) { return w.name == name; });
    return found == workloads.end() ? nullptr : &*found;
}

RunOptions run_options(const Workload& workload, const Level& level, const net::HostPort& where) {
    RunOptions options;
    options.target = {workload.scheme, where, workload.path};
    options.connections = workload.silent ? 1 : level.connections;
    options.idle = workload.silent ? level.connections : 0;
    options.duration = workload.duration;
    options.warmup = workload.warmup;
    options.timeout = workload.timeout;
    options.think = workload.think;
    options.requests_per_connection = workload.requests_per_connection;
    options.classes = workload.classes;
    const double rate = level.rate > 0 ? level.rate : workload.rate;
    if (rate > 0) options.rate = {{.rate = rate}};
    if (workload.silent) options.arrival = Arrival::constant;
    return options;
}

std::vector<std::string> server_arguments(const Variant& variant, const Workload& workload,
                                          const Level& level) {
    std::vector<std::string> arguments = variant.arguments;
    const auto given = [&](std::string_view flag) {
        return std::find(arguments.begin(), arguments.end(), flag) != arguments.end();
    };
    if (variant.model == "prefork" && !given("--start-workers")) {
        // One more than connections, so that accepting is never what they wait for. Spares are not
        // culled during the trial: it would measure the culling.
        const std::uint64_t active = level.connections + (workload.silent ? 1 : 0);
        const std::string workers = fmt::format("{}", std::min(active + 1, kMostWorkers));
        arguments.insert(arguments.end(), {"--start-workers", workers, "--min-spare", "1",
                                           "--max-spare", fmt::format("{}", kMostWorkers),
                                           "--max-workers", fmt::format("{}", kMostWorkers)});
    }
    return arguments;
}

}  // namespace echotrio::loadgen
