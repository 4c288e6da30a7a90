#include "common/net/signals.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace echotrio::net {

void reset_signals() noexcept {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        switch (signal) {
            case SIGHUP:
            case SIGINT:
            case SIGQUIT:
            case SIGTSTP:
            case SIGTTIN:
            case SIGTTOU:
                continue;
            default:
                break;
        }
        struct sigaction present = {};
        if (::sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN) {
            std::signal(signal, SIG_DFL);
        }
    }
    SignalFd::unblock_all();
}

Result<SignalFd> SignalFd::block(std::initializer_list<int> signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) ::sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return Error{fmt::format("cannot wait for signals: {}", std::strerror(errno))};
    return SignalFd(std::move(fd));
}

std::optional<int> SignalFd::take() noexcept {
    signalfd_siginfo info{};
    ssize_t n = 0;
    do {
        n = ::read(fd_.get(), &info, sizeof info);
    } while (n < 0 && errno == EINTR);
    if (n != static_cast<ssize_t>(sizeof info)) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
}

void SignalFd::unblock_all() noexcept {
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace echotrio::net
