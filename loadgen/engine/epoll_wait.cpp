#include "loadgen/engine/epoll_wait.hpp"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// An epoll set without descriptors is enough to ask: the call is refused or it is not.
bool kernel_waits_in_ns(int epoll) {
    epoll_event event{};
    const timespec none{};
    return ::epoll_pwait2(epoll, &event, 1, &none, nullptr) >= 0;
}

}  // namespace

int poll_events(int epoll, std::span<epoll_event> events) {
    return std::max(0, ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 0));
}

int wait_for_events(int epoll, std::span<epoll_event> events, Nanos timeout) {
    static const bool in_ns = [] {
        const int probe = ::epoll_create1(EPOLL_CLOEXEC);
        const bool known = probe >= 0 && kernel_waits_in_ns(probe);
        ::close(probe);
        return known;
    }();
    const timespec time{timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
    const auto most = static_cast<int>(events.size());
    if (in_ns) return std::max(0, ::epoll_pwait2(epoll, events.data(), most, &time, nullptr));
    pollfd set{epoll, POLLIN, 0};
    if (::ppoll(&set, 1, &time, nullptr) <= 0) return 0;
    return poll_events(epoll, events);
}

}  // namespace echotrio::loadgen
