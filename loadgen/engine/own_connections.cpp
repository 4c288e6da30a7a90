#include "loadgen/engine/own_connections.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace echotrio::loadgen {

Result<OwnConnections> OwnConnections::listen() {
    auto listener = net::listen_tcp({"127.0.0.1", 0}, SOMAXCONN);
    if (!listener) return listener.error();
    const auto where = net::local_address(listener->get());
    if (!where) return where.error();
    const auto addresses = net::resolve(where->host, where->port);
    if (!addresses) return addresses.error();
    net::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return Error{std::strerror(errno)};
    return OwnConnections(std::move(*listener), std::move(epoll), addresses->front());
}

bool OwnConnections::open_one() {
    auto client = net::connect_tcp(address_, std::chrono::seconds(1));
    if (!client) return false;
    auto accepted = net::accept_one(listener_.get(), false);
    return accepted.error == 0 && keep(std::move(*client)) && keep(std::move(accepted.connection));
}

bool OwnConnections::keep(net::Fd end) {
    // Reset instead of closed: a load would miss thousands of ports in TIME_WAIT.
    const linger at_once{1, 0};
    ::setsockopt(end.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    epoll_event event{EPOLLIN, {}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, end.get(), &event) != 0) return false;
    ends_.push_back(std::move(end));
    return true;
}

}  // namespace echotrio::loadgen
