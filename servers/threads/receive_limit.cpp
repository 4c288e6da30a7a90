#include "servers/threads/receive_limit.hpp"

#include "common/net/socket.hpp"

#include <algorithm>
#include <utility>

namespace echotrio::threads {

bool ReceiveLimit::apply(const protocol::Session& session, const protocol::Counters& counters) {
    if (session.lingering()) {
        if (!std::exchange(lingers_, true)) {
            deadline_ = now() + protocol::linger_limit(options_.request_timeout);
        }
        return until_deadline(protocol::kLingerSilence);
    }
    if (!session.in_request() || options_.request_timeout == Nanos(0)) {
        request_.reset();
        set(options_.idle_timeout);
        return true;
    }
    const std::uint64_t request = counters.requests.get();
    if (request_ != request) {
        request_ = request;
        deadline_ = now() + options_.request_timeout;
    }
    return until_deadline(options_.idle_timeout);
}

bool ReceiveLimit::until_deadline(Nanos silence) {
    const Nanos left = deadline_ - now();
    if (left <= Nanos(0)) return false;
    set(silence == Nanos(0) ? left : std::min(left, silence));
    return true;
}

void ReceiveLimit::set(Nanos timeout) {
    if (timeout == current_) return;
    net::set_receive_timeout(fd_, timeout);
    current_ = timeout;
}

}  // namespace echotrio::threads
