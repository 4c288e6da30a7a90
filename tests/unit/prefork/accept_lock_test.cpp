#include "servers/prefork/accept_lock.hpp"

#include "common/base/clock.hpp"

#include <gtest/gtest.h>

namespace echotrio::prefork {
namespace {

TEST(AcceptLock, IsTakenAndGivenBack) {
    auto lock = AcceptLock::create();
    ASSERT_TRUE(lock);
    const std::atomic<bool> never{false};
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(lock->acquire(never));
        lock->release();
    }
}

TEST(AcceptLock, IsNotWaitedForByOneThatLeaves) {
    auto lock = AcceptLock::create();
    ASSERT_TRUE(lock);
    const std::atomic<bool> leaving{true};
    EXPECT_FALSE(lock->acquire(leaving));
}

}  // namespace
}  // namespace echotrio::prefork
