// Who notices that a process of the server was killed.
#include "loadgen/claims/children.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/raw_clients.hpp"
#include "loadgen/claims/subjects.hpp"
#include "loadgen/models/models.hpp"

#include <fmt/format.h>

#include <csignal>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kConnections = 8;

// Kills what serves one of the connections, or the whole server where that is one process; how many
// of the connections are answered afterwards.
Result<std::size_t> survivors(const ClaimContext& context, const std::string& model) {
    auto server = start_server(context, model, kConnections, kConnections + 1);
    if (!server) return server.error();
    const auto clients = RawClients::connect(server->where(), kConnections);
    if (!clients) return clients.error();
    if (clients->answered() != kConnections) {
        return Error{"not every connection was answered at first"};
    }
    const auto workers = children_of(server->pid());
    if (is_pool(model) && workers.empty()) {
        return Error{"the workers can't be told: /proc/PID/task/PID/children is missing"};
    }
    const pid_t victim = workers.empty() ? server->pid() : workers.front();
    ::kill(victim, SIGKILL);
    if (workers.empty()) server->child().wait(kPatience);
    return clients->answered();
}

std::vector<Measurement> measure(const ClaimContext& context, const Trials&) {
    const auto prefork = survivors(context, "prefork");
    const auto threads = survivors(context, "threads");
    const auto coroutine = survivors(context, "coroutine");
    Measurement contained, shared;
    for (const auto* one : {&prefork, &threads, &coroutine}) {
        if (*one) continue;
        contained.reason = shared.reason = one->error().message;
        return {contained, shared};
    }
    const auto survive = [](const std::string& model, std::size_t count) {
        return exact_figure({"survive_in_" + model, model, model}, static_cast<double>(count));
    };
    contained.notes["connections"] = shared.notes["connections"] = kConnections;
    contained.figures = {survive("prefork", *prefork)};
    contained.reason = fmt::format("after kill -9 of one worker {} of {} connections are answered",
                                   *prefork, kConnections);
    shared.figures = {survive("threads", *threads), survive("coroutine", *coroutine)};
    shared.reason = fmt::format(
        "after kill -9 {} of {} connections of threads and {} of coroutine are answered", *threads,
        kConnections, *coroutine);
    return {contained, shared};
}

}  // namespace

ClaimTest contained_faults() {
    const std::string title = fmt::format("connections of {} that survive a kill", kConnections);
    constexpr double kAllButOne = kConnections - 1;
    Sentence contained{"process-contains-faults",
                       "A process is a container: a fault that kills a worker takes down only its "
                       "own connection",
                       {within("survive_in_prefork", kAllButOne, kAllButOne)},
                       ClaimPicture{title, {"survive_in_prefork"}},
                       false};
    Sentence shared{"shared-process-shares-faults",
                    "The same fault takes a server of threads or of coroutines down whole",
                    {within("survive_in_threads", 0, 0), within("survive_in_coroutine", 0, 0)},
                    ClaimPicture{title, {"survive_in_threads", "survive_in_coroutine"}},
                    false};
    contained.source = {
        "a server with 8 connections loses the worker that serves one of them to kill -9; then "
        "every connection is asked again",
        "loadgen/claims/contained_faults.cpp", "survivors"};
    shared.source = {
        "a server with 8 connections loses its process, which serves them all, to kill -9; then "
        "every connection is asked again",
        "loadgen/claims/contained_faults.cpp", "survivors"};
    return {.name = "a fault in one connection",
            .sentences = {contained, shared},
            .measure = measure,
            .own_means = true};
}

}  // namespace echotrio::loadgen
