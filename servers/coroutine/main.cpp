// echo-coroutine: one thread, one event loop, a coroutine for each connection.
#include "common/base/cli.hpp"
#include "common/net/server_options.hpp"
#include "servers/coroutine/event_loop.hpp"

#include <csignal>
#include <memory>
#include <utility>

int main(int argc, char** argv) {
    using namespace echotrio;

    const auto app = cli::program(
        "Echo server, coroutines: one thread serves all connections, a coroutine each.");
    coroutine::Options options;
    net::add_server_options(*app, options.server, "coroutine", 7003);
    cli::duration(*app, "--yield-every", options.yield_every,
                  "Let others run after this much CPU work of a request; 0 = never");
    if (const auto status = cli::parse(*app, argc, argv)) return *status;

    if (auto ready = net::prepare_process(options.server); !ready) {
        return cli::fail(ready.error().message);
    }
    auto signals = net::SignalFd::block({SIGTERM, SIGINT});
    if (!signals) return cli::fail(signals.error().message);
    auto listener = net::listen_tcp(options.server.listen, options.server.backlog);
    if (!listener) return cli::fail(listener.error().message);
    auto bound = net::local_address(listener->get());
    if (!bound) return cli::fail(bound.error().message);
    if (auto became = net::become_user(options.server); !became) {
        return cli::fail(became.error().message);
    }

    const auto loop =
        std::make_unique<coroutine::EventLoop>(options, *std::move(signals), *std::move(listener));
    net::print_ready(options.server, *bound);
    return loop->run() ? cli::kExitOk : cli::kExitFailed;
}
