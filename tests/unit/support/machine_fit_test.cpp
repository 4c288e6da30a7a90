// Who used the machine, from given figures.
#include "tests/support/machine_fit.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace echotrio::test {
namespace {

loadgen::ProcStat process(pid_t pid, pid_t parent, std::uint64_t own, std::uint64_t children) {
    loadgen::ProcStat stat;
    stat.pid = pid;
    stat.parent = parent;
    stat.user = own;
    stat.children_system = children;
    return stat;
}

TEST(MachineFit, OursAreLivingDescendantsAndThoseWaitedFor) {
    const std::vector<loadgen::ProcStat> processes{
        process(1, 0, 1000, 5000), process(10, 1, 1, 20), process(11, 10, 300, 0),
        process(12, 11, 4000, 50000), process(13, 1, 77, 77)};
    EXPECT_EQ(ticks_of_family(processes, 10), 54321);
    EXPECT_EQ(ticks_of_family(processes, 99), 0);
}

TEST(MachineFit, AParentThatIsItsOwnChildEndsTheSearch) {
    EXPECT_EQ(ticks_of_family(std::vector{process(5, 5, 7, 0)}, 5), 7);
}

TEST(MachineFit, OthersAreWhatIsNotOurs) {
    CpuLook before, after;
    after.machine.idle = 500;
    after.machine.user = 300;
    after.machine.nice = 50;
    after.machine.system = 50;
    after.machine.steal = 100;
    after.ours = 250;
    EXPECT_DOUBLE_EQ(others_share(before, after), 0.25);
    after.ours = 600;  // ticks and run times are two clocks
    EXPECT_EQ(others_share(before, after), 0);
    EXPECT_EQ(others_share(before, before), 0);
}

TEST(MachineFit, InterruptsAreNobodys) {
    CpuLook before, after;
    after.machine.soft_irq = 60;
    after.machine.irq = 20;
    after.machine.io_wait = 20;
    EXPECT_EQ(others_share(before, after), 0);
}

TEST(MachineFit, SaysWhoIsToBlame) {
    EXPECT_FALSE(busy_text(0.05));
    EXPECT_EQ(busy_text(0.472), "skipped: the machine is busy, 47 % of it is used by others");
}

TEST(MachineFit, ReadsThisMachine) {
    const MachineFit machine(std::chrono::milliseconds(20));
    EXPECT_GE(machine.share(), 0);
    EXPECT_LE(machine.share(), 1);
}

}  // namespace
}  // namespace echotrio::test
