#include "loadgen/design/workload.hpp"

#include "loadgen/models/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace echotrio::loadgen {
namespace {

using std::chrono::milliseconds;

// A silent workload's one active connection asks this often, evenly: a p99 within the short window.
constexpr double kHeartbeatRate = 2000;

RunOptions get(std::string path) {
    RunOptions load = usual_load();
    load.target.path = std::move(path);
    return load;
}

RunOptions raw() {
    RunOptions load = usual_load();
    load.target.scheme = Scheme::tcp;
    return load;
}

RunOptions at_rate(RunOptions load, double rate) {
    load.rate = {{.rate = rate}};
    return load;
}

RunOptions mixed() {
    RunOptions load = at_rate(usual_load(), 1000);
    load.classes = {{.name = "small", .weight = 98, .path = "/echo/hi"},
                    {.name = "heavy", .weight = 2, .path = "/echo/hi?cpu=20ms"}};
    return load;
}

RunOptions churn() {
    // Opening costs the client as much: as fast as can be would measure the client.
    RunOptions load = at_rate(raw(), 5000);
    load.requests_per_connection = 1;
    return load;
}

RunOptions steady() {
    RunOptions load = usual_load();
    load.duration = milliseconds(2000);  // at a tenth of the capacity little happens in a second
    return load;
}

RunOptions page() {
    RunOptions load = get("/");
    load.expect_status = 200;
    return load;
}

RunOptions heartbeat() {
    RunOptions load = at_rate(raw(), kHeartbeatRate);
    load.duration = milliseconds(400);
    load.warmup = milliseconds(250);  // as long as it takes to look at a thousand threads
    return load;
}

std::vector<Workload> make_standard() {
    return {
        {.name = "echo",
         .title = "raw TCP echo of 64 bytes, as fast as replies come back",
         .shows = "what a request costs when there is nothing to do but move bytes",
         .load = raw(),
         .connections = {1, 4, 16, 64, 256, 1000},
         .quick_connections = {64}},
        {.name = "http",
         .title = "HTTP keep-alive, GET /echo/hi",
         .shows = "the same with a protocol to parse; wrk checks the figures",
         .connections = {64},
         .quick_connections = {64}},
        {.name = "cpu",
         .title = "HTTP requests that each cost 1 ms of CPU work",
         .shows = "who can use a second core: one global lock and one loop can't",
         .load = get("/echo/hi?cpu=1ms"),
         .many_cpus = true,
         .quick_duration = milliseconds(400),
         .quick_rounds = 3,  // differs least from round to round, and has the most places
         .connections = {8},
         .quick_connections = {8}},
        {.name = "wait",
         .title = "HTTP requests that each wait 50 ms on something outside",
         .shows = "how many requests can wait at once; a worker that waits serves nobody else",
         .load = get("/echo/hi?wait=50ms"),
         .quick_duration = milliseconds(500),
         .connections = {64, 256, 1000},
         .quick_connections = {1000}},
        {.name = "mixed",
         .title = "1,000 requests/s, 2 % of them cost 20 ms of CPU work, the rest nothing",
         .shows = "what a small request suffers beside a heavy one: fair scheduling, a switch "
                  "interval, or a whole heavy request",
         .load = mixed(),
         .many_cpus = true,
         .quick_duration = milliseconds(900),
         .connections = {64},
         .quick_connections = {64},
         .headline = "small_p99_us"},
        {.name = "churn",
         .title = "5,000 new TCP connections a second, each for one request of 64 bytes",
         .shows = "what it costs to accept, start and end a connection",
         .load = churn(),
         .quick_duration = milliseconds(600),
         .connections = {16},
         .quick_connections = {16},
         .headline = "requests_per_cpu_s"},
        {.name = "steady",
         .title = "GET /echo/hi at 10 % and 50 % of what the slowest server can do, equal for all",
         .shows = "what a request costs and waits when nobody is pressed: saturated loops flatter "
                  "whoever answers many at once",
         .load = steady(),
         .shares = {0.1, 0.5},
         .quick_shares = {0.5},
         .quick_duration = milliseconds(300),
         .connections = {64},
         .quick_connections = {64},
         .headline = "requests_per_cpu_s"},
        {.name = "idle",
         .title = "connections that stay open and say nothing",
         .shows = "the memory that a connection costs while it only exists",
         .load = heartbeat(),
         .silent = true,
         .quick_warmup = milliseconds(250),
         .quick_rounds = 2,
         .connections = {50, 100, 150, 250, 1000, 2000},
         .quick_connections = {50, 100, 200, 250, 2000},
         .headline = "memory"},
        {.name = "page",
         .title = "HTTP keep-alive, GET of a page",
         .shows = "what any web server does with its page, the built-in ones with theirs at /",
         .load = page(),
         .page = true,
         .connections = {1, 16, 64},
         .quick_connections = {1, 16, 64}},
    };
}

}  // namespace

RunOptions usual_load() {
    RunOptions load;
    load.target.scheme = Scheme::http;
    load.target.path = "/echo/hi";
    load.duration = milliseconds(1000);
    load.warmup = milliseconds(250);
    load.timeout = std::chrono::seconds(2);
    return load;
}

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
    RunOptions options = workload.load;
    options.target.where = where;
    options.connections = workload.silent ? 1 : level.connections;
    if (workload.silent) {
        options.idle = level.connections;
        options.arrival = Arrival::constant;
    }
    if (level.rate > 0) options.rate = {{.rate = level.rate}};
    return options;
}

std::vector<std::uint64_t> server_cpu_counts(const Workload& workload, std::uint64_t usable) {
    if (!workload.many_cpus) return {0};
    const std::uint64_t free = usable > 2 ? usable - 1 : usable;
    if (free < 2) return {1};
    return {1, free};
}

RunOptions run_options(const Workload& workload, const Level& level, const Variant& variant,
                       const net::HostPort& where) {
    RunOptions options = run_options(workload, level, where);
    if (workload.page && variant.server) {
        options.target.path = variant.server->path;
        options.expect_status = variant.server->expect_status;
    }
    return options;
}

bool takes(const Variant& variant, const Workload& workload) {
    if (!variant.server || variant.server->speaks_our_protocol || workload.page) return true;
    const Workload* known = find_workload(standard_workloads(), workload.name);
    return known == nullptr || known->page;
}

bool tries(const Variant& variant, const Workload& workload) {
    return !variant.only_many_cpus || workload.many_cpus;
}

std::vector<Variant> usual_variants(std::uint64_t usable) {
    std::vector<Variant> variants;
    for (const std::string& model : model_names()) variants.push_back({model, model, {}});
    const std::uint64_t most = server_cpu_counts({.name = "", .many_cpus = true}, usable).back();
    const auto count = fmt::format("{}", std::max<std::uint64_t>(most, 2));
    for (const Model& model : models()) {
        if (model.processes.empty()) continue;
        variants.push_back({.label = fmt::format("{} x {}", model.name, count),
                            .model = std::string(model.name),
                            .arguments = {std::string(model.processes), count},
                            .only_many_cpus = true});
    }
    return variants;
}

std::vector<std::string> server_arguments(const Variant& variant, const Workload& workload,
                                          const Level& level) {
    std::vector<std::string> arguments = variant.arguments;
    // One more than connections, so that accepting is never what they wait for. Spares are not
    // culled during the trial: it would measure the culling.
    const std::uint64_t asking = workload.silent ? 1 : 0;
    const std::uint64_t workers = level.connections + workload.background.connections + asking + 1;
    const auto more = pool_arguments(variant.model, arguments, workers, workload.most_workers);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

std::uint64_t connections_held(const RunResult& result, std::string_view model) {
    const std::uint64_t held = result.connections.idle - result.connections.idle_lost;
    if (!is_pool(model) || !result.server) return held;
    return std::min(held, result.server->processes - 1);
}

}  // namespace echotrio::loadgen
