// How much of a connection's memory is told, by what the trials could read.
#include "loadgen/findings/memory_slope.hpp"

#include "loadgen/findings/digest.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace echotrio::loadgen {
namespace {

// The sample was measured by an ordinary user: slabinfo was closed to it, Slab was not.
Experiment sample_with(const std::function<void(Trial&)>& change) {
    Experiment experiment = sample_experiment();
    for (Trial& trial : experiment.trials) {
        if (trial.result.server) change(trial);
    }
    return experiment;
}

void read_by_root(Trial& trial) {
    const auto n = static_cast<double>(trial.point.level.connections);
    trial.result.server->memory["socket_objects"] = 3400 * n;
    trial.result.server->memory["task_objects"] = 100 * n;
}

MemorySlope slope_of(const Experiment& experiment, const std::string& variant) {
    for (const MemorySlope& slope : digest(experiment).memory) {
        if (slope.variant == variant) return slope;
    }
    ADD_FAILURE() << "no slope of " << variant;
    return {};
}

TEST(MemorySlope, IsReadByRoot) {
    const MemorySlope slope = slope_of(sample_with(read_by_root), "coroutine");
    EXPECT_EQ(slope.kernel, KernelPart::read);
    EXPECT_NEAR(slope.total.slope, 500 * (1.02 + 1.0 / 4 + 1.0 / 3) + 3500, 1);
    EXPECT_FALSE(slope.from_slab);
    EXPECT_TRUE(slope.why_unknown.empty());
}

TEST(MemorySlope, ComesFromSlabForEverybodyElse) {
    const Experiment experiment = sample_experiment();
    const MemorySlope loop = slope_of(experiment, "coroutine");
    EXPECT_EQ(loop.kernel, KernelPart::from_slab);
    EXPECT_NEAR(loop.from_slab->value, 3500, 50);
    EXPECT_NEAR(loop.total.slope, 500 * (1.02 + 1.0 / 4 + 1.0 / 3) + 3500, 50);
    const Bounds& total = loop.total.slope_interval;
    EXPECT_TRUE(total.contains(loop.total.slope));
    const Bounds& slab = *loop.from_slab->interval;
    EXPECT_GE(total.high - total.low, slab.high - slab.low) << "no surer than its parts";
    EXPECT_NEAR(slope_of(experiment, "threads").from_slab->value, 3500 + 7000, 50)
        << "the thread's own objects are not halved";
}

TEST(MemorySlope, OnTwoMachinesNothingComesOff) {
    const Experiment experiment =
        sample_with([](Trial& trial) { trial.result.server->ends_here = 1; });
    EXPECT_NEAR(slope_of(experiment, "coroutine").from_slab->value, 7000, 50);
}

void expect_user_only(const Experiment& experiment, const std::string& why) {
    const Digest told = digest(experiment);
    ASSERT_FALSE(told.memory.empty());
    EXPECT_EQ(least_known(told.memory), KernelPart::unknown);
    for (const MemorySlope& slope : told.memory) {
        EXPECT_EQ(slope.kernel, KernelPart::unknown) << slope.variant;
        EXPECT_EQ(slope.total.slope, slope.parts.at("pss")) << slope.variant;
        EXPECT_FALSE(counted_part(slope, "kernel_stacks"));
        EXPECT_TRUE(counted_part(slope, "pss"));
    }
    EXPECT_NE(told.memory.front().why_unknown.find(why), std::string::npos)
        << told.memory.front().why_unknown;
}

TEST(MemorySlope, IsOfTheUserMemoryOnlyWhereNothingElseWasRead) {
    expect_user_only(sample_with([](Trial& t) { t.result.server->memory.erase("slab"); }),
                     "neither slabinfo");
    expect_user_only(sample_with([](Trial& t) { t.result.server->memory.erase("slab_still"); }),
                     "the silence after the connections was too short to see how slab moves by "
                     "itself, at 4 of 4 connection counts");
    expect_user_only(sample_with([](Trial& t) { t.result.server->ends_here.reset(); }),
                     "not known whether the generator");
    expect_user_only(
        sample_with([](Trial& t) { t.result.server->memory["socket_buffers"].reset(); }),
        "socket buffers were not read");
    Experiment old = sample_experiment();
    old.environment.erase(kEndKey);
    expect_user_only(old, "an end of a connection takes of slab");
    Experiment few = sample_experiment();
    std::erase_if(few.trials, [](const Trial& t) {
        return t.point.level.workload == "idle" && t.point.level.connections == 150;
    });
    expect_user_only(few, "4 or more connection counts, there are 3");
}

TEST(MemorySlope, OneThatIsBlurredLeavesUserMemoryOnlyForAll) {
    int turn = 0;
    const Experiment experiment = sample_with([&](Trial& trial) {
        if (trial.point.variant != "prefork") return;
        trial.result.server->memory["slab"] = (turn++ % 2 == 0) ? 1e6 : 60e6;
    });
    const Digest told = digest(experiment);
    EXPECT_EQ(least_known(told.memory), KernelPart::unknown);
    for (const MemorySlope& slope : told.memory) {
        EXPECT_EQ(slope.kernel, KernelPart::unknown) << slope.variant;
        EXPECT_EQ(slope.why_unknown.find("that of prefork") != std::string::npos,
                  slope.variant != "prefork");
    }
}

}  // namespace
}  // namespace echotrio::loadgen
