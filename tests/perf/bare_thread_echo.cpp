// The floor for threads: a detached thread per connection in a loop of recv and send, blocking. It
// has no global lock, limits, counters or drain: that is what makes it the floor.
#include "common/net/socket.hpp"
#include "tests/perf/peer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace {

void* serve(void* argument) {
    const int fd = static_cast<int>(reinterpret_cast<std::intptr_t>(argument));
    char buffer[16 * 1024];
    echotrio::perf::echo_to_the_end(fd, buffer);
    ::close(fd);
    return nullptr;
}

}  // namespace

int main() {
    const echotrio::net::Fd listener = echotrio::perf::listen_and_announce("bare_thread_echo");
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    ::pthread_attr_setstacksize(&attributes, 64 * 1024);
    const int on = 1;
    while (true) {
        const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pthread_t thread{};
        // a number, never followed: memory for it would add to the floor
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        void* const argument = reinterpret_cast<void*>(static_cast<std::intptr_t>(fd));
        if (::pthread_create(&thread, &attributes, serve, argument) != 0) ::close(fd);
    }
}
