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

}  // namespace
}  // namespace echotrio::net
