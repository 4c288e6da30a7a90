// The books of a thread: the window's rule, the identities, the time average, the handing over.
#include "loadgen/engine/ledger.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

TimePoint at(Nanos t) {
    return TimePoint(1000s + t);
}

LedgerRules rules(bool by_schedule) {
    return {1, by_schedule, at(1s), at(2s)};
}

bool balanced(const Ledger& ledger) {
    return ledger.within().balanced() && ledger.before().balanced();
}

TEST(Ledger, TheIntendedStartDecidesWhereARequestCounts) {
    Ledger ledger(rules(true));
    // Due before the window, sent and answered in it: the warm-up's.
    ledger.due(at(999ms), 0ns);
    ledger.sent(at(999ms), at(1001ms));
    ledger.completed(0, at(999ms), at(1001ms), at(1002ms));
    // Due in it, answered after it: the window's.
    ledger.due(at(1999ms), 1ms);
    ledger.sent(at(1999ms), at(2005ms));
    ledger.completed(0, at(1999ms), at(2005ms), at(2010ms));
    EXPECT_EQ(ledger.before().completed, 1);
    EXPECT_EQ(ledger.within().completed, 1);
    EXPECT_EQ(ledger.progress().completed, 1) << "by the time of the reply: the first one";
    EXPECT_TRUE(balanced(ledger));
    const Durations& d = ledger.remaining();
    EXPECT_EQ(d.latency[0].count(), 1);
    EXPECT_NEAR(static_cast<double>(d.latency[0].max()), 11e6, 11e3);
    EXPECT_NEAR(static_cast<double>(d.service_time.max()), 5e6, 5e3);
    EXPECT_NEAR(static_cast<double>(d.lateness.max()), 6e6, 6e3);
    EXPECT_NEAR(static_cast<double>(d.send_delay.max()), 1e6, 1e3);
}

TEST(Ledger, ATimeoutIsALatencyAndAFailureIsNot) {
    Ledger ledger(rules(true));
    for (int i = 0; i < 2; ++i) {
        ledger.due(at(1100ms), 0ns);
        ledger.sent(at(1100ms), at(1150ms));
    }
    ledger.timed_out(0, at(1100ms), at(1150ms), at(1650ms));
    ledger.failed(Failure::reset, at(1100ms), at(1200ms));
    EXPECT_EQ(ledger.within().timed_out, 1);
    EXPECT_EQ(ledger.within().failed, 1);
    EXPECT_EQ(ledger.errors().timeout, 1);
    EXPECT_EQ(ledger.errors().reset, 1);
    EXPECT_EQ(ledger.progress().errors, 2);
    EXPECT_EQ(ledger.remaining().latency[0].count(), 1);
    EXPECT_NEAR(static_cast<double>(ledger.remaining().latency[0].max()), 550e6, 550e3);
    EXPECT_TRUE(balanced(ledger));
}

TEST(Ledger, WhatIsLeftHasWaitedUntilTheEnd) {
    Ledger ledger(rules(true));
    ledger.due(at(1s), 0ns);
    ledger.due(at(1500ms), 0ns);
    ledger.sent(at(1s), at(1s));
    ledger.left_in_flight(0, at(1s), at(3s));
    ledger.left_unsent(0, at(1500ms), at(3s));
    EXPECT_TRUE(balanced(ledger));
    EXPECT_EQ(ledger.within().in_flight, 1);
    EXPECT_EQ(ledger.within().unsent, 1);
    EXPECT_EQ(ledger.remaining().latency[0].count(), 2);
    EXPECT_NEAR(ledger.in_flight_seconds(), 1 + 0.5, 1e-9) << "clipped to the window";
}

// Random requests against the definition: the time average is the integral of a step function.
TEST(Ledger, InFlightIsTheIntegralOverTheWindow) {
    Ledger ledger(rules(false));
    Rng rng(3);
    double expected = 0;
    for (int i = 0; i < 5000; ++i) {
        const double start = rng.uniform() * 2;
        const double end = start + rng.exponential() * 0.3;
        const TimePoint from = at(from_seconds(start));
        ledger.due(from, 0ns);
        ledger.sent(from, from);
        ledger.completed(0, from, from, at(from_seconds(end)));
        expected += std::clamp(end, 1.0, 2.0) - std::clamp(start, 1.0, 2.0);
    }
    EXPECT_NEAR(ledger.in_flight_seconds(), expected, 1e-4);
    EXPECT_TRUE(balanced(ledger));
    EXPECT_EQ(ledger.completed_by_class()[0], ledger.within().completed);
}

TEST(Ledger, AWindowThatEndsBeforeItBeginsIsEmpty) {
    Ledger ledger(rules(true));
    ledger.due(at(300ms), 0ns);
    ledger.sent(at(300ms), at(300ms));
    ledger.set_window_end(at(500ms));
    ledger.completed(0, at(300ms), at(300ms), at(600ms));
    EXPECT_EQ(ledger.window_begin(), ledger.window_end());
    EXPECT_EQ(ledger.within().scheduled, 0);
    EXPECT_EQ(ledger.in_flight_seconds(), 0);
    EXPECT_TRUE(balanced(ledger));
}

TEST(Ledger, SecondsAreHandedOverWithoutLosingOne) {
    Ledger ledger(rules(false));
    Durations total(1);
    std::uint64_t flips = 0;
    for (int i = 0; i < 1000; ++i) {
        const TimePoint from = at(1s + Nanos(i * 1000));
        ledger.due(from, 0ns);
        ledger.sent(from, from);
        ledger.completed(0, from, from, from + 1us);
        if (i % 3 == 0 && ledger.flip()) ++flips;
        if (i % 7 == 0 && ledger.has_flipped()) {
            EXPECT_GE(ledger.handed().progress.due, total.latency[0].count());
            total.add(ledger.handed().durations);
            ledger.give_back();
        }
    }
    if (ledger.has_flipped()) total.add(ledger.handed().durations);
    total.add(ledger.remaining());
    EXPECT_GT(flips, 100);
    EXPECT_EQ(total.latency[0].count(), 1000);
}

}  // namespace
}  // namespace echotrio::loadgen
