// What the reference programs of this folder share: a listening socket and the ready line, so that
// a peer is started like one of our servers, and the echo of those that block. Errors end the
// program; it is a bench, not a product.
#pragma once

#include "common/net/server_options.hpp"
#include "common/net/socket.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <span>

namespace echotrio::perf {

// Listens on a free port of 127.0.0.1 and prints "ready model=NAME host=127.0.0.1 port=P pid=P".
inline net::Fd listen_and_announce(const char* name) {
    std::signal(SIGPIPE, SIG_IGN);
    net::ServerOptions options;
    options.listen = {"127.0.0.1", 0};
    options.settings.model = name;
    auto listener = net::listen_tcp(options.listen, options.backlog);
    if (!listener) {
        fmt::print(stderr, "error: {}\n", listener.error().message);
        std::exit(1);
    }
    auto bound = net::local_address(listener->get());
    if (!bound) {
        fmt::print(stderr, "error: {}\n", bound.error().message);
        std::exit(1);
    }
    net::print_ready(options, *bound);
    return *std::move(listener);
}

// A blocking echo of one connection, from recv to send until the peer closes its side.
inline void echo_to_the_end(int fd, std::span<char> buffer) {
    ssize_t n = 0;
    while ((n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0) {
        for (ssize_t sent = 0; sent < n;) {
            const auto left = static_cast<std::size_t>(n - sent);
            const ssize_t written = ::send(fd, buffer.data() + sent, left, MSG_NOSIGNAL);
            if (written < 0) return;
            sent += written;
        }
    }
}

}  // namespace echotrio::perf
