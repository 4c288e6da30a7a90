#include "common/supervise/listeners.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace echotrio::supervise {

Result<Listeners> Listeners::open(const Options& options) {
    if (options.socket_each) {
        // With SO_REUSEPORT a port that another server of this user has would be shared silently.
        if (auto alone = net::listen_tcp(options.listen, 1); !alone) return alone.error();
    }
    Listeners listeners(options);
    if (auto first = listeners.listen_on(options.listen); !first) return first.error();
    auto bound = net::local_address(listeners.fd(0));
    if (!bound) return bound.error();
    listeners.bound_ = *std::move(bound);
    // Now, while we are who we are: the kernel shares a port among the sockets of one user.
    for (int i = 1; options.socket_each && i < options.pool.start; ++i) {
        if (auto added = listeners.add(); !added) return added.error();
    }
    return listeners;
}

Status Listeners::add() {
    return listen_on(bound_);
}

Status Listeners::listen_on(const net::HostPort& where) {
    auto socket = net::listen_tcp(where, options_.backlog, options_.socket_each);
    if (!socket) return socket.error();
    sockets_.push_back(*std::move(socket));
    return Done{};
}

void Listeners::shut_down() noexcept {
    for (const net::Fd& socket : sockets_) ::shutdown(socket.get(), SHUT_RDWR);
    sockets_.clear();
}

std::uint32_t Listeners::waiting() const noexcept {
    std::uint32_t sum = 0;
    for (const net::Fd& socket : sockets_) {
        tcp_info info{};
        socklen_t length = sizeof info;
        if (::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
            sum += info.tcpi_unacked;  // of a listening socket: the length of its queue
        }
    }
    return sum;
}

}  // namespace echotrio::supervise
