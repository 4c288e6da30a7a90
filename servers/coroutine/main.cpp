// echo-coroutine: one thread, one event loop, a coroutine for each connection; or some such
// processes.
#include "common/base/cli.hpp"
#include "common/net/server_options.hpp"
#include "servers/coroutine/event_loop.hpp"
#include "servers/coroutine/processes.hpp"

#include <csignal>
#include <memory>
#include <utility>

namespace {

namespace cli = echotrio::cli;
namespace net = echotrio::net;
namespace coroutine = echotrio::coroutine;

constexpr int kMostProcesses = 256;

int run_alone(const coroutine::Options& options) {
    auto signals = net::SignalFd::block({SIGTERM, SIGINT});
    if (!signals) return cli::fail(signals.error().message);
    auto listener = net::listen_tcp(options.server.listen, options.server.backlog);
    if (!listener) return cli::fail(listener.error().message);
    auto bound = net::local_address(listener->get());
    if (!bound) return cli::fail(bound.error().message);
    if (auto became = net::become_user(options.server); !became) {
        return cli::fail(became.error().message);
    }

    const echotrio::work::Burner burner;
    coroutine::Scoreboard board(options.server.settings.model);
    const auto loop =
        std::make_unique<coroutine::EventLoop>(options, *std::move(signals), *std::move(listener),
                                               coroutine::Place{board, board.slot(0), burner});
    net::print_ready(options.server, *bound);
    return loop->run() ? cli::kExitOk : cli::kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
    const auto app = cli::program(
        "Echo server, coroutines: one thread serves all connections, a coroutine each.");
    coroutine::Options options;
    net::add_server_options(*app, options.server, "coroutine", 7003);
    cli::duration(*app, "--yield-every", options.yield_every,
                  "Let others run after this much CPU work of a request; 0 = never");
    cli::option(*app, coroutine::kProcessesFlag, options.processes,
                "Such loops, one a process with a listening socket of its own; --cpus is for all "
                "of them together, and so is --max-connections")
        .check(cli::number_between(1, kMostProcesses))
        .type_name("N");
    if (const auto status = cli::parse(*app, argc, argv)) return *status;

    if (auto ready = net::prepare_process(options.server); !ready) {
        return cli::fail(ready.error().message);
    }
    return options.processes > 1 ? coroutine::run_processes(options) : run_alone(options);
}
