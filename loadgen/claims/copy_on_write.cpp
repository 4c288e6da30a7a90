// What a worker costs in memory that dirties a part of the heap it was forked with.
#include "common/base/units.hpp"
#include "loadgen/analysis/statistics.hpp"
#include "loadgen/claims/children.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/raw_clients.hpp"
#include "loadgen/claims/subjects.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/probe/proc_fs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace echotrio::loadgen {
namespace {

constexpr double kHeap = 32 << 20;
constexpr double kShares[] = {0, 0.25, 0.5, 1};
constexpr std::uint64_t kFew = 2, kMany = 6;  // workers
constexpr int kRequests = 110;                // of each worker; it has dirtied its share after 100

// Anonymous memory (PSS without files, which strangers move) of a pool whose workers have all
// dirtied that share of the heap. Error: why there is none.
Result<double> bytes_of_pool(const ClaimContext& context, std::uint64_t workers, double share) {
    auto server =
        start_server(context, "prefork", workers, workers, {},
                     {"--heap", fmt::format("{:.0f}", kHeap), "--touch", fmt::format("{}", share)});
    if (!server) return server.error();
    const auto clients = RawClients::connect(server->where(), workers);  // a worker for each
    if (!clients) return clients.error();
    for (int i = 0; i < kRequests; ++i) {
        if (clients->answered() != workers) return Error{"not every request was answered"};
    }
    std::vector<pid_t> family = children_of(server->pid());
    family.push_back(server->pid());
    double total = 0;
    for (const pid_t pid : family) {
        const auto rollup = read_text(proc_path(pid, "smaps_rollup"));
        const auto bytes = anonymous_bytes(rollup.value_or(""));
        if (!bytes) return Error{"the memory of the pool can't be read in /proc"};
        total += *bytes;
    }
    return total;
}

// Bytes that one worker more costs, by share: a value for each round.
using Costs = std::map<double, std::vector<double>>;

Result<Costs> costs_of_a_worker(const ClaimContext& context) {
    Costs costs;
    for (std::uint64_t i = 0; i < (context.quick ? 2 : 5) && !context.stop(); ++i) {
        for (const double share : kShares) {
            const auto few = bytes_of_pool(context, kFew, share);
            if (!few) return few.error();
            const auto many = bytes_of_pool(context, kMany, share);
            if (!many) return many.error();
            costs[share].push_back((*many - *few) / (kMany - kFew));
        }
    }
    return costs;
}

// The growth over the shares: what a worker costs by itself is in all of them.
std::optional<ClaimFigure> growth_of(const Costs& costs) {
    std::vector<double> dirtied, cost;
    for (const auto& [share, values] : costs) {
        dirtied.insert(dirtied.end(), values.size(), share * kHeap);
        cost.insert(cost.end(), values.begin(), values.end());
    }
    const auto line = least_squares(dirtied, cost);
    if (!line) return std::nullopt;
    return ClaimFigure{
        "bytes_per_dirtied_byte/slope", "memory per byte dirtied", "prefork", line->slope,
        line->slope_interval.low,       line->slope_interval.high, "",        {cost.size()}};
}

std::vector<Measurement> measure(const ClaimContext& context, const Trials&) {
    Measurement found;
    const auto costs = costs_of_a_worker(context);
    if (!costs) {
        found.reason = costs.error().message;
        return {found};
    }
    const auto at = [&](double share, const char* key, const char* label) {
        const auto values = costs->find(share);
        return values == costs->end()
                   ? std::nullopt
                   : median_figure({key, label, "prefork", "bytes"}, values->second);
    };
    const auto none = at(0, "worker_dirties_nothing/bytes", "dirties nothing"),
               half = at(0.5, "worker_dirties_half/bytes", "dirties half"),
               all = at(1, "worker_dirties_all/bytes", "dirties all");
    const auto growth = growth_of(*costs);
    found.figures = figures_of({none, half, all, growth});
    found.notes = {{"heap_bytes", kHeap}};
    found.reason = fmt::format(
        "beside a heap of {} one worker more costs {} while it dirties nothing, {} where it "
        "dirties half and {} all of it: {} bytes for each byte dirtied",
        human_bytes(kHeap), value_in_words(none), value_in_words(half), value_in_words(all),
        in_words(growth));
    return {found};
}

}  // namespace

ClaimTest copy_on_write() {
    Sentence sentence{"copy-on-write-is-lost",
                      "Copy-on-write is lost as workers touch their heap: each costs as much more "
                      "memory as it dirties",
                      {within("bytes_per_dirtied_byte/slope", 0.95, 1.05)},
                      ClaimPicture{"memory of one worker more",
                                   {"worker_dirties_nothing/bytes", "worker_dirties_half/bytes",
                                    "worker_dirties_all/bytes"}},
                      false};
    sentence.source = {
        "pools of 2 and of 6 workers are forked from a heap of 32 MiB, of which each worker "
        "dirties nothing, a quarter, half or all; the anonymous memory that a worker more costs is "
        "held against what it dirtied",
        "loadgen/claims/copy_on_write.cpp", "costs_of_a_worker"};
    return {.name = "workers that dirty their heap",
            .sentences = {sentence},
            .measure = measure,
            .own_means = true};
}

}  // namespace echotrio::loadgen
