// The floor for prefork: processes forked at the start, each in a loop of accept, recv, send,
// close, all of it blocking. It has no supervisor, limits, counters or drain: that is what makes it
// the floor.
//
//     bare_prefork_echo WORKERS
#include "common/net/socket.hpp"
#include "tests/perf/peer.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace {

char buffer[16 * 1024];

[[noreturn]] void serve(int listener) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) {
        const auto accepted = echotrio::net::accept_one(listener, false);
        if (accepted.connection) echotrio::perf::echo_to_the_end(accepted.connection.get(), buffer);
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
