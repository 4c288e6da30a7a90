// The requests that are under way beside a trial's load, see BackgroundLoad.
#pragma once

#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/design/workload.hpp"

#include <vector>

namespace echotrio::loadgen {

class BackgroundRequests {
  public:
    // Connects and sends one request on each connection; nothing where none is asked for. Their
    // replies are never read, and the connections stay open as long as this object. Error: a
    // connection was refused, or a request could not be sent.
    static Result<BackgroundRequests> start(const net::HostPort& where, const BackgroundLoad& load);

  private:
    std::vector<net::Fd> connections_;
};

}  // namespace echotrio::loadgen
