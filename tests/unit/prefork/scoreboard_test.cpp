#include "servers/prefork/scoreboard.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace echotrio::prefork {
namespace {

double field(const protocol::Stats& stats, const std::string& name) {
    for (const protocol::Field& each : stats.own.at(0).fields) {
        if (each.name == name) return each.value;
    }
    ADD_FAILURE() << "no field " << name;
    return -1;
}

TEST(Scoreboard, SlotsAreWholeCacheLines) {
    auto board = Scoreboard::create("prefork", 3, 3);
    ASSERT_TRUE(board);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&board->slot(i)) % 64, 0U);
    }
}

TEST(Scoreboard, SumsTheCountsOfDeadWorkersToo) {
    auto board = Scoreboard::create("prefork", 4, 4);
    ASSERT_TRUE(board);
    board->pool().supervisor = 100;
    for (std::size_t i = 0; i < 4; ++i) {
        board->slot(i).counters.requests.add(i + 1);
        board->slot(i).counters.opened.add(1);
    }
    board->slot(1).pid.store(101);
    board->slot(1).state.store(State::idle);
    board->slot(2).pid.store(102);
    board->slot(2).state.store(State::busy);
    board->slot(3).pid.store(103);
    board->slot(3).state.store(State::busy);
    board->slot(3).order.store(Order::retire);

    const protocol::Stats stats = board->collect();
    EXPECT_EQ(stats.model, "prefork");
    EXPECT_EQ(stats.pids, (std::vector<int>{100, 101, 102, 103}));
    EXPECT_EQ(stats.totals.requests, 10U);
    EXPECT_EQ(stats.totals.opened, 4U);
    EXPECT_EQ(field(stats, "idle"), 1);
    EXPECT_EQ(field(stats, "busy"), 1);
    EXPECT_EQ(field(stats, "retiring"), 1);
    EXPECT_EQ(field(stats, "starting"), 0);
}

TEST(Scoreboard, ExactlyAsManySeatsAsAsked) {
    auto board = Scoreboard::create("prefork", 8, 3);
    ASSERT_TRUE(board);
    EXPECT_TRUE(board->take_seat(0));
    EXPECT_TRUE(board->take_seat(5));
    EXPECT_TRUE(board->take_seat(7));
    EXPECT_FALSE(board->take_seat(1));
    board->leave_seat(1);  // had none: nothing happens
    EXPECT_FALSE(board->take_seat(1));
    board->leave_seat(5);
    EXPECT_TRUE(board->take_seat(1));
    EXPECT_FALSE(board->take_seat(5));
}

TEST(Scoreboard, WithoutALimitThereIsAlwaysASeat) {
    auto board = Scoreboard::create("prefork", 2, 2);
    ASSERT_TRUE(board);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_TRUE(board->take_seat(i % 2));
}

}  // namespace
}  // namespace echotrio::prefork
