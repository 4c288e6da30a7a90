// How long a connection's next receive may block: the idle timeout between requests; inside a
// request what is left of its time, however slowly its bytes trickle in. It is the socket's
// SO_RCVTIMEO, set only when it changes: a request that comes in one piece costs no call.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/server_options.hpp"
#include "common/protocol/session.hpp"

#include <cstdint>
#include <optional>

namespace echotrio::threads {

class ReceiveLimit {
  public:
    // Precondition: the socket has the idle timeout (accepted sockets inherit the listener's).
    ReceiveLimit(int fd, const net::ServerOptions& options)
        : fd_(fd), options_(options), current_(options.idle_timeout) {}

    // Before a receive; false: the time of this request is up.
    bool apply(const protocol::Session& session, const protocol::Counters& counters);

  private:
    bool until_deadline(Nanos silence);  // of which it may be silent; 0 = all of it
    void set(Nanos timeout);

    const int fd_;
    const net::ServerOptions& options_;
    Nanos current_;  // 0 = none
    bool lingers_ = false;
    TimePoint deadline_{};
    // The number of replies made tells one request from the next in a pipeline.
    std::optional<std::uint64_t> request_;
};

}  // namespace echotrio::threads
