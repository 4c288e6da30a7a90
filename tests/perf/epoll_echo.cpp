// The floor for one thread: a hand-written epoll echo as one writes it in C. Level-triggered, one
// buffer, and for each message a recv and a send, nothing else. It does what raw echo needs when
// peers behave (a reply that does not fit into the socket's buffer is waited for, which stops the
// others) and has no timeouts, limits, counters or drain: that is what makes it the floor.
#include "common/net/socket.hpp"
#include "tests/perf/peer.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace {

char buffer[16 * 1024];

void watch(int epoll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

bool send_all(int fd, const char* bytes, ssize_t left) {
    while (left > 0) {
        const ssize_t n = ::send(fd, bytes, static_cast<std::size_t>(left), MSG_NOSIGNAL);
        if (n >= 0) {
            bytes += n;
            left -= n;
        } else if (errno == EAGAIN) {
            pollfd room{fd, POLLOUT, 0};
            ::poll(&room, 1, -1);
        } else {
            return false;
        }
    }
    return true;
}

void serve(int fd) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 || !send_all(fd, buffer, n)) ::close(fd);
}

}  // namespace

int main() {
    const echotrio::net::Fd listener = echotrio::perf::listen_and_announce("epoll_echo");
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listener.get());
    epoll_event events[128];
    while (true) {
        const int ready = ::epoll_wait(epoll, events, 128, -1);
        for (int i = 0; i < ready; ++i) {
            const int fd = events[i].data.fd;
            if (fd == listener.get()) {
                watch(epoll, echotrio::net::accept_one(fd, true).connection.release());
            } else {
                serve(fd);
            }
        }
    }
}
