// The time limits of one connection's reads, with as few system calls as possible: the socket keeps
// its receive timeout from read to read, and it is set again only when a request comes in pieces.
#pragma once

#include "common/base/clock.hpp"
#include "servers/prefork/stop_signal.hpp"

#include <cstdint>
#include <optional>

namespace echotrio::prefork {

class Patience {
  public:
    // 0 = no limit, for each of the two.
    struct Limits {
        Nanos idle{0};     // without a byte, between requests
        Nanos request{0};  // from a request's first bytes to its last
    };

    // For the connection that `stop` watches.
    Patience(StopSignal& stop, const Limits& limits) : stop_(stop), limits_(limits) {}

    // Before each read. False: the time is up, however many bytes still come. `request`: the number
    // of the request that has begun and is not yet whole; empty between requests.
    bool begin_read(std::optional<std::uint64_t> request);

    // The same while the session lingers.
    bool begin_linger();

    // How long the read that was begun may take; 0 = for ever.
    Nanos bound() const noexcept { return armed_; }

    // The stop signal has changed the socket's timeout.
    void forget() noexcept { armed_ = kUnknown; }

  private:
    static constexpr Nanos kUnknown{-1};

    bool read_until(TimePoint end, Nanos slack);
    void arm(Nanos timeout);

    StopSignal& stop_;
    const Limits limits_;
    Nanos armed_{0};  // what the socket has
    bool lingers_ = false;
    std::optional<std::uint64_t> request_;  // the one that `end_` is about
    TimePoint end_{};
};

}  // namespace echotrio::prefork
