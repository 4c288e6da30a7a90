// Where a thread's measurement begins and ends, by given times, and how a sleep is cut short.
#include "loadgen/engine/window_clock.hpp"

#include "loadgen/engine/sleep.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart(1000s);
constexpr TimePoint kNotStopped = TimePoint::max();

// The thread's usage as the test says: `clock` is the time, of which half was used.
TimePoint clock_now;
int asked = 0;
ThreadUsage usage() {
    ++asked;
    const double since = seconds(clock_now - kStart);
    return {since / 2, since / 4, clock_now, clock_now};
}

// A window from 1 s to 3 s after the start; replies may take 2 s.
struct WindowClockTest : testing::Test {
    RunOptions options = [] {
        RunOptions o;
        o.warmup = 1s;
        o.duration = 2s;
        o.timeout = 2s;
        return o;
    }();
    Ledger ledger{LedgerRules{}};
    WindowClock clock{options, kStart, ledger, usage};

    void SetUp() override { asked = 0; }
    bool tick(Nanos after, std::uint64_t syscalls = 0, TimePoint stop = kNotStopped,
              Nanos spun = Nanos(0)) {
        clock_now = kStart + after;
        return clock.tick(clock_now, stop, {syscalls, spun});
    }
};

TEST_F(WindowClockTest, MeasuresFromBeginToEnd) {
    EXPECT_FALSE(tick(0s, 10));
    EXPECT_FALSE(tick(990ms, 90));
    EXPECT_FALSE(tick(1s, 100));
    const int begun = asked;
    EXPECT_FALSE(tick(2s, 300));
    EXPECT_EQ(asked, begun) << "asking costs system calls: not within the window";
    EXPECT_FALSE(clock.over(clock_now));
    EXPECT_TRUE(tick(3s, 500));
    EXPECT_TRUE(clock.over(clock_now));
    EXPECT_EQ(clock.use().syscalls, 400);
    EXPECT_DOUBLE_EQ(clock.use().measured_s, 2);
    EXPECT_DOUBLE_EQ(clock.use().cpu_s, 1);
    EXPECT_DOUBLE_EQ(clock.use().run_queue_wait_s, 0.5);
    EXPECT_FALSE(tick(4s, 900)) << "it ends once";
    EXPECT_EQ(clock.use().syscalls, 400);
}

TEST_F(WindowClockTest, SpinningIsThatOfTheWindow) {
    tick(1s, 0, kNotStopped, 300ms);
    tick(3s, 0, kNotStopped, 800ms);
    EXPECT_DOUBLE_EQ(clock.use().spun_s, 0.5);
    EXPECT_DOUBLE_EQ(clock.use().cpu_s, 1) << "with it";
}

TEST_F(WindowClockTest, SpinningIsNeverMoreThanTheCpuTime) {
    tick(1s);
    tick(3s, 0, kNotStopped, 2s);  // two clocks
    EXPECT_DOUBLE_EQ(clock.use().spun_s, clock.use().cpu_s);
}

TEST_F(WindowClockTest, AThreadWithoutACpuAtTheBeginShowsIt) {
    EXPECT_FALSE(tick(900ms));
    EXPECT_FALSE(tick(1500ms)) << "600 ms late";
    EXPECT_TRUE(tick(3s));
    EXPECT_DOUBLE_EQ(clock.use().measured_s, 2.1) << "since the look before";
}

TEST_F(WindowClockTest, TicksMeetTheEdges) {
    tick(0s);
    EXPECT_GT(clock.next_tick(), clock_now);
    EXPECT_LE(clock.next_tick(), clock_now + 20ms);
    tick(999ms);
    EXPECT_EQ(clock.next_tick(), kStart + 1s);
    tick(1s);
    tick(1999ms);
    EXPECT_EQ(clock.next_tick(), kStart + 2s) << "a second to hand over";
    tick(2999ms);
    EXPECT_EQ(clock.next_tick(), kStart + 3s);
}

TEST_F(WindowClockTest, SecondsAreHandedOver) {
    tick(1s);
    EXPECT_FALSE(ledger.has_flipped());
    tick(2s);
    ASSERT_TRUE(ledger.has_flipped());
    ledger.give_back();
    tick(2010ms);
    EXPECT_FALSE(ledger.has_flipped());
}

TEST_F(WindowClockTest, AStopEndsTheWindow) {
    tick(1s);
    EXPECT_TRUE(tick(1500ms, 0, kStart + 1495ms));
    EXPECT_EQ(ledger.window_end(), kStart + 1500ms) << "what was entered since still counts";
    EXPECT_EQ(clock.sending_ends(), kStart + 2500ms);
}

TEST_F(WindowClockTest, AStopInTheWarmUpLeavesAnEmptyWindow) {
    tick(0s);
    EXPECT_TRUE(tick(500ms, 0, kStart + 500ms));
    EXPECT_EQ(ledger.window_begin(), ledger.window_end());
}

TEST_F(WindowClockTest, ACountOfRequestsEndsWithTheLast) {
    options.requests = 10;
    Ledger endless{LedgerRules{}};
    WindowClock counting(options, kStart, endless, usage);
    clock_now = kStart + 1s;
    EXPECT_FALSE(counting.tick(clock_now, kNotStopped, {0, {}}));
    EXPECT_FALSE(counting.over(kStart + 24h));
    clock_now = kStart + 1700ms;
    EXPECT_TRUE(counting.end_at(kStart + 1600ms, clock_now, {50, {}}));
    EXPECT_EQ(endless.window_end(), kStart + 1600ms);
    EXPECT_EQ(counting.use().syscalls, 50);
    EXPECT_FALSE(counting.end_at(kStart + 1650ms, clock_now, {60, {}}));
    EXPECT_EQ(endless.window_end(), kStart + 1600ms);
}

TEST_F(WindowClockTest, FinishedWhenNothingIsLeftOrTheDrainIsOver) {
    EXPECT_TRUE(clock.finished(kStart, {0, 0, true, false})) << "the count is reached";
    EXPECT_FALSE(clock.finished(kStart, {1, 0, true, false}));
    EXPECT_FALSE(clock.finished(kStart, {0, 1, true, false}));
    EXPECT_FALSE(clock.finished(kStart, {0, 0, false, false}));
    tick(1s);
    EXPECT_FALSE(clock.finished(kStart + 2s, {0, 0, false, false})) << "within the window";
    tick(3s);
    const TimePoint end = kStart + 3s;
    EXPECT_TRUE(clock.finished(end, {0, 0, false, false}));
    EXPECT_FALSE(clock.finished(end, {0, 1, false, false})) << "what is due is still sent";
    EXPECT_TRUE(clock.finished(end + 1s, {0, 1, false, false})) << "but for so long";
    EXPECT_FALSE(clock.finished(end + 3s, {1, 0, false, false})) << "its timeout isn't over";
    EXPECT_TRUE(clock.finished(end + 4s, {1, 0, false, false}));
    EXPECT_FALSE(clock.finished(end + 999ms, {1, 0, false, true}));
    EXPECT_TRUE(clock.finished(end + 1s, {1, 0, false, true})) << "who was stopped waits less";
}

TEST(Sleep, EndsEarlyWhereItsUsualLatenessMayBePolled) {
    Sleep sleep(100us);
    EXPECT_EQ(sleep.length(1ms, true), 1ms);
    for (int i = 0; i < 100; ++i) sleep.ended(40us);
    EXPECT_NEAR(static_cast<double>(sleep.length(1ms, true).count()), 960e3, 1e3);
    EXPECT_EQ(sleep.length(1ms, false), 1ms) << "nothing has to be done at its end";
    EXPECT_EQ(sleep.length(10us, true), 0ns);
    EXPECT_EQ(sleep.length(-5us, true), 0ns);
    for (int i = 0; i < 100; ++i) sleep.ended(400us);
    EXPECT_EQ(sleep.length(1ms, true), 1ms) << "that would be too much to poll";
    for (int i = 0; i < 400; ++i) sleep.ended(-1us);
    EXPECT_GE(sleep.length(1ms, true), 999us) << "one that was early is not late";
}

}  // namespace
}  // namespace echotrio::loadgen
