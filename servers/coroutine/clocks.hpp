// Which peer has been silent too long, without a timer per connection. Every connection is in one
// of three lists; a list that has a limit is ordered by the time at which its connections began to
// wait, so a tick looks at its head only.
//
//     idle      waits for the peer's next byte, or for room to send: --idle-timeout from the last
//               one
//     request   a request has begun to arrive: --request-timeout from its beginning
//     linger    the last reply is out, the peer has not ended: a moment from its last byte
//     busy      the server itself has something to do for it: no limit
#pragma once

#include "common/base/clock.hpp"

#include <boost/intrusive/list.hpp>

#include <cstdint>

namespace echotrio::coroutine {

class Connection;

// The grain of all timeouts, and the sampling interval of the loop's lag.
inline constexpr Nanos kTick = std::chrono::milliseconds(10);
// Time in ticks: half the size of a TimePoint in every connection. It wraps after 497 days;
// differences are right across that.
using Ticks = std::uint32_t;

namespace intrusive = boost::intrusive;
using ListHook = intrusive::list_base_hook<intrusive::link_mode<intrusive::auto_unlink>>;
using ConnectionList = intrusive::list<Connection, intrusive::base_hook<ListHook>,
                                       intrusive::constant_time_size<false>>;

struct Clocks {
    ConnectionList idle;
    ConnectionList request;
    ConnectionList linger;
    ConnectionList busy;
};

}  // namespace echotrio::coroutine
