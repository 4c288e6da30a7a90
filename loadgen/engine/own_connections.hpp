// Silent connections of this process to itself, each end watched by an epoll as those of a load
// are.
#pragma once

#include "common/base/result.hpp"
#include "common/net/fd.hpp"
#include "common/net/socket.hpp"

#include <vector>

namespace echotrio::loadgen {

class OwnConnections {
  public:
    // On a free port of 127.0.0.1. Error: no port or descriptor left.
    static Result<OwnConnections> listen();

    // False: it could not be opened (descriptors, ports). All are closed with this object.
    bool open_one();

  private:
    OwnConnections(net::Fd listener, net::Fd epoll, net::Address address)
        : listener_(std::move(listener)), epoll_(std::move(epoll)), address_(address) {}
    bool keep(net::Fd end);

    net::Fd listener_, epoll_;
    net::Address address_;
    std::vector<net::Fd> ends_;
};

}  // namespace echotrio::loadgen
