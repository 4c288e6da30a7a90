// echo-prefork: a pool of worker processes, one connection each.
#include "common/base/cli.hpp"
#include "common/supervise/supervisor.hpp"
#include "servers/prefork/worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>

namespace {

namespace cli = echotrio::cli;
namespace net = echotrio::net;
namespace prefork = echotrio::prefork;
namespace supervise = echotrio::supervise;

constexpr int kMostWorkers = 10'000;
constexpr std::uint64_t kLargestHeap = 1ULL << 40;

// What --keep-alive means: so many requests on a connection. Empty: nothing.
std::optional<std::uint64_t> requests_kept(const std::string& text) {
    if (text == "on") return std::numeric_limits<std::uint64_t>::max();
    if (text == "off") return 1;
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count == 0) return std::nullopt;
    return count;
}

void add_options(CLI::App& app, prefork::Options& options) {
    net::add_server_options(app, options, "prefork", 7001);
    auto& pool = options.pool;
    const auto workers = [&](const char* flag, int& value, const char* help) {
        cli::option(app, flag, value, help)
            .check(cli::number_between(1, kMostWorkers))
            .type_name("N");
    };
    workers("--start-workers", pool.start, "Workers at the start");
    workers("--min-spare", pool.min_spare, "Fewer idle workers: more are started");
    workers("--max-spare", pool.max_spare, "More idle workers: one a second retires");
    workers("--max-workers", pool.max_workers,
            "Most workers, so most connections served at a time; further ones wait");
    cli::option(app, "--max-connections-per-worker", options.max_connections_per_worker,
                "Connections after which a worker is replaced (up to a quarter more); 0 = never")
        .type_name("N");
    const std::map<std::string, prefork::AcceptMode> modes{
        {"shared", prefork::AcceptMode::shared},
        {"lock", prefork::AcceptMode::lock},
        {"reuseport", prefork::AcceptMode::reuseport}};
    cli::option(
        app, "--accept",
        [&options, modes](const std::string& name) {
            options.accept = modes.at(name);
            options.socket_each = options.accept == prefork::AcceptMode::reuseport;
        },
        "All workers in accept on one socket, one of them at a time, or a socket for each")
        .one_of({"shared", "lock", "reuseport"})
        .type_name("shared|lock|reuseport")
        .default_str("shared");
    cli::option(
        app, "--keep-alive",
        [&options](const std::string& text) { options.keep_alive = *requests_kept(text); },
        "HTTP: whether a worker keeps its client, closes after each reply, or after N")
        .check([](const std::string& text) {
            return requests_kept(text) ? ""
                                       : "must be on, off or a number of requests > 0, got " + text;
        })
        .type_name("on|off|N")
        .default_str("on");
    cli::size(app, "--heap", options.heap,
              "Memory that the supervisor holds before it forks, shared until it is written to")
        .check(cli::size_between(0, kLargestHeap));
    cli::option(app, "--touch", options.touch,
                "Share of --heap, 0 to 1, that each worker dirties with its first 100 reads that "
                "bring something")
        .check(cli::number_between(0, 1))
        .type_name("SHARE");
}

// Figures that were not given follow those that were; given ones must fit together.
echotrio::Status reconcile(const CLI::App& app, prefork::Options& options) {
    if (options.touch > 0 && options.heap == 0) {
        return echotrio::Error{"--touch: there is nothing to touch: give --heap SIZE"};
    }
    auto& pool = options.pool;
    const auto given = [&](const char* flag) { return cli::count(app, flag) > 0; };
    if (!given("--max-workers")) pool.max_workers = std::max(pool.max_workers, pool.start);
    if (!given("--start-workers")) pool.start = std::min(pool.start, pool.max_workers);
    if (!given("--max-spare")) pool.max_spare = std::max(pool.max_spare, pool.min_spare);
    if (!given("--min-spare")) pool.min_spare = std::min(pool.min_spare, pool.max_spare);
    if (pool.start > pool.max_workers) {
        return echotrio::Error{
            fmt::format("--start-workers: must be at most --max-workers {}, got {}",
                        pool.max_workers, pool.start)};
    }
    // The kernel shares a port among sockets of one user only: none can be added as another.
    if (options.socket_each && !options.user.empty() && pool.start < pool.max_workers) {
        return echotrio::Error{fmt::format(
            "--user: with --accept reuseport no socket can be bound later, so the pool cannot grow "
            "from {} workers to {}: give --start-workers and --max-workers the same number",
            pool.start, pool.max_workers)};
    }
    if (pool.min_spare > pool.max_spare) {
        return echotrio::Error{fmt::format("--min-spare: must be at most --max-spare {}, got {}",
                                           pool.max_spare, pool.min_spare)};
    }
    return echotrio::Done{};
}

int run(const prefork::Options& options) {
    if (auto prepared = net::prepare_process(options); !prepared) {
        return cli::fail(prepared.error().message);
    }
    auto signals = net::SignalFd::block({SIGTERM, SIGINT, SIGHUP, SIGCHLD});
    if (!signals) return cli::fail(signals.error().message);
    const echotrio::work::Burner burner;  // measured once, before the workers inherit it
    // During a reload a whole new generation stands beside the old one.
    auto board = prefork::Scoreboard::create(options.settings.model,
                                             2 * static_cast<std::size_t>(options.pool.max_workers),
                                             options.max_connections);
    if (!board) return cli::fail(board.error().message);
    std::optional<prefork::AcceptLock> lock;
    if (options.accept == prefork::AcceptMode::lock) {
        auto created = prefork::AcceptLock::create();
        if (!created) return cli::fail(created.error().message);
        lock = *std::move(created);
    }
    auto heap = prefork::Heap::create(options.heap, options.touch);
    if (!heap) return cli::fail(heap.error().message);
    auto workers = supervise::WorkerSet::create(options, *board, [&](const auto& setup) {
        return prefork::Worker(options, burner, *heap, {setup, *board, lock ? &*lock : nullptr})
            .run();
    });
    if (!workers) return cli::fail(workers.error().message);
    return supervise::run(options, *std::move(signals), *std::move(workers));
}

}  // namespace

int main(int argc, char** argv) {
    const auto app = cli::program(
        "Echo server, a pool of worker processes with one connection each", "echo-prefork");
    prefork::Options options;
    add_options(*app, options);
    if (const auto status = cli::parse(*app, argc, argv)) return *status;
    if (auto fitting = reconcile(*app, options); !fitting) {
        return cli::fail(fitting.error().message, cli::kExitUsage);
    }
    return run(options);
}
