// What made-up measurements cost at made-up prices: by hand, and what holds for any of them.
#include "loadgen/analysis/costs.hpp"

#include "loadgen/analysis/cpu_law.hpp"
#include "tests/unit/analysis/made_up_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace echotrio::loadgen {
namespace {

using std::chrono::milliseconds;

Demand rate_of(double rate) {
    Demand demand;
    demand.rate = rate;
    return demand;
}

CostPlan costs_of(const std::vector<MeasuredModel>& models, const Demand& demand,
                  std::vector<InstanceKind> kinds) {
    const CapacityPlan plan = plan_capacity(models, demand, Rng(1));
    return plan_costs(models, plan, PriceList{"EUR", std::move(kinds)}, Rng(1));
}

const InstanceKind kOne{"one", 1, 4, 0.05}, kFour{"four", 4, 16, 0.18}, kHalf{"half", 0.5, 4, 0.03};

TEST(Costs, OfOneCoreAtATimeRunAProcessPerCore) {
    const CostPlan costs = costs_of({made_up_loop()}, rate_of(50'000), {kOne, kFour, kHalf});
    ASSERT_EQ(costs.options.size(), 3U);
    const auto kind = [&](std::size_t row) {
        return costs.prices.kinds[costs.options[row].kind].name;
    };
    EXPECT_EQ(kind(0), "one");  // 50,000 / (10,000 x 0.7) = 7.1
    EXPECT_EQ(costs.options[0].instances.value, 8U);
    EXPECT_NEAR(costs.options[0].per_hour.value, 9 * 0.05, 1e-12) << "with the spare";
    EXPECT_EQ(kind(1), "half");  // 50,000 / (5,000 x 0.7) = 14.3
    EXPECT_EQ(costs.options[1].instances.value, 15U);
    EXPECT_EQ(costs.options[1].copies, 1U);
    EXPECT_EQ(kind(2), "four");  // 50,000 / (4 x 10,000 x 0.7) = 1.8
    const CostOption& large = costs.options[2];
    EXPECT_EQ(large.copies, 4U);
    EXPECT_NEAR(large.one.rps->value, 40'000, 1e-6);
    EXPECT_EQ(large.instances.value, 2U);
    EXPECT_EQ(large.instances.because_of, "rate");
    EXPECT_FALSE(large.extrapolated) << "processes beside each other";
}

TEST(Costs, OfAProcessThatTakesMoreThanACoreCountIt) {
    MeasuredModel threads = made_up_loop();
    threads.levels = {made_up_level(64, 10'000, 2, 1.3)};
    const CostPlan costs = costs_of({threads}, rate_of(5000), {kOne, kFour});
    for (const CostOption& option : costs.options) {
        const bool one = costs.prices.kinds[option.kind].name == "one";
        EXPECT_EQ(option.copies, one ? 1U : 3U);
        EXPECT_NEAR(option.one.rps->value, one ? 10'000 / 1.3 : 30'000, 1e-6);
    }
}

TEST(Costs, OfAPoolGrowWithTheCpus) {
    Demand demand = rate_of(10'000);
    const CostPlan costs = costs_of({made_up_pool()}, demand, {kFour});
    ASSERT_EQ(costs.options.size(), 1U);
    const CostOption& four = costs.options[0];
    EXPECT_EQ(four.copies, 1U);
    EXPECT_EQ(four.workers, 200U);
    EXPECT_NEAR(four.one.rps->value, 8000, 1e-6);
    EXPECT_EQ(four.instances.value, 2U);  // 10,000 / 5,600
    EXPECT_TRUE(four.extrapolated);
    demand.connections = 900;
    const CostPlan held = costs_of({made_up_pool()}, demand, {kFour});
    EXPECT_EQ(held.options[0].instances.value, 5U) << "200 workers each";
    EXPECT_EQ(held.options[0].instances.because_of, "workers");
}

TEST(Costs, MemoryHoldsTheConnectionsOrTheKindIsLeftOut) {
    Demand demand;
    demand.connections = 100'000;
    const CostPlan costs = costs_of({made_up_loop()}, demand, {{"m", 1, 1, 0.02}});
    ASSERT_EQ(costs.options.size(), 1U);
    // (0.7 GiB - 10 MiB) / 64 KiB = 11,308; the slope may be a tenth larger or smaller
    EXPECT_EQ(costs.options[0].instances.value, 9U);
    EXPECT_EQ(costs.options[0].instances.because_of, "memory");
    EXPECT_EQ(costs.options[0].instances.least, 8U);
    EXPECT_EQ(costs.options[0].instances.most, 10U);
    const CostPlan none = costs_of({made_up_pool()}, rate_of(100), {{"small", 2, 0.25, 0.02}});
    EXPECT_TRUE(none.options.empty());
    ASSERT_EQ(none.left_out.size(), 1U);
    EXPECT_NE(none.left_out[0].reason.find("210 MiB of memory for 100 workers"), std::string::npos)
        << none.left_out[0].reason;
}

TEST(Costs, APoolsWorkersNeedMemoryForFewConnectionsToo) {
    Demand demand = rate_of(100);
    demand.connections = 10;
    const InstanceKind small{"small", 2, 0.25, 0.02};  // 0.7 of it holds 84 workers
    const CostPlan none = costs_of({made_up_pool()}, demand, {small});
    EXPECT_TRUE(none.options.empty()) << "the rate takes 100 workers";
    ASSERT_EQ(none.left_out.size(), 1U);
    EXPECT_NE(none.left_out[0].reason.find("for 100 workers"), std::string::npos)
        << none.left_out[0].reason;
    demand.rate = 0;
    const CostPlan held = costs_of({made_up_pool()}, demand, {small});
    ASSERT_EQ(held.options.size(), 1U) << "without a rate ten are enough";
    EXPECT_EQ(held.options[0].workers, 10U);
}

TEST(Costs, MemoryThatMayBeTooLittleForTheWorkersWidensTheInterval) {
    Demand demand;
    demand.connections = 1000;
    // 0.7 of it: 105 workers (95 to 116), and a pool has 100
    const double gib = 220 / 0.7 / 1024;
    const CostPlan costs = costs_of({made_up_pool()}, demand, {{"just", 2, gib, 0.02}});
    ASSERT_EQ(costs.options.size(), 1U);
    const InstanceCount& count = costs.options[0].instances;
    EXPECT_EQ(count.value, 10U);
    EXPECT_EQ(count.least, 10U) << "there are no more workers";
    EXPECT_EQ(count.most, 11U);
    EXPECT_EQ(count.because_of, "workers");
    const CostPlan ample = costs_of({made_up_pool()}, demand, {{"ample", 2, 64, 0.02}});
    EXPECT_FALSE(ample.options[0].instances.least) << "workers are counted";
}

TEST(Costs, ARateThatNobodyKnowsHowSureMakesNoInterval) {
    MeasuredModel once = made_up_loop();
    once.levels[0].repetitions.resize(1);
    Demand demand = rate_of(50'000);
    demand.connections = 1000;
    const CostPlan costs = costs_of({once}, demand, {kOne});
    ASSERT_EQ(costs.options.size(), 1U);
    EXPECT_FALSE(costs.options[0].per_hour.interval) << "though that of the memory is known";
}

TEST(Costs, MemoryOfUserPagesAloneIsNoReason) {
    MeasuredModel model = made_up_loop();
    model.kernel = KernelPart::unknown;
    const CostPlan costs = costs_of({model}, rate_of(100), {{"m", 1, 0.001, 0.02}});
    ASSERT_EQ(costs.options.size(), 1U) << "nobody knows whether it fits, which is said";
    const auto says = [](const std::string& text) {
        return text.find("memory was not looked at") != std::string::npos;
    };
    EXPECT_TRUE(std::any_of(costs.assumptions.begin(), costs.assumptions.end(), says));
    Demand demand;
    demand.connections = 10;
    EXPECT_TRUE(costs_of({model}, demand, {kOne}).options.empty()) << "the plan refuses it";
}

TEST(Costs, QueueingAloneCanRuleASmallInstanceOut) {
    MeasuredModel slow = made_up_loop();
    slow.levels = {made_up_level(1, 2000, 1, 0.95)};
    Demand demand = rate_of(500);
    demand.objective = Objective{0.99, milliseconds(10)};
    // Alone p99 of the M/M/1 is 4.6 / 2,000 = 2.3 ms; on a fifth of a core 11.5 ms.
    const CostPlan costs = costs_of({slow}, demand, {kOne, {"fifth", 0.2, 4, 0.001}});
    ASSERT_EQ(costs.options.size(), 1U);
    EXPECT_EQ(costs.prices.kinds[costs.options[0].kind].name, "one");
    ASSERT_EQ(costs.left_out.size(), 1U);
    EXPECT_NE(costs.left_out[0].reason.find("queueing alone breaks p99=10ms"), std::string::npos);
}

TEST(Costs, AreEqualAsFarAsTheIntervalsTell) {
    MeasuredModel unsure = made_up_loop();
    unsure.levels = {made_up_level(64, 10'000, 1, 0.95, 0.5)};
    const CostPlan costs =
        costs_of({unsure}, rate_of(60'000), {kOne, {"other", 1, 4, 0.051}, {"dear", 1, 4, 1}});
    EXPECT_EQ(costs.as_cheap, 1U);
}

// More demand never costs less, more headroom neither; an interval holds its value.
TEST(Costs, AreMonotoneAndTheirIntervalsNest) {
    Rng rng(11);
    const std::vector<MeasuredModel> models{made_up_loop(), made_up_pool()};
    for (int round = 0; round < 300; ++round) {
        std::vector<InstanceKind> kinds;
        for (int i = 0; i < 3; ++i) {
            kinds.push_back({std::to_string(i), 0.25 + 16 * rng.uniform(), 0.5 + 64 * rng.uniform(),
                             0.001 + rng.uniform()});
        }
        Demand demand = rate_of(100'000 * rng.uniform() + 1);
        demand.connections = rng.below(3) == 0 ? rng.below(20'000) : 0;
        demand.headroom = 0.1 + 0.4 * rng.uniform();
        if (rng.below(2) == 0) demand.objective = Objective{0.99, milliseconds(20)};
        Demand more = demand;
        more.rate *= 1 + rng.uniform();
        more.connections = demand.connections * 2;
        more.headroom += 0.1 * rng.uniform();
        const CostPlan now = costs_of(models, demand, kinds), then = costs_of(models, more, kinds);
        for (const CostOption& later : then.options) {
            const auto same = [&](const CostOption& o) {
                return o.model == later.model && o.kind == later.kind;
            };
            const auto before = std::find_if(now.options.begin(), now.options.end(), same);
            ASSERT_NE(before, now.options.end()) << "what carries more carries less";
            EXPECT_LE(before->per_hour.value, later.per_hour.value);
        }
        for (const CostOption& option : now.options) {
            const InstanceCount& count = option.instances;
            EXPECT_LE(count.least.value_or(count.value), count.value);
            EXPECT_GE(count.most.value_or(count.value), count.value);
            EXPECT_GE(times_carried(option.one, count.value, demand, demand.headroom).value,
                      1 - 1e-9);
            if (option.per_hour.interval) {
                EXPECT_TRUE(option.per_hour.interval->contains(option.per_hour.value));
            }
        }
        EXPECT_TRUE(std::is_sorted(now.options.begin(), now.options.end(),
                                   [](const CostOption& a, const CostOption& b) {
                                       return a.per_hour.value < b.per_hour.value;
                                   }));
    }
}

std::vector<ScalingPoint> points_of(const UslParameters& law, const std::vector<double>& cpus,
                                    double noise) {
    Rng rng(3);
    std::vector<ScalingPoint> points;
    for (const double n : cpus) {
        for (std::uint64_t r = 1; r <= 5; ++r) {
            points.push_back({n, law.throughput(n) * (1 + noise * rng.normal()), r});
        }
    }
    return points;
}

TEST(CpuLaw, OfTwoCountsIsAmdahls) {
    const UslParameters truth{0.05, 0, 1000};
    const auto law = CpuLaw::of(points_of(truth, {1, 2}, 0), Rng(1));
    ASSERT_TRUE(law);
    EXPECT_NEAR(law->at(8).rps.value, truth.throughput(8), 1e-6);
    EXPECT_TRUE(law->at(8).extrapolated);
    EXPECT_FALSE(law->at(2).extrapolated);
    EXPECT_NEAR(law->at(0.5).rps.value, 500, 1e-6) << "half of what one does";
    EXPECT_EQ(law->words(), "Amdahl's law through 1 and 2 CPUs, sigma 0.0500");
    const auto noisy = CpuLaw::of(points_of(truth, {1, 2}, 0.01), Rng(1));
    ASSERT_TRUE(noisy->at(8).rps.interval);
    EXPECT_TRUE(noisy->at(8).rps.interval->contains(noisy->at(8).rps.value));
    EXPECT_TRUE(noisy->at(8).rps.interval->contains(truth.throughput(8)));
}

TEST(CpuLaw, DoesNotCarryOnWhatGrowsFasterThanTheCpus) {
    std::vector<ScalingPoint> points{{1, 1000, 1}, {1, 1010, 2}, {2, 2200, 1}, {2, 2210, 2}};
    const auto law = CpuLaw::of(points, Rng(1));
    ASSERT_TRUE(law);
    EXPECT_LT(law->at(8).rps.value, 8 * 1105);
    EXPECT_EQ(law->words(), "linear through 1 and 2 CPUs");
    // However unsure it is what many do, each of them does no more than one alone.
    const auto unsure = CpuLaw::of(
        std::vector<ScalingPoint>{{1, 900, 1}, {1, 1100, 2}, {2, 1700, 1}, {2, 1990, 2}}, Rng(1));
    ASSERT_TRUE(unsure && unsure->at(64).rps.interval);
    EXPECT_NEAR(unsure->at(64).rps.interval->high, 64 * unsure->at(1).rps.interval->high, 1e-6);
}

TEST(CpuLaw, OfSixCountsIsTheUniversalOne) {
    const UslParameters truth{0.02, 0.002, 1000};
    const auto law = CpuLaw::of(points_of(truth, {1, 2, 4, 8, 16, 24}, 0.002), Rng(1));
    ASSERT_TRUE(law);
    EXPECT_EQ(law->words(), "the usl law through 1, 2, 4, 8, 16 and 24 CPUs");
    const double peak = *truth.peak_n();
    EXPECT_NEAR(law->at(4 * peak).rps.value, truth.throughput(peak), 0.02 * truth.throughput(peak))
        << "more CPUs than that are left idle";
}

TEST(CpuLaw, NeedsTwoCounts) {
    EXPECT_FALSE(CpuLaw::of(points_of({0, 0, 10}, {2}, 0), Rng(1)));
    EXPECT_FALSE(CpuLaw::of(std::vector<ScalingPoint>{{1, 10, 1}, {2, 0, 1}}, Rng(1)));
}

// 95 % intervals cover the truth in 95 % of experiments, give or take what 400 of them tell.
TEST(CpuLaw, CoversTheTruth) {
    const UslParameters truth{0.04, 0, 1000};
    Rng rng(17);
    int covered = 0;
    constexpr int kRounds = 400;
    for (int round = 0; round < kRounds; ++round) {
        std::vector<ScalingPoint> points;
        for (const double n : {1.0, 2.0}) {
            for (std::uint64_t r = 1; r <= 5; ++r) {
                points.push_back({n, truth.throughput(n) * (1 + 0.02 * rng.normal()), r});
            }
        }
        const auto interval = CpuLaw::of(points, Rng(1))->at(2).rps.interval;
        covered += interval && interval->contains(truth.throughput(2)) ? 1 : 0;
    }
    EXPECT_GT(covered, 0.91 * kRounds);
}

TEST(Costs, FollowTheLawOverCpusWhereItWasMeasured) {
    MeasuredModel pool = made_up_pool();
    pool.connection_limit.reset();
    pool.by_cpus = {{1, false, {made_up_level(100, 2100, 1, 1)}},
                    {2, true, {made_up_level(100, 4000, 2, 1.9)}}};
    const CostPlan costs = costs_of({pool}, rate_of(3000), {kFour});
    ASSERT_EQ(costs.options.size(), 1U);
    // 1 / 2,100 + (2 / 4,000 - 1 / 2,100) x 3 of a second a request and CPU
    EXPECT_NEAR(costs.options[0].one.rps->value, 4 / (1 / 2100.0 + (0.0005 - 1 / 2100.0) * 3), 0.5);
    EXPECT_TRUE(std::any_of(
        costs.assumptions.begin(), costs.assumptions.end(), [](const std::string& text) {
            return text.find("Amdahl's law through 1 and 2 CPUs") != std::string::npos &&
                   text.find("the generator shared") != std::string::npos;
        }));
}

}  // namespace
}  // namespace echotrio::loadgen
