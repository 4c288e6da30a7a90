#include "common/supervise/scoreboard.hpp"

#include "common/supervise/jain.hpp"
#include "tests/unit/supervise/board.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace echotrio::supervise {
namespace {

TEST(Scoreboard, SlotsAreWholeCacheLines) {
    Board board(3);
    for (std::size_t i = 0; i < board.size(); ++i) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&board.slot(i)) % kCacheLine, 0U);
        EXPECT_EQ(board.slot(i).state.load(), State::dead);
    }
}

TEST(Scoreboard, WhatAForkedProcessCountsIsSeen) {
    Board board(2);
    const pid_t pid = ::fork();
    if (pid == 0) {
        board.slot(1).counters.requests.add(7);
        board.pool().waiting.store(3);
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
    EXPECT_EQ(board.slot(0).counters.requests.get(), 0U);
    EXPECT_EQ(board.slot(1).counters.requests.get(), 7U);
    EXPECT_EQ(board.pool().waiting.load(), 3U);
}

TEST(Scoreboard, AHeartbeatIsOverdueAfterItsBound) {
    Slot slot;
    EXPECT_FALSE(slot.overdue());
    slot.expect(std::chrono::hours(1));
    EXPECT_FALSE(slot.overdue());
    slot.expect(-std::chrono::seconds(1));
    EXPECT_FALSE(slot.overdue()) << "no bound is known";
    slot.due.store((now() - std::chrono::seconds(1)).time_since_epoch().count());
    EXPECT_TRUE(slot.overdue());
    slot.expect(Nanos(0));
    EXPECT_FALSE(slot.overdue());
}

TEST(Jain, IsOneForEqualSharesAndOneOverNForOneThatHasAll) {
    Jain equal, one_has_all, none;
    for (int i = 0; i < 4; ++i) {
        equal.add(5);
        one_has_all.add(i == 0 ? 9 : 0);
        none.add(0);
    }
    EXPECT_DOUBLE_EQ(equal.index(), 1);
    EXPECT_DOUBLE_EQ(one_has_all.index(), 0.25);
    EXPECT_DOUBLE_EQ(none.index(), 1) << "nothing is dealt out unfairly";
}

}  // namespace
}  // namespace echotrio::supervise
