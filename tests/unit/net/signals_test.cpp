// Signals come through the descriptor and interrupt nothing.
#include "common/net/signals.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>

namespace echotrio::net {
namespace {

TEST(SignalFd, DeliversWhatWasBlocked) {
    auto signals = SignalFd::block({SIGUSR1, SIGUSR2});
    ASSERT_TRUE(signals);
    EXPECT_FALSE(signals->take());
    ::kill(::getpid(), SIGUSR2);
    pollfd wait{signals->fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 10'000), 1);
    EXPECT_EQ(signals->take(), SIGUSR2);
    EXPECT_FALSE(signals->take());
    SignalFd::unblock_all();
    sigset_t now_blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &now_blocked);
    EXPECT_EQ(sigismember(&now_blocked, SIGUSR1), 0);
}

void (*treatment(int signal))(int) {
    struct sigaction present = {};
    ::sigaction(signal, nullptr, &present);
    return present.sa_handler;
}

void handler(int) {}

TEST(ResetSignals, LeavesNothingOfWhatTheParentDid) {
    for (const int signal :
         {SIGCHLD, SIGABRT, SIGPIPE, SIGTERM, SIGALRM, SIGRTMAX, SIGHUP, SIGQUIT}) {
        std::signal(signal, SIG_IGN);
    }
    std::signal(SIGUSR1, handler);
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    reset_signals();
    for (const int signal : {SIGCHLD, SIGABRT, SIGPIPE, SIGTERM, SIGALRM, SIGRTMAX}) {
        EXPECT_EQ(treatment(signal), SIG_DFL) << signal;
    }
    EXPECT_EQ(treatment(SIGUSR1), handler) << "a sanitizer's, say";
    // nohup's, and those of a shell's background
    EXPECT_EQ(treatment(SIGHUP), SIG_IGN);
    EXPECT_EQ(treatment(SIGQUIT), SIG_IGN);
    sigset_t blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        EXPECT_NE(sigismember(&blocked, signal), 1) << signal;
    }
}

}  // namespace
}  // namespace echotrio::net
