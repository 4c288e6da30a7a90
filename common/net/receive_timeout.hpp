// The SO_RCVTIMEO of one connection, which a blocking server sets only when it must change: a
// request that comes in one piece costs no call, and a body in many pieces one in ten milliseconds.
#pragma once

#include "common/base/clock.hpp"

namespace echotrio::net {

class ReceiveTimeout {
  public:
    ReceiveTimeout() = default;
    // `present`: what the socket has, 0 = none. Accepted sockets inherit their listener's.
    explicit ReceiveTimeout(Nanos present) : present_(present) {}

    // So that a receive ends after `wanted` (> 0, or 0 = never) and at most kGrain later. `set` is
    // called with the value where the socket has another one.
    template <class Set>
    void arm(Nanos wanted, Set set) {
        const Nanos most = wanted > Nanos(0) ? wanted + kGrain : Nanos(0);
        if (present_ >= wanted && present_ <= most) return;
        present_ = wanted;
        set(wanted);
    }

    // Somebody else has set it, or might have.
    void forget() noexcept { present_ = kUnknown; }

  private:
    static constexpr Nanos kGrain = std::chrono::milliseconds(10);
    static constexpr Nanos kUnknown{-1};

    Nanos present_ = kUnknown;
};

}  // namespace echotrio::net
