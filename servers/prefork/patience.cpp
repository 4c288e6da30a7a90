#include "servers/prefork/patience.hpp"

#include "common/protocol/session.hpp"

#include <algorithm>
#include <utility>

namespace echotrio::prefork {

bool Patience::begin_read(std::optional<std::uint64_t> request) {
    if (!request || limits_.request == Nanos(0)) {
        request_.reset();
        if (armed_ != limits_.idle) arm(limits_.idle);
        return true;
    }
    if (request_ != request) {
        request_ = request;
        end_ = now() + limits_.request;
    }
    // A large body comes in many reads, and each need not set the timeout anew: what is set may be
    // a sixteenth of the limit too long.
    return read_until(end_, limits_.request / 16);
}

bool Patience::begin_linger() {
    const TimePoint at = now();
    if (!std::exchange(lingers_, true)) end_ = at + protocol::linger_limit(limits_.request);
    return read_until(std::min(end_, at + protocol::kLingerSilence), protocol::kLingerSilence / 16);
}

bool Patience::read_until(TimePoint end, Nanos slack) {
    const Nanos left = end - now();
    if (left <= Nanos(0)) return false;
    if (armed_ < left || armed_ > left + slack) arm(left);  // 0 = for ever is less than any
    return true;
}

void Patience::arm(Nanos timeout) {
    stop_.set_receive_timeout(timeout);
    armed_ = timeout;
}

}  // namespace echotrio::prefork
