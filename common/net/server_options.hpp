// The flags that all three servers share, and what every server's main does the same way.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/fd.hpp"
#include "common/net/socket.hpp"
#include "common/protocol/session.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace echotrio::net {

struct ServerOptions {
    HostPort listen;  // port 0: the kernel picks
    int backlog = 4096;
    protocol::Settings settings;
    std::uint64_t max_connections = std::numeric_limits<std::uint64_t>::max();
    protocol::Limits limits;
    Nanos drain_timeout = std::chrono::seconds(10);
    std::vector<int> cpus;  // empty = all
    std::string user;       // to become once the port is bound; empty = stay who we are
};

// Adds the common flags; `model` and `port` are the model's own defaults.
void add_server_options(CLI::App& app, ServerOptions& options, std::string model,
                        std::uint16_t port);

// What main does before it forks, spawns or runs: pins, raises the descriptor limit, sets signals
// as reset_signals() does, but SIGPIPE ignored.
Status prepare_process(const ServerOptions& options);

// After the port is bound and before the first thread, worker or client: becomes --user, for good.
// Error: no such user, or we are not root and so can't change.
Status become_user(const ServerOptions& options);

// "ready model=coroutine host=127.0.0.1 port=7003 pid=4242" on standard output, flushed.
void print_ready(const ServerOptions& options, const HostPort& bound);

// One line on standard error: "echo-prefork[4242]: message".
void log_line(std::string_view program, std::string_view message);

}  // namespace echotrio::net
