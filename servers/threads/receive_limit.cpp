#include "servers/threads/receive_limit.hpp"

#include "common/net/socket.hpp"

#include <algorithm>

namespace echotrio::threads {
namespace {

// How long a peer that got an error reply may take to close its side.
constexpr Nanos kLinger = std::chrono::seconds(2);

}  // namespace

bool ReceiveLimit::apply(const protocol::Session& session, const protocol::Counters& counters) {
    if (closing_) return until_deadline();
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
    return until_deadline();
}

void ReceiveLimit::closing() {
    closing_ = true;
    deadline_ = now() + kLinger;
}

bool ReceiveLimit::until_deadline() {
    const Nanos left = deadline_ - now();
    if (left <= Nanos(0)) return false;
    const Nanos idle = options_.idle_timeout;
    set(idle == Nanos(0) ? left : std::min(left, idle));
    return true;
}

void ReceiveLimit::set(Nanos timeout) {
    if (timeout == current_) return;
    net::set_receive_timeout(fd_, timeout);
    current_ = timeout;
}

}  // namespace echotrio::threads
