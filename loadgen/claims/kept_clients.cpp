// A pool whose workers keep their clients, and one that closes after each reply.
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kWorkers = 4;
// As fast as replies come would be as fast as the client can connect.
constexpr double kRate = 8000;
constexpr const char* kFew = "clients that have a worker each";
constexpr const char* kMany = "twice as many clients as workers";

Plan plan(const ClaimContext& context) {
    Workload few{
        .name = kFew,
        .title = fmt::format("{} requests/s by {} clients, a worker for each", kRate, kWorkers),
        .shows = "what a request costs with and without a connection of its own"};
    few.load = small_load(context);
    few.server_cpus = 1;
    few.connections = {kWorkers};
    Workload many = few;
    few.load.rate = {{.rate = kRate}};
    many.name = kMany;
    many.title = fmt::format("HTTP keep-alive, {} clients, {} workers", 2 * kWorkers, kWorkers);
    many.shows = "who is served where there are more clients than workers";
    many.most_workers = kWorkers;
    many.connections = {2 * kWorkers};
    many.load.duration = std::chrono::milliseconds(300);
    many.load.timeout = std::chrono::seconds(1);  // those who starve are waited for at the end
    return claim_plan(context,
                      {{"keeps", "prefork", {}}, {"closes", "prefork", {"--keep-alive", "off"}}},
                      {few, many}, context.repetitions());
}

std::optional<double> served(const RunResult& result) {
    return static_cast<double>(result.connections.served);
}

std::optional<double> cpu_us(const RunResult& result) {
    return result.server ? result.server->cpu_us_per_request : std::nullopt;
}

// A count that all trials agree on is known; else it is what their median tells. Who is served does
// not depend on how punctual the generator is, no more than memory does.
std::optional<ClaimFigure> served_by(const Trials& trials, const std::string& variant,
                                     const Named& named) {
    const auto counts = trials.memory({variant, kMany}, served);
    if (counts.size() >= 2 && std::equal(counts.begin() + 1, counts.end(), counts.begin())) {
        return exact_figure(named, counts.front());
    }
    return median_figure(named, counts);
}

std::string count_in_words(const std::optional<ClaimFigure>& figure) {
    return figure ? fmt::format("{:.0f}", figure->value) : value_in_words(figure);
}

Measurement starved(const Trials& trials) {
    const auto kept =
        served_by(trials, "keeps", {"served_by_keeping", "workers keep clients", "prefork"});
    const auto closed =
        served_by(trials, "closes", {"served_by_closing", "close after a reply", "prefork"});
    Measurement found{
        figures_of({kept, closed}),
        fmt::format("clients that were ever answered, of {}, by {} workers: {} where these keep "
                    "theirs, {} where they close after each reply",
                    2 * kWorkers, kWorkers, count_in_words(kept), count_in_words(closed))};
    found.notes = {{"clients", 2 * kWorkers}, {"workers", kWorkers}};
    return found;
}

Measurement cost(const ClaimContext& context, const Trials& trials) {
    const Cut keeps{"keeps", kFew}, closes{"closes", kFew};
    const auto kept =
        median_figure({"cpu_us_keeping", "keeps", "prefork", "us"}, trials.figures(keeps, cpu_us));
    const auto closed = median_figure({"cpu_us_closing", "closes", "prefork", "us"},
                                      trials.figures(closes, cpu_us));
    const auto ratio =
        ratio_figure(context, {"closing_over_keeping/ratio", "closing over keeping", "prefork"},
                     trials.pairs(closes, keeps, cpu_us));
    return {figures_of({kept, closed, ratio}),
            fmt::format("CPU time of a request: {} on a kept connection, {} on one of its own; "
                        "ratio {}",
                        value_in_words(kept), value_in_words(closed), in_words(ratio))};
}

}  // namespace

ClaimTest kept_clients() {
    const auto exactly = [](const char* figure, std::uint64_t clients) {
        return within(figure, static_cast<double>(clients), static_cast<double>(clients));
    };
    Sentence starves{
        "kept-clients-starve-others",
        "A worker that keeps its client starves those who come after; workers that close after "
        "each reply serve them all",
        {exactly("served_by_keeping", kWorkers), exactly("served_by_closing", 2 * kWorkers)},
        ClaimPicture{fmt::format("clients answered, of {}, by {} workers", 2 * kWorkers, kWorkers),
                     {"served_by_keeping", "served_by_closing"}},
        false};
    Sentence costs{"closing-costs-a-connection",
                   "To close after each reply costs a connection for every request: more CPU time",
                   {above("closing_over_keeping/ratio", 1.25, 1.1)},
                   ClaimPicture{"CPU time of a request", {"cpu_us_keeping", "cpu_us_closing"}}};
    const auto measure = [](const ClaimContext& context, const Trials& trials) {
        return std::vector{starved(trials), cost(context, trials)};
    };
    starves.source = {
        "8 clients send one request after the other to 4 workers, which keep them or close after "
        "each reply; those that ever got an answer are counted",
        "loadgen/claims/kept_clients.cpp", "starved"};
    costs.source = {
        "4 clients send 8,000 requests a second to workers enough, which keep them or close after "
        "each reply; the server's CPU time of a request is compared",
        "loadgen/claims/kept_clients.cpp", "cost"};
    return {"workers that keep their clients", {starves, costs}, measure, plan};
}

}  // namespace echotrio::loadgen
