#include "servers/prefork/stop_signal.hpp"

#include "common/base/check.hpp"
#include "common/net/socket.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace echotrio::prefork {
namespace {

constexpr Nanos kAtOnce{1};  // the kernel rounds up to its tick

StopSignal* installed = nullptr;

}  // namespace

StopSignal::StopSignal(const Slot& slot, int listener, int not_a_listener,
                       const std::atomic<bool>& heeded)
    : slot_(slot), listener_(listener), not_a_listener_(not_a_listener), heeded_(heeded) {
    CHECK(installed == nullptr);
    installed = this;
    struct sigaction action = {};
    action.sa_handler = handle;
    CHECK(::sigaction(SIGTERM, &action, nullptr) == 0);
}

void StopSignal::handle(int) noexcept {
    const int kept = errno;
    StopSignal& self = *installed;
    const Order order = self.slot_.order.load();
    if (order == Order::leave) ::_exit(0);
    self.leaving_.store(true);
    ::dup2(self.not_a_listener_, self.listener_);
    if (order != Order::retire) {
        self.draining_.store(true);
        self.end_read();
    }
    errno = kept;
}

void StopSignal::end_read() const noexcept {
    const int connection = connection_.load();
    if (connection >= 0 && !heeded_.load()) net::set_receive_timeout(connection, kAtOnce);
}

void StopSignal::set_receive_timeout(Nanos timeout) noexcept {
    net::set_receive_timeout(connection_.load(), timeout);
    if (draining_.load()) end_read();
}

}  // namespace echotrio::prefork
