// echo-threads: a thread per connection under a global lock.
#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "servers/threads/server.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <map>

namespace {

using echotrio::threads::Gil;
namespace cli = echotrio::cli;
namespace net = echotrio::net;
namespace threads = echotrio::threads;

std::string check_positive(const std::string& text) {
    const auto value = echotrio::parse_duration(text);
    if (!value || *value > echotrio::Nanos(0)) return {};
    return fmt::format("must be > 0, got {}", text);
}

void add_options(CLI::App& app, threads::Options& options) {
    net::add_server_options(app, options.common, "threads", 7002);
    auto& gil = options.gil;
    const std::map<std::string, Gil::Mode> modes{
        {"switch", Gil::Mode::switching}, {"ticks", Gil::Mode::ticks}, {"off", Gil::Mode::off}};
    cli::option(
        app, "--gil", [&gil, modes](const std::string& name) { gil.mode = modes.at(name); },
        "The global lock: as CPython 3.2 and later, as Python 2.7, none")
        .one_of({"switch", "ticks", "off"})
        .type_name("switch|ticks|off")
        .default_str("switch");
    cli::duration(app, "--switch-interval", gil.switch_interval,
                  "--gil switch: how long a thread waits before it asks for the lock")
        .check(check_positive)
        .check(cli::at_most(std::chrono::hours(1)));
    cli::option(app, "--check-interval", gil.check_interval,
                "--gil ticks: ticks (50ns of CPU work each) between two releases of the lock")
        .check(cli::number_between(1, 1e9))
        .type_name("N");
    cli::size(app, "--stack-size", options.stack_size, "Stack of a thread")
        .check(cli::size_between(threads::kSmallestStack, 1ULL << 30));
    cli::option(app, "--max-threads", options.max_threads,
                "Threads for connections; more connections get 503 or are closed")
        .check(cli::positive_number())
        .type_name("N")
        .default_str("unlimited");
}

int run(const threads::Options& options) {
    // Arenas for every thread would cost each its own heap; one suits threads that hold little.
    ::mallopt(M_ARENA_MAX, 1);
    if (auto prepared = net::prepare_process(options.common); !prepared) {
        return cli::fail(prepared.error().message);
    }
    auto signals = net::SignalFd::block({SIGTERM, SIGINT});
    if (!signals) return cli::fail(signals.error().message);
    auto listener = threads::Server::listen(options);
    if (!listener) return cli::fail(listener.error().message);
    auto bound = net::local_address(listener->get());
    if (!bound) return cli::fail(bound.error().message);
    if (auto became = net::become_user(options.common); !became) {
        return cli::fail(became.error().message);
    }

    threads::Server server(options, *std::move(listener), *std::move(signals));
    net::print_ready(options.common, *bound);
    if (server.run()) return cli::kExitOk;
    net::log_line("echo-threads", "left before all connections had finished");
    ::_exit(cli::kExitFailed);  // their threads still use what exit() would destroy
}

}  // namespace

int main(int argc, char** argv) {
    const auto app =
        cli::program("Echo server, one thread per connection under a global lock", "echo-threads");
    threads::Options options;
    add_options(*app, options);
    if (const auto status = cli::parse(*app, argc, argv)) return *status;
    return run(options);
}
