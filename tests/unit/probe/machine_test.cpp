// What the machine did beside a run, from two looks at it.
#include "loadgen/probe/machine.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace echotrio::loadgen {
namespace {

MachineState state(std::uint64_t user, std::uint64_t soft_irq, std::uint64_t idle,
                   std::uint64_t steal, std::uint64_t process_ticks) {
    MachineState s;
    s.cpu = CpuTicks{user, 0, 0, idle, 0, 0, soft_irq, steal};
    s.process_ticks = process_ticks;
    return s;
}

TEST(MachineUse, SharesAreOfAllCpuTime) {
    const auto use =
        machine_use(state(100, 0, 1000, 10, 50), state(700, 200, 1170, 40, 850), 7.0, 100);
    EXPECT_DOUBLE_EQ(*use.steal_share, 30.0 / 1000);
    EXPECT_DOUBLE_EQ(*use.busy_s, 8.0);
    // 800 ticks of processes, 700 of them known, and 3 that may be none.
    EXPECT_DOUBLE_EQ(*use.other_cpu_share, 0.097);
}

TEST(MachineUse, OtherContainersShowInTheMachinesTotalAlone) {
    const auto use = machine_use(state(0, 0, 0, 0, 0), state(900, 0, 100, 0, 300), 3.0, 100);
    EXPECT_DOUBLE_EQ(*use.other_cpu_share, 0.597);
}

// A window of 200 ms on two CPUs has 40 ticks: one more or less is no other process.
TEST(MachineUse, WhatTicksCannotTellIsNobodys) {
    const auto share = [](std::uint64_t machine, std::uint64_t processes, std::uint64_t in_them) {
        MachineState before = state(0, 0, 0, 0, 0), after = state(machine, 0, 40 - machine, 0, 0);
        after.processes = processes;
        after.process_ticks = in_them;
        return *machine_use(before, after, 0.2, 100).other_cpu_share;
    };
    EXPECT_EQ(share(22, 0, 22), 0);
    EXPECT_EQ(share(23, 0, 23), 0);
    EXPECT_DOUBLE_EQ(share(27, 0, 27), 4.0 / 40);
    EXPECT_DOUBLE_EQ(share(20, 0, 27), 4.0 / 40);
    EXPECT_EQ(share(20, 300, 40), 0) << "20 ticks in 300 processes may be what was cut off";
    EXPECT_DOUBLE_EQ(share(40, 300, 40), 17.0 / 40) << "not of the machine's total";
}

TEST(MachineUse, IsNotMoreThanIsKnown) {
    EXPECT_FALSE(
        machine_use(state(0, 0, 0, 0, 0), state(9, 0, 1, 0, 9), std::nullopt, 100).other_cpu_share);
    EXPECT_EQ(machine_use(state(0, 0, 0, 0, 0), state(9, 0, 1, 0, 9), 5.0, 100).other_cpu_share,
              0.0);
    const auto none = machine_use(MachineState{}, MachineState{}, 1.0, 100);
    EXPECT_FALSE(none.steal_share);
    EXPECT_FALSE(none.busy_s);
    EXPECT_FALSE(none.listen_overflows);
    EXPECT_FALSE(none.swapped_pages);
    EXPECT_FALSE(none.frequency_change);
    // A clock of ticks that went backwards: nothing is said.
    EXPECT_FALSE(machine_use(state(9, 0, 9, 0, 0), state(1, 0, 1, 0, 0), 1.0, 100).busy_s);
}

TEST(MachineUse, CountersClocksAndFrequencies) {
    MachineState before;
    before.listen_overflows = 3;
    before.listen_drops = 4;
    before.retransmissions = 5;
    before.swapped_pages = 6;
    before.frequencies = {2e6, 3e6};
    MachineState after = before;
    after.listen_overflows = 13;
    after.listen_drops = 4;
    after.retransmissions = 7;
    after.frequencies = {2e6, 2.4e6};
    after.wall_minus_monotonic_s += 0.25;
    after.boot_minus_monotonic_s -= 0.1;
    auto use = machine_use(before, after, 0.0, 100);
    EXPECT_EQ(use.listen_overflows, 10U);
    EXPECT_EQ(use.listen_drops, 0U);
    EXPECT_EQ(use.retransmissions, 2U);
    EXPECT_EQ(use.swapped_pages, 0U);
    EXPECT_DOUBLE_EQ(*use.clock_step_s, 0.25);
    EXPECT_DOUBLE_EQ(*use.frequency_change, 0.2);
    after.boot_minus_monotonic_s = 60;
    use = machine_use(before, after, 0.0, 100);
    EXPECT_DOUBLE_EQ(*use.clock_step_s, 60);
}

TEST(MachineProbe, ReadsThisMachine) {
    MachineProbe probe;
    probe.window_begins();
    volatile double sink = 1;
    for (int i = 0; i < 100'000'000; ++i) sink = sink * 1.0000001;  // more ticks than may be none
    probe.window_ends();
    const MachineUse use = probe.use(0.0);
    ASSERT_TRUE(use.steal_share);
    ASSERT_TRUE(use.busy_s);
    ASSERT_TRUE(use.other_cpu_share);
    EXPECT_GT(*use.busy_s, 0.0);
    EXPECT_GT(*use.other_cpu_share, 0.0);  // our own work, which nobody claimed
    EXPECT_LE(*use.other_cpu_share, 1.0);
    EXPECT_LT(std::abs(*use.clock_step_s), 1.0);
}

}  // namespace
}  // namespace echotrio::loadgen
