// Until when a connection may wait for its peer: one policy for all servers, without a clock.
//
//     while                                 it may take                               then
//     quiet      nothing of a request came  --idle-timeout since the last byte        close
//     request    a request has begun        --request-timeout since it began; where   408, linger
//                                           that is 0, --idle-timeout since the last byte
//     unsent     a reply is not taken       --idle-timeout since the last byte taken  close
//     lingering  the last reply is out      2 s since the last byte, and in all       close
//                                           --request-timeout, 30 s where that is 0
//     refused    it is turned away and has  1 s                                       close
//                said nothing yet
//
// A limit of 0 never ends anything. What happens then is Session::timed_out().
#pragma once

#include "common/base/clock.hpp"

#include <algorithm>
#include <cstdint>

namespace echotrio::protocol {

// What a session waits for; see Session::waits().
enum class Waiting : std::uint8_t { quiet, request, unsent, lingering, refused };

// 0 = none.
struct Limits {
    Nanos idle = std::chrono::seconds(60);
    Nanos request = std::chrono::seconds(10);
};

// A peer whose last reply is out, an error mostly, may go on sending for a while: it should find
// that reply, not a reset (RFC 9112 9.6). How much it sends says nothing about when it has seen it.
inline constexpr Nanos kLingerSilence = std::chrono::seconds(2);
inline constexpr Nanos kLingerInAll = std::chrono::seconds(30);
inline constexpr Nanos kRefusalTime = std::chrono::seconds(1);

// How long a wait may be, since the last byte and since it began; 0 = for ever.
struct Bounds {
    Nanos silence{0};
    Nanos in_all{0};
};
constexpr Bounds bounds(Waiting waiting, const Limits& limits) noexcept {
    const bool timed = limits.request > Nanos(0);
    switch (waiting) {
        case Waiting::request:
            return timed ? Bounds{Nanos(0), limits.request} : Bounds{limits.idle, Nanos(0)};
        case Waiting::lingering:
            return {kLingerSilence, timed ? limits.request : kLingerInAll};
        case Waiting::refused:
            return {Nanos(0), kRefusalTime};
        case Waiting::quiet:
        case Waiting::unsent:
            break;
    }
    return {limits.idle, Nanos(0)};
}

// In milliseconds since whenever; wraps after 49 days, differences are right across that. Half the
// size of a TimePoint, for each of the connections of a loop.
using Moment = std::uint32_t;
constexpr Moment moment(TimePoint at) noexcept {
    return static_cast<Moment>(at.time_since_epoch() / std::chrono::milliseconds(1));
}

// One connection's.
class Deadline {
  public:
    static constexpr Nanos kNever = Nanos::max();

    // Before each wait, as soon as bytes have moved. `request` tells a request from the next one in
    // a pipeline; `clock()` says the time, which is not always asked for. Returns how long from now
    // on the peer may be silent: kNever where nothing limits it, 0 or less where it is late
    // already.
    template <class Clock>
    Nanos left(Waiting waiting, std::uint8_t request, const Limits& limits, Clock clock) noexcept {
        const Bounds most = bounds(waiting, limits);
        const bool same = waiting == waiting_ && request == request_;
        waiting_ = waiting;
        request_ = request;
        Nanos left = most.silence > Nanos(0) ? most.silence : kNever;
        if (most.in_all > Nanos(0)) {
            const Moment at = moment(clock());
            if (!same) began_ = at;
            const Nanos passed = std::chrono::milliseconds(static_cast<Moment>(at - began_));
            left = std::min(left, most.in_all - passed);
        }
        return left;
    }

  private:
    Moment began_ = 0;
    std::uint8_t request_ = 0;
    Waiting waiting_ = Waiting::quiet;
};

}  // namespace echotrio::protocol
