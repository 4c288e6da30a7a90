// When a growing demand outgrows what was planned for it: by hand, and what holds for any.
#include "loadgen/analysis/growth.hpp"

#include "tests/unit/analysis/made_up_models.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace echotrio::loadgen {
namespace {

struct Grown {
    CapacityPlan plan;
    GrowthPlan growth;
};

Grown grow(const MeasuredModel& model, const Demand& demand, const char* growth,
           const std::vector<InstanceKind>& kinds = {}) {
    const std::vector<MeasuredModel> models{model};
    Grown grown;
    grown.plan = plan_capacity(models, demand, Rng(1));
    std::optional<CostPlan> costs;
    if (!kinds.empty()) costs = plan_costs(models, grown.plan, {"EUR", kinds}, Rng(1));
    grown.growth = plan_growth(models, grown.plan, *parse_growth(growth), costs, Rng(1));
    return grown;
}

TEST(Growth, OutgrowsTheHeadroomAndThenTheCapacity) {
    Demand demand;
    demand.rate = 12'000;  // two instances carry 14,000 with a headroom of 30 %, 20,000 without
    const GrowthPlan growth = grow(made_up_loop(), demand, "20%/month").growth;
    ASSERT_EQ(growth.outgrown.size(), 2U);
    const Outgrown& two = growth.outgrown[0];
    EXPECT_EQ(two.what, "2 instances of loop, as measured");
    EXPECT_NEAR(two.headroom_used.value, std::log(14.0 / 12) / std::log(1.2), 1e-9);
    EXPECT_NEAR(two.objective_lost.value, std::log(20.0 / 12) / std::log(1.2), 1e-9);
    ASSERT_TRUE(two.objective_lost.interval);  // the capacity is known within 1 %
    EXPECT_NEAR(two.objective_lost.interval->low, std::log(19.8 / 12) / std::log(1.2), 0.01);
    EXPECT_NEAR(two.objective_lost.interval->high, std::log(20.2 / 12) / std::log(1.2), 0.01);
    EXPECT_EQ(growth.outgrown[1].instances, 1U);
    EXPECT_EQ(growth.outgrown[1].headroom_used.value, 0) << "one does not carry it today";
}

TEST(Growth, CountsWeeksAndYearsInMonths) {
    Demand demand;
    demand.rate = 5000;
    const double factor = 7000.0 / 5000;
    const auto months = [&](const char* growth) {
        return grow(made_up_loop(), demand, growth).growth.outgrown[0].headroom_used.value;
    };
    EXPECT_NEAR(months("10%/week"), std::log(factor) / std::log(1.1) * 7 / kDaysPerMonth, 1e-9);
    EXPECT_NEAR(months("10%/year"), std::log(factor) / std::log(1.1) * 12, 1e-9);
}

TEST(Growth, NamesTheLargestOfThePriceList) {
    Demand demand;
    demand.rate = 12'000;
    const GrowthPlan growth = grow(made_up_loop(), demand, "5%/month",
                                   {{"one", 1, 4, 0.05}, {"eight", 8, 4, 1}, {"two", 2, 4, 0.09}})
                                  .growth;
    ASSERT_EQ(growth.outgrown.size(), 2U);
    EXPECT_EQ(growth.outgrown[0].kind, "one");
    EXPECT_EQ(growth.outgrown[0].instances, 2U);
    EXPECT_EQ(growth.outgrown[1].kind, "eight");
    EXPECT_EQ(growth.outgrown[1].what, "a single eight, the largest for it (loop)");
    EXPECT_NEAR(growth.outgrown[1].headroom_used.value, std::log(56.0 / 12) / std::log(1.05), 1e-9);
    ASSERT_GE(growth.steps.size(), 2U);
    EXPECT_EQ(growth.steps[0].months, 0);
    EXPECT_NEAR(growth.steps[0].per_month->value, 3 * 0.05 * kHoursPerMonth, 1e-9);
}

TEST(Growth, OfConnectionsFillsTheWorkers) {
    Demand demand;
    demand.connections = 150;  // two pools of 100
    const GrowthPlan growth = grow(made_up_pool(), demand, "10%/month").growth;
    EXPECT_NEAR(growth.outgrown[0].headroom_used.value, std::log(200.0 / 150) / std::log(1.1),
                1e-9);
    EXPECT_EQ(growth.outgrown[0].objective_lost.value, growth.outgrown[0].headroom_used.value);
}

// The loop takes 0.95 of a core for 10,000 requests/s.
TEST(Growth, EndsWhereTheCoresDo) {
    Demand demand;
    demand.rate = 12'000;
    demand.cores = 1.8;  // for 18,947 requests/s, 13,263 with the headroom
    const GrowthPlan growth = grow(made_up_loop(), demand, "20%/month").growth;
    const Outgrown& two = growth.outgrown[0];
    const double cores_per_rps = 0.95e-4;
    EXPECT_NEAR(two.headroom_used.value,
                std::log(1.8 * 0.7 / cores_per_rps / 12'000) / std::log(1.2), 1e-6);
    EXPECT_NEAR(two.objective_lost.value, std::log(1.8 / cores_per_rps / 12'000) / std::log(1.2),
                1e-6);
    EXPECT_EQ(growth.steps[0].refused, "");
    ASSERT_TRUE(growth.steps[0].instances);
    EXPECT_EQ(growth.steps[1].refused, "needs 1.95 cores, has 1.8");
    EXPECT_FALSE(growth.steps[1].instances);
    demand.cores = 1000;
    EXPECT_NEAR(grow(made_up_loop(), demand, "20%/month").growth.outgrown[0].headroom_used.value,
                std::log(14.0 / 12) / std::log(1.2), 1e-9)
        << "the capacity comes first";
}

TEST(Growth, EndsWhereTheMemoryDoes) {
    Demand demand;
    demand.connections = 1000;
    demand.memory_bytes = 10 * kMebibyte + 1500 * 65'536.0;
    const GrowthPlan growth = grow(made_up_loop(), demand, "10%/month").growth;
    const Outgrown& one = growth.outgrown[0];
    EXPECT_NEAR(one.headroom_used.value, std::log(1.5) / std::log(1.1), 1e-9);
    ASSERT_TRUE(one.headroom_used.interval);
    EXPECT_NEAR(one.headroom_used.interval->low, std::log(1.5 / 1.1) / std::log(1.1), 1e-9);
    EXPECT_EQ(one.objective_lost.value, one.headroom_used.value);
    EXPECT_EQ(growth.steps[2].months, 3);
    ASSERT_TRUE(growth.steps[2].instances) << growth.steps[2].refused;
    EXPECT_NE(growth.steps[3].refused.find("of memory, has"), std::string::npos);
    // Of a rate alone so many instances hold the same connections for ever.
    demand.connections = 0;
    demand.rate = 5000;
    EXPECT_NEAR(grow(made_up_loop(), demand, "10%/month").growth.outgrown[0].headroom_used.value,
                std::log(1.4) / std::log(1.1), 1e-9);
}

TEST(Growth, SaysWhereTheListEnds) {
    Demand demand;
    demand.rate = 1000;
    const GrowthPlan growth =
        grow(made_up_loop(), demand, "1%/month", {{"none", 1, 0.001, 0.05}}).growth;
    EXPECT_TRUE(growth.outgrown.empty());
    EXPECT_EQ(growth.steps[0].refused, "no kind of the price list carries it");
}

TEST(Growth, WhatIsNeededNeverFallsAndFastOnesEnd) {
    Demand demand;
    demand.rate = 12'000;
    for (const char* rate : {"0.1%/year", "20%/month", "1000%/week"}) {
        const GrowthPlan growth =
            grow(made_up_loop(), demand, rate, {{"one", 1, 4, 0.05}, {"four", 4, 4, 0.15}}).growth;
        double before = 0;
        for (const GrowthStep& step : growth.steps) {
            if (!step.per_month) {
                EXPECT_STREQ(rate, "1000%/week");
                continue;
            }
            EXPECT_GE(step.per_month->value, before);
            EXPECT_LE(step.instances->value, kMostInstances);
            before = step.per_month->value;
        }
        for (const Outgrown& outgrown : growth.outgrown) {
            EXPECT_LE(outgrown.headroom_used.value, outgrown.objective_lost.value);
            EXPECT_TRUE(outgrown.headroom_used.interval->contains(outgrown.headroom_used.value));
        }
    }
}

}  // namespace
}  // namespace echotrio::loadgen
