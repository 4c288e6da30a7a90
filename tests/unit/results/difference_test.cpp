// Counters since a server began become those of a window.
#include "loadgen/results/difference.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

ServerUse since_start() {
    ServerUse use;
    use.cpu_s = 10;
    use.user_s = 6;
    use.processes = 5;
    use.voluntary_switches = 1000;
    use.memory["pss"] = 1e6;
    return use;
}

TEST(Difference, OfCountersOnly) {
    const ServerUse begin = since_start();
    ServerUse end = since_start();
    end.cpu_s = 14;
    end.user_s = 7.5;
    end.processes = 7;
    end.voluntary_switches = 1300;
    end.memory["pss"] = 2e6;
    subtract_counters(end, begin);
    EXPECT_EQ(end.cpu_s, 4);
    EXPECT_DOUBLE_EQ(end.user_s.value_or(-1), 1.5);
    EXPECT_EQ(end.voluntary_switches, 300U);
    EXPECT_EQ(end.processes, 7U) << "as it is at the end";
    EXPECT_DOUBLE_EQ(end.memory["pss"].value_or(-1), 2e6);
}

TEST(Difference, OfACounterThatDidNotMoveIsNothing) {
    ServerUse end = since_start();
    subtract_counters(end, since_start());
    EXPECT_EQ(end.cpu_s, 0);
    EXPECT_EQ(end.voluntary_switches, 0U);
}

TEST(Difference, OfWhatSteppedBackOrIsMissingIsUnknown) {
    ServerUse begin = since_start();
    begin.minor_faults = 50;
    ServerUse end = since_start();
    end.voluntary_switches = 999;  // another server's
    end.cpu_s = 3;
    end.major_faults = 3;  // nobody knows what it was
    subtract_counters(end, begin);
    EXPECT_FALSE(end.voluntary_switches);
    EXPECT_FALSE(end.cpu_s);
    EXPECT_FALSE(end.minor_faults);
    EXPECT_FALSE(end.major_faults);
    EXPECT_FALSE(end.system_s);
}

TEST(Difference, WhatIsNoneIsForgotten) {
    ServerUse use = since_start();
    use.cpu_us_per_request = 12;
    use.cgroup.emplace().cpu_s = 10;
    use.cgroup->cpu_limit = 2;
    forget_counters(use);
    EXPECT_FALSE(use.cpu_s || use.user_s || use.voluntary_switches || use.cpu_us_per_request);
    EXPECT_FALSE(use.cgroup->cpu_s);
    EXPECT_EQ(use.cgroup->cpu_limit, 2) << "a limit, whenever it was read";
    EXPECT_EQ(use.processes, 5U) << "as it is";
    EXPECT_EQ(use.memory["pss"], 1e6);
}

}  // namespace
}  // namespace echotrio::loadgen
