// When a thread should send, and how many: quotas, arrivals that fall due, the cost of waiting.
#include "loadgen/engine/demand.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart(1000s);

struct Load {
    RunOptions options;
    Profile profile{{{1000, 0ns, {}}}};
    Load() {
        options.arrival = Arrival::constant;
        options.warmup = 100ms;
        options.duration = 1s;
    }
    Ledger ledger() const {
        return Ledger(
            {1, true, kStart + options.warmup, kStart + options.warmup + options.duration});
    }
};

TEST(Demand, WhatIsDueJoinsTheBacklogAndTheBooks) {
    Load load;
    Ledger ledger = load.ledger();
    Demand demand(load.options, &load.profile, {});
    demand.start(kStart);
    const TimePoint first = demand.next(ledger.window_end());
    EXPECT_EQ(demand.backlog(), 0);
    demand.fall_due(first - 1ns, kStart, ledger);
    EXPECT_EQ(demand.backlog(), 0);
    demand.fall_due(first + 10ms, kStart, ledger);
    EXPECT_EQ(demand.backlog(), 11) << "a request every millisecond";
    EXPECT_EQ(ledger.progress().due, 11);
    EXPECT_EQ(demand.take(), first) << "the oldest first";
    EXPECT_EQ(demand.take(), first + 1ms);
    EXPECT_EQ(demand.backlog(), 9);
    EXPECT_EQ(demand.next(ledger.window_end()), first + 11ms);
}

// Constant arrivals at 1,000/s; the window begins after 100 of them.
TEST(Demand, AWaitForAFreeConnectionIsNoDelayOfTheGenerators) {
    Load load;
    Ledger ledger = load.ledger();
    Demand demand(load.options, &load.profile, {});
    demand.start(kStart);
    demand.fall_due(kStart + 200ms, kStart + 200ms, ledger);  // none was free till now
    EXPECT_LE(ledger.remaining().send_delay.max(), 0);
    demand.fall_due(kStart + 299ms, kStart + 296ms, ledger);  // one was, for 3 ms
    EXPECT_NEAR(static_cast<double>(ledger.remaining().send_delay.max()), 3e6, 1e4);
}

TEST(Demand, NothingFallsDueAfterTheWindow) {
    Load load;
    Ledger ledger = load.ledger();
    Demand demand(load.options, &load.profile, {});
    demand.start(kStart);
    demand.fall_due(kStart + 1h, kStart, ledger);
    EXPECT_EQ(ledger.before().scheduled + ledger.within().scheduled, demand.backlog());
    EXPECT_EQ(ledger.within().scheduled, 1000);
    EXPECT_EQ(demand.next(ledger.window_end()), TimePoint::max());
    EXPECT_FALSE(demand.exhausted()) << "only a count of requests can be";
}

TEST(Demand, ACountOfRequestsIsOfTheWindow) {
    Load load;
    load.options.requests = 5;
    Ledger ledger = load.ledger();
    Demand demand(load.options, &load.profile, {});
    demand.start(kStart);
    demand.fall_due(kStart + 1h, kStart, ledger);
    EXPECT_TRUE(demand.exhausted());
    EXPECT_EQ(ledger.within().scheduled, 5);
    EXPECT_GT(ledger.before().scheduled, 90) << "those of the warm-up come on top";
}

TEST(Demand, WithoutAScheduleEachRequestIsAskedFor) {
    Load load;
    load.options.requests = 7;
    Ledger ledger = load.ledger();
    std::uint64_t asked = 0;
    for (std::uint64_t i = 0; i < 3; ++i) {  // the parts of three threads add up
        Demand demand(load.options, nullptr, {i, 3});
        EXPECT_FALSE(demand.scheduled());
        demand.ask(kStart, kStart, ledger);  // in the warm-up: not one of the seven
        for (; !demand.exhausted(); ++asked) {
            demand.ask(ledger.window_begin(), ledger.window_begin(), ledger);
        }
        EXPECT_EQ(demand.backlog(), 0);
    }
    EXPECT_EQ(asked, 7);
    EXPECT_EQ(ledger.within().scheduled, 7);
    EXPECT_EQ(ledger.before().scheduled, 3);
}

TEST(Demand, GapsAreSampledEvenlyAndBounded) {
    Load load;
    load.profile = Profile({{100'000, 0ns, {}}});
    Ledger ledger = load.ledger();
    Demand demand(load.options, &load.profile, {});
    demand.start(kStart);
    demand.fall_due(kStart + 600ms, kStart, ledger);  // half of the window
    const std::size_t half = demand.unit_gaps().size();
    demand.fall_due(kStart + 1h, kStart, ledger);
    EXPECT_GT(half, 400);
    EXPECT_NEAR(static_cast<double>(demand.unit_gaps().size()), 2.0 * static_cast<double>(half), 2);
    EXPECT_LE(demand.unit_gaps().size(), 1000);
    for (const double gap : demand.unit_gaps()) ASSERT_EQ(gap, 1) << "constant arrivals";
}

TEST(Demand, WaitingIsPolledOnlyWhereItIsCheap) {
    Load load;
    const Nanos slow = Demand(load.options, &load.profile, {}).longest_spin();
    EXPECT_EQ(Demand(load.options, &load.profile, {}).slack(), 0ns);
    load.profile = Profile({{100'000, 0ns, {}}});
    EXPECT_LT(Demand(load.options, &load.profile, {}).longest_spin(), slow);
    EXPECT_GT(Demand(load.options, &load.profile, {}).slack(), 0ns);
    EXPECT_EQ(Demand(load.options, &load.profile, {0, 10}).slack(), 0ns) << "a tenth of the rate";
    EXPECT_EQ(Demand(load.options, nullptr, {}).longest_spin(), 0ns)
        << "there is nothing to wait for";
    load.options.think = 10ms;
    EXPECT_GT(Demand(load.options, nullptr, {}).longest_spin(), 0ns);
}

}  // namespace
}  // namespace echotrio::loadgen
