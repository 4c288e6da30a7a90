#include "servers/coroutine/scoreboard.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>

namespace echotrio::coroutine {
namespace {

std::map<std::string, double> section(const protocol::Stats& stats, const std::string& name) {
    std::map<std::string, double> fields;
    for (const protocol::Section& each : stats.own) {
        if (each.name != name) continue;
        for (const protocol::Field& field : each.fields) fields[field.name] = field.value;
    }
    return fields;
}

TEST(Scoreboard, OfOneLoopKnowsNoOthers) {
    Scoreboard board("coroutine");
    board.slot(0).counters.opened.add(3);
    board.slot(0).counters.closed.add(1);
    board.slot(0).yields.add(4);
    board.slot(0).lag.record(std::chrono::milliseconds(2));
    EXPECT_EQ(board.connections(), 2U);
    const protocol::Stats stats = board.collect();
    EXPECT_EQ(stats.model, "coroutine");
    EXPECT_EQ(stats.pids, (std::vector<int>{::getpid()}));
    EXPECT_EQ(stats.totals.opened, 3U);
    ASSERT_EQ(stats.own.size(), 1U);
    auto loop = section(stats, "loop");
    EXPECT_EQ(loop["frames"], 2);
    EXPECT_EQ(loop["yields"], 4);
    EXPECT_EQ(loop["ticks"], 1);
    EXPECT_EQ(loop["lag_max_us"], 2000);
}

TEST(Scoreboard, OfSeveralLoopsSumsThem) {
    auto board = Scoreboard::shared("coroutine", 3);
    ASSERT_TRUE(board) << board.error().message;
    board->pool().supervisor = 100;
    board->pool().spawned.add(4);
    board->pool().died.add();
    for (std::size_t i = 0; i < 3; ++i) {
        Slot& slot = board->slot(i);
        slot.counters.opened.add(10 * (i + 1));
        slot.counters.closed.add(8);
        slot.counters.requests.add(100);
        slot.accept_pauses.add(1);
        slot.lag.record(std::chrono::milliseconds(i + 1));
        if (i < 2) slot.pid.store(static_cast<pid_t>(101 + i));  // the third is being replaced
    }
    EXPECT_EQ(board->connections(), 2U + 12U + 22U);
    const protocol::Stats stats = board->collect();
    EXPECT_EQ(stats.pids, (std::vector<int>{100, 101, 102}));
    EXPECT_EQ(stats.totals.requests, 300U);
    EXPECT_EQ(stats.totals.opened, 60U);
    auto loop = section(stats, "loop"), processes = section(stats, "processes");
    EXPECT_EQ(loop["frames"], 36);
    EXPECT_EQ(loop["ticks"], 3);
    EXPECT_EQ(loop["accept_pauses"], 3);
    EXPECT_EQ(loop["lag_max_us"], 3000);
    EXPECT_EQ(processes["alive"], 2);
    EXPECT_EQ(processes["most_connections"], 22);
    EXPECT_DOUBLE_EQ(processes["fairness"], 60.0 * 60 / (3 * (100 + 400 + 900)));
    EXPECT_EQ(processes["spawned_total"], 4);
    EXPECT_EQ(processes["dead_total"], 1);
}

TEST(Scoreboard, ClosedReadAheadOfOpenedIsNoConnection) {
    Scoreboard board("coroutine");
    board.slot(0).counters.closed.add(1);
    EXPECT_EQ(board.connections(), 0U);
}

}  // namespace
}  // namespace echotrio::coroutine
