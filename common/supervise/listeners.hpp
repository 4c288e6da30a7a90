// The listening sockets. They belong to the supervisor, so that the queue of one whose worker dies
// is served by the next worker: with one socket for all, and with one for each worker as well.
#pragma once

#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "common/supervise/options.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace echotrio::supervise {

class Listeners {
  public:
    // Binds the first one; with a socket for each worker as many as start. Error: as
    // net::listen_tcp.
    static Result<Listeners> open(const Options& options);

    const net::HostPort& bound() const noexcept { return bound_; }
    std::size_t size() const noexcept { return sockets_.size(); }
    int fd(std::size_t index) const noexcept { return sockets_[index].get(); }

    // Another one on the same address (options.socket_each only). It is never closed before the
    // end: closing one resets the connections that wait in its queue.
    Status add();

    // No connection is accepted from now on, in whichever process.
    void shut_down() noexcept;

    // Connections in the queues, complete but not accepted.
    std::uint32_t waiting() const noexcept;

  private:
    explicit Listeners(const Options& options) : options_(options) {}
    Status listen_on(const net::HostPort& where);

    const Options& options_;
    net::HostPort bound_;
    std::vector<net::Fd> sockets_;
};

}  // namespace echotrio::supervise
