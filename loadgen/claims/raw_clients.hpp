// Raw connections to a server that it has to answer, without a load generator's clock.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/socket.hpp"

#include <cstddef>
#include <vector>

namespace echotrio::loadgen {

// Only a bound: on a quiet machine everything that such experiments wait for takes milliseconds.
inline constexpr Nanos kPatience = std::chrono::seconds(20);

class RawClients {
  public:
    // Error: a connection was refused.
    static Result<RawClients> connect(const net::HostPort& where, std::size_t count);

    // Sends a message on each; how many get it back.
    std::size_t answered() const;

  private:
    std::vector<net::Fd> connections_;
};

}  // namespace echotrio::loadgen
