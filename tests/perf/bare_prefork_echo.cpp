// The floor for prefork: processes forked at the start, each in a loop of accept, recv, send,
// close, all of it blocking. It has no supervisor, limits, counters or drain: that is what makes it
// the floor.
//
//     bare_prefork_echo WORKERS
#include "common/net/socket.hpp"
#include "tests/perf/peer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace {

char buffer[16 * 1024];

bool send_all(int fd, const char* bytes, ssize_t left) {
    while (left > 0) {
        const ssize_t n = ::send(fd, bytes, static_cast<std::size_t>(left), MSG_NOSIGNAL);
        if (n < 0) return false;
        bytes += n;
        left -= n;
    }
    return true;
}

[[noreturn]] void serve(int listener) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int on = 1;
    while (true) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ssize_t n = 0;
        while ((n = ::recv(fd, buffer, sizeof buffer, 0)) > 0 && send_all(fd, buffer, n)) {
        }
        ::close(fd);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int workers = argc == 2 ? std::atoi(argv[1]) : 0;
    if (workers < 1) {
        fmt::print(stderr, "error: bare_prefork_echo WORKERS\n");
        return 2;
    }
    const echotrio::net::Fd listener = echotrio::perf::listen_and_announce("bare_prefork_echo");
    for (int i = 0; i < workers; ++i) {
        if (::fork() == 0) serve(listener.get());
    }
    while (::wait(nullptr) > 0) {
    }
    return 0;
}
