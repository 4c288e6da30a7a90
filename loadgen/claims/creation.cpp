// What it costs to make a worker, a thread and a coroutine: CPU time.
#include "loadgen/claims/children.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/subjects.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/probe/group.hpp"

#include <fmt/format.h>

#include <fstream>

namespace echotrio::loadgen {
namespace {

// New connections at a rate that every model keeps: as fast as can be would measure the client,
// whom opening one costs as much.
Plan plan(const ClaimContext& context) {
    Workload churn{.name = "churn",
                   .title = "2,000 new TCP connections a second, each for one request",
                   .shows = "what it costs to start and end a thread or a coroutine"};
    churn.load = small_load(context);
    churn.load.target.scheme = Scheme::tcp;
    churn.load.rate = {{.rate = 2000}};
    churn.load.requests_per_connection = 1;
    churn.server_cpus = 1;
    churn.connections = {16};
    return claim_plan(context, {{"threads", "threads", {}}, {"coroutine", "coroutine", {}}},
                      {churn}, context.many_repetitions());
}

// CPU time that a process and its children have used since they began. Empty where it is not told.
std::optional<double> cpu_us_of_family(pid_t parent) {
    double total_ns = 0;
    std::vector<pid_t> pids = children_of(parent);
    pids.push_back(parent);
    for (const pid_t pid : pids) {
        std::ifstream file(fmt::format("/proc/{}/schedstat", pid));
        std::uint64_t on_cpu_ns = 0;
        if (!(file >> on_cpu_ns)) return std::nullopt;
        total_ns += static_cast<double>(on_cpu_ns);
    }
    return total_ns / 1000;
}

std::optional<double> cpu_us_of_pool(const ClaimContext& context, std::uint64_t workers) {
    auto server = start_server(context, "prefork", workers, workers, context.one_cpu());
    if (!server) return std::nullopt;
    auto probe = GroupProbe::attach(server->pid());
    if (!probe) return std::nullopt;
    probe->memory();  // returns once the workers stand still
    const auto cost = cpu_us_of_family(server->pid());
    server->stop();
    return cost;
}

// CPU time that one worker more costs until it waits for connections: its fork and its beginning.
std::vector<double> process_costs_us(const ClaimContext& context) {
    constexpr std::uint64_t kFew = 3, kMany = 203;
    std::vector<double> costs;
    for (std::uint64_t i = 0; i < context.many_repetitions() && !context.stop(); ++i) {
        const auto few = cpu_us_of_pool(context, kFew), many = cpu_us_of_pool(context, kMany);
        if (!few || !many) return {};
        costs.push_back((*many - *few) / (kMany - kFew));
    }
    return costs;
}

std::vector<Measurement> measure(const ClaimContext& context, const Trials& trials) {
    const auto cost = [](const RunResult& r) {
        return r.server ? r.server->cpu_us_per_request : std::nullopt;
    };
    const auto processes = process_costs_us(context);
    const auto threads = trials.figures({"threads", "churn"}, cost);
    const auto coroutines = trials.figures({"coroutine", "churn"}, cost);
    const auto process = median_figure({"process_us", "a process", "prefork", "us"}, processes);
    const auto thread =
        median_figure({"connection_with_thread_us", "a thread", "threads", "us"}, threads);
    const auto coroutine = median_figure(
        {"connection_with_coroutine_us", "a coroutine", "coroutine", "us"}, coroutines);
    const auto process_over = ratio_figure_apart(
        {"process_over_thread/ratio", "a process over a thread"}, processes, threads);
    const auto thread_over =
        ratio_figure(context, {"thread_over_coroutine/ratio", "a thread over a coroutine"},
                     trials.pairs({"threads", "churn"}, {"coroutine", "churn"}, cost));
    return {{figures_of({process, thread, coroutine, process_over, thread_over}),
             fmt::format("CPU time of one more worker is {}, of a whole short connection {} with a "
                         "thread and {} with a coroutine; ratios {} and {}",
                         value_in_words(process), value_in_words(thread), value_in_words(coroutine),
                         in_words(process_over), in_words(thread_over))}};
}

}  // namespace

ClaimTest creation() {
    Sentence sentence{
        "process-thread-coroutine-creation",
        "Creating a process takes longer than creating a thread, and a thread longer than a "
        "coroutine",
        {above("process_over_thread/ratio", 1, 1), above("thread_over_coroutine/ratio", 1, 1)},
        ClaimPicture{"CPU time to make one",
                     {"process_us", "connection_with_thread_us", "connection_with_coroutine_us"},
                     true}};
    sentence.source = {
        "a worker: the CPU time that starting a pool of 203 takes beyond that of a pool of 3; a "
        "thread and a coroutine: the CPU time of a whole connection with one request, at 2,000 a "
        "second",
        "loadgen/claims/creation.cpp", "measure"};
    return {"time of a worker, a thread, a coroutine", {sentence}, measure, plan, 1, true};
}

}  // namespace echotrio::loadgen
