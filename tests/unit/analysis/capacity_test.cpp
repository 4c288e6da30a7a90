// Plans from made-up measurements whose answer is known by hand.
#include "loadgen/analysis/capacity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace echotrio::loadgen {
namespace {

using std::chrono::milliseconds;
constexpr double kMiB = 1024.0 * 1024;

// `connections` in a closed loop give `rate`, each request taking `latency` and 20 us of CPU.
MeasuredLevel level(std::uint64_t connections, double rate, Nanos latency,
                    std::uint64_t repetitions = 5) {
    MeasuredLevel l;
    l.connections = l.served = connections;
    l.cpus_usable = 1;
    for (std::uint64_t r = 1; r <= repetitions; ++r) {
        const double wobble = 1 + 0.001 * (static_cast<double>(r) - 3);
        MeasuredLevel::Repetition one;
        one.number = r;
        one.throughput_rps = rate * wobble;
        one.in_flight = static_cast<double>(connections);
        one.cpu_us = 20 / wobble;
        one.cpu_us_upper = 25 / wobble;
        one.cpus_used = rate * 20e-6;
        l.repetitions.push_back(one);
    }
    l.latency.record(latency.count(), 10'000);
    return l;
}

MeasuredModel one_loop() {
    MeasuredModel m;
    m.name = "loop";
    m.levels = {level(1, 10'000, milliseconds(1)), level(8, 40'000, milliseconds(2)),
                level(64, 48'000, milliseconds(4)), level(512, 47'000, milliseconds(30))};
    Line line;
    line.slope = 4096;
    line.slope_interval = {4000, 4200};
    line.intercept = kMiB;
    m.memory = line;
    m.kernel = KernelPart::read;
    m.memory_levels = 5;
    m.most_held = 2000;
    return m;
}

bool says(const std::vector<std::string>& texts, const std::string& what) {
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
        return text.find(what) != std::string::npos;
    });
}

ModelPlan plan_one(const MeasuredModel& model, const Demand& demand) {
    return plan_capacity(std::span(&model, 1), demand, Rng(1)).models.front();
}

TEST(Typical, HasTheIntervalThatItsSizeAllows) {
    EXPECT_FALSE(typical(std::vector<double>{5}).interval);
    const auto three = typical(std::vector<double>{9, 10, 11});
    EXPECT_DOUBLE_EQ(three.value, 10);
    EXPECT_NEAR(three.interval->low, 10 - 4.303 * 1 / std::sqrt(3.0), 0.001);
    EXPECT_NEAR(three.interval->high, 10 + 4.303 * 1 / std::sqrt(3.0), 0.001);
    const auto six = typical(std::vector<double>{1, 2, 3, 4, 5, 6});
    EXPECT_DOUBLE_EQ(six.interval->low, 1);
    EXPECT_DOUBLE_EQ(six.interval->high, 6);
    const auto skewed = typical(std::vector<double>{1, 1, 1, 100});
    EXPECT_TRUE(skewed.interval->contains(skewed.value));
    EXPECT_GE(skewed.interval->low, 0);
}

TEST(Capacity, OfOneInstance) {
    const ModelPlan plan = plan_one(one_loop(), {});
    EXPECT_DOUBLE_EQ(plan.capacity_rps->value, 48'000);
    EXPECT_EQ(plan.last_pass->connections, 64U);
    EXPECT_FALSE(plan.first_fail);
    EXPECT_NEAR(plan.cores_per_100k->value, 2, 1e-9);
    EXPECT_TRUE(plan.cores_per_100k->interval->contains(2));
    EXPECT_NEAR(*plan.cores_per_100k_upper, 2.5, 1e-9);
    EXPECT_NEAR(plan.connections_per_gib->value, 262'144, 1e-6);
    EXPECT_NEAR(plan.connections_per_gib->interval->low, 1024 * kMiB / 4200, 1e-6);
    EXPECT_NEAR(plan.connections_per_gib->interval->high, 1024 * kMiB / 4000, 1e-6);
    EXPECT_EQ(plan.bottleneck, "CPU: 0.96 of the 1 that it can use");
    EXPECT_FALSE(plan.scaling);
    EXPECT_NE(plan.scaling_refused.find("got 4"), std::string::npos);
    EXPECT_EQ(plan.instances, 0U);  // nothing was asked for
}

TEST(Capacity, UnderAnObjectiveHasItsLastPassAndFirstFail) {
    Demand demand;
    demand.objective = Objective{0.99, milliseconds(3)};
    const ModelPlan plan = plan_one(one_loop(), demand);
    EXPECT_EQ(plan.last_pass->connections, 8U);
    EXPECT_NEAR(plan.last_pass->latency_us, 2000, 2);
    ASSERT_TRUE(plan.first_fail);
    EXPECT_EQ(plan.first_fail->connections, 64U);
    EXPECT_NEAR(plan.first_fail->latency_us, 4000, 4);
    EXPECT_FALSE(plan.first_fail->starved);
    EXPECT_TRUE(says(plan.notes, "closed loop"));
    demand.objective = Objective{0.99, milliseconds(100)};
    EXPECT_TRUE(says(plan_one(one_loop(), demand).notes, "48,000 requests/s is a lower bound"));
}

TEST(Capacity, AnOverloadedOrStarvedLevelDoesNotMeetAnObjective) {
    MeasuredModel m = one_loop();
    m.levels.resize(1);
    for (const double rate : {20'000, 40'000, 60'000}) {
        m.levels.push_back(level(64, rate * 0.9, milliseconds(1)));
        m.levels.back().offered_rps = rate;
    }
    m.levels.back().overloaded = true;
    Demand demand;
    demand.objective = Objective{0.99, milliseconds(5)};
    const ModelPlan plan = plan_one(m, demand);
    EXPECT_DOUBLE_EQ(plan.last_pass->rate, 36'000);
    EXPECT_DOUBLE_EQ(plan.first_fail->rate, 54'000);
    EXPECT_TRUE(plan.first_fail->overloaded);
    EXPECT_FALSE(says(plan.notes, "closed loop"));
}

TEST(Capacity, SizesForARate) {
    Demand demand;
    demand.rate = 100'000;
    demand.headroom = 0.3;
    const ModelPlan plan = plan_one(one_loop(), demand);
    EXPECT_EQ(plan.instances, 3U);  // 100,000 / (48,000 x 0.7) = 2.98
    EXPECT_EQ(plan.sized_by, "rate");
    EXPECT_NEAR(plan.cores->value, 2 / 0.7, 1e-9);
    EXPECT_NEAR(*plan.utilization, 100'000.0 / 144'000, 1e-9);
    EXPECT_NEAR(*plan.stretch, 1.528, 0.001);  // M/M/3 at 0.694: C = 0.484
    EXPECT_NEAR(plan.memory_bytes->value, 3 * kMiB + 3 * 64 * 4096.0, 1);
    EXPECT_TRUE(plan.meets);
    demand.headroom = 0;
    demand.rate = 96'000;
    EXPECT_EQ(plan_one(one_loop(), demand).instances, 2U);
    demand.rate = 96'001;
    EXPECT_EQ(plan_one(one_loop(), demand).instances, 3U);
}

TEST(Capacity, HasTheInstancesOfBothEndsOfItsInterval) {
    MeasuredModel m = one_loop();
    for (auto& r : m.levels[2].repetitions) {
        r.throughput_rps *= 1 + 0.1 * (static_cast<double>(r.number) - 3);
    }
    Demand demand;
    demand.rate = 200'000;
    const ModelPlan plan = plan_one(m, demand);
    EXPECT_EQ(plan.instances, 6U);  // 200,000 / (48,000 x 0.7) = 5.95
    // Student t over 0.8, 0.9, 1, 1.1 and 1.2 times 48,000: 38,578 to 57,422
    EXPECT_EQ(plan.instances_least, 5U);
    EXPECT_EQ(plan.instances_most, 8U);
    EXPECT_NEAR(plan.cores_upper.value_or(0), 2 * 2.5 / 0.7, 0.05);
}

TEST(Capacity, AnIntervalThatReachesZeroHasNoMostInstances) {
    MeasuredModel m = one_loop();
    for (auto& r : m.levels[2].repetitions) r.throughput_rps = r.number < 3 ? 1'000 : 100'000;
    Demand demand;
    demand.rate = 200'000;
    const ModelPlan plan = plan_one(m, demand);
    EXPECT_TRUE(plan.instances_least);
    EXPECT_FALSE(plan.instances_most);
}

TEST(Capacity, IsCheckedByQueueing) {
    Demand demand;
    demand.rate = 100'000;
    demand.objective = *parse_objective("p99=10ms");
    const ModelPlan plan = plan_one(one_loop(), demand);
    EXPECT_EQ(plan.instances, 3U);
    const double rho = 100'000 / (3 * 48'000.0);
    EXPECT_NEAR(plan.utilization.value_or(0), rho, 1e-9);
    // Service times that are all alike wait half as long as exponential ones.
    EXPECT_NEAR(plan.stretch_apart.value_or(0), 1 + rho / (2 * (1 - rho)), 1e-6);
    EXPECT_LT(*plan.stretch, *plan.stretch_apart);
    EXPECT_NEAR(plan.queueing_tail_us.value_or(0), std::log(100) / (1 - rho) / 0.048, 0.01);
    EXPECT_TRUE(plan.meets);
}

TEST(Capacity, IsRefusedWhereQueueingAloneBreaksTheObjective) {
    MeasuredModel m = one_loop();
    m.levels[2] = level(64, 48'000, std::chrono::microseconds(50));
    Demand demand;
    demand.rate = 47'000;
    demand.headroom = 0.01;
    demand.objective = *parse_objective("p99=200us");
    const ModelPlan plan = plan_one(m, demand);
    EXPECT_FALSE(plan.meets);
    EXPECT_TRUE(says(plan.reasons, "queueing alone would break p99=200us"));
}

TEST(Capacity, SizesForConnections) {
    Demand demand;
    demand.connections = 2400;
    ModelPlan plan = plan_one(one_loop(), demand);
    EXPECT_EQ(plan.instances, 1U);
    EXPECT_NEAR(plan.memory_bytes->value, kMiB + 2400 * 4096.0, 1);
    EXPECT_NEAR(plan.memory_bytes->interval->high, kMiB + 2400 * 4200.0, 1);
    EXPECT_FALSE(says(plan.notes, "EXTRAPOLATED"));
    demand.connections = 2600;  // beyond 1.25 x 2,000
    EXPECT_TRUE(says(plan_one(one_loop(), demand).notes, "EXTRAPOLATED: 2,600 connections"));

    MeasuredModel pool = one_loop();
    pool.levels.back().served = 256;
    pool.connection_limit = 256;
    pool.limited_by = "workers";
    plan = plan_one(pool, demand);
    EXPECT_EQ(plan.instances, 11U);  // 2,600 / 256
    EXPECT_EQ(plan.sized_by, "workers");
    EXPECT_EQ(plan.bottleneck, "workers: 256 connections at once");
}

TEST(Capacity, RefusesWithReasons) {
    Demand demand;
    demand.rate = 1000;
    demand.objective = Objective{0.99, std::chrono::microseconds(100)};
    ModelPlan plan = plan_one(one_loop(), demand);
    EXPECT_FALSE(plan.meets);
    EXPECT_TRUE(says(plan.reasons, "no measured load met p99=100us"));

    demand = {};
    demand.rate = 100'000;
    demand.cores = 2;
    demand.memory_bytes = kMiB;
    plan = plan_one(one_loop(), demand);
    EXPECT_TRUE(says(plan.reasons, "needs 2.86 cores, has 2"));
    EXPECT_TRUE(says(plan.reasons, " of memory, has "));
    demand.cores = 3;
    demand.memory_bytes = 100 * kMiB;
    EXPECT_TRUE(plan_one(one_loop(), demand).meets);

    MeasuredModel few = one_loop();
    few.memory_levels = 3;
    demand.connections = 10;
    plan = plan_one(few, demand);
    EXPECT_FALSE(plan.connections_per_gib);
    EXPECT_TRUE(says(plan.reasons, "it needs 4 or more connection counts"));
}

TEST(Capacity, UserMemoryOnlyIsNoPlanForMemory) {
    MeasuredModel user_only = one_loop();
    user_only.kernel = KernelPart::unknown;
    Demand demand;
    demand.rate = 1000;
    ModelPlan plan = plan_one(user_only, demand);
    EXPECT_TRUE(plan.meets) << "nobody asked for memory";
    EXPECT_FALSE(plan.memory_bytes);
    EXPECT_TRUE(plan.bytes_per_connection) << "as measured, and named so";
    EXPECT_EQ(plan.kernel, KernelPart::unknown);
    demand.memory_bytes = 100 * kMiB;
    plan = plan_one(user_only, demand);
    EXPECT_FALSE(plan.meets);
    EXPECT_TRUE(says(plan.reasons, "no plan for memory: the results tell user memory only"));
    user_only.kernel = KernelPart::from_slab;
    EXPECT_TRUE(plan_one(user_only, demand).meets);
}

TEST(Capacity, ALoadThatEndedFirstIsALowerBound) {
    MeasuredModel m = one_loop();
    m.levels.resize(2);  // 0.8 of a CPU used
    const ModelPlan plan = plan_one(m, {});
    EXPECT_EQ(plan.bottleneck, "none met: the measured load ended first");
    EXPECT_TRUE(says(plan.notes, "lower bound"));
    m = one_loop();
    for (auto& r : m.levels[2].repetitions) r.cpus_used = 0.5;
    EXPECT_NE(plan_one(m, {}).bottleneck.find("not the CPU (0.50 of 1 used)"), std::string::npos);
    for (auto& r : m.levels[2].repetitions) r.cpus_used.reset();
    EXPECT_NE(plan_one(m, {}).bottleneck.find("not known"), std::string::npos);
}

TEST(Capacity, ChoosesFewerCoresThenLessMemory) {
    MeasuredModel costly = one_loop();
    costly.name = "costly";
    for (auto& l : costly.levels) {
        for (auto& r : l.repetitions) r.cpu_us = *r.cpu_us * 2;
    }
    MeasuredModel heavy = one_loop();
    heavy.name = "heavy";
    heavy.memory->slope *= 20;
    Demand demand;
    demand.rate = 100'000;
    const std::vector<MeasuredModel> models{costly, heavy, one_loop()};
    CapacityPlan plan = plan_capacity(models, demand, Rng(1));
    ASSERT_TRUE(plan.choice);
    EXPECT_EQ(plan.models[*plan.choice].model, "loop");
    demand.cores = 1;
    EXPECT_FALSE(plan_capacity(models, demand, Rng(1)).choice);
    EXPECT_FALSE(plan_capacity(models, {}, Rng(1)).choice);
}

TEST(Capacity, FitsScalingThroughLevelsNotRepetitions) {
    MeasuredModel m = one_loop();
    const UslParameters truth{0.02, 1e-4, 10'000};
    m.levels.clear();
    for (const std::uint64_t n : {1U, 2U, 4U, 8U, 16U, 32U}) {
        m.levels.push_back(level(n, truth.throughput(static_cast<double>(n)), milliseconds(1)));
        for (auto& r : m.levels.back().repetitions) {
            r.in_flight *= 1 - 0.0001 * static_cast<double>(r.number);
        }
    }
    const ModelPlan plan = plan_one(m, {});
    ASSERT_TRUE(plan.scaling);
    EXPECT_EQ(plan.scaling->distinct, 6U);
    EXPECT_EQ(plan.scaling->points, 30U);
    EXPECT_EQ(plan.scaling->repetitions, 5U);
    EXPECT_NEAR(plan.scaling->full.at.sigma, 0.02, 0.001);
    m.levels.back().served = 3;  // starved levels are no measure of scaling
    EXPECT_FALSE(plan_one(m, {}).scaling);
}

}  // namespace
}  // namespace echotrio::loadgen
