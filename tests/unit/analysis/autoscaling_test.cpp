// The autoscaler's arithmetic: by hand, and against a simulation of the autoscaler itself.
#include "loadgen/analysis/autoscaling.hpp"

#include "loadgen/analysis/instance.hpp"
#include "tests/unit/analysis/made_up_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <vector>

namespace echotrio::loadgen {
namespace {

AutoscalingRequest usual(const char* ramp = "10%/min") {
    AutoscalingRequest request;
    request.ramp = *parse_ramp(ramp);
    return request;
}

Result<AutoscalingPlan> scale(const MeasuredModel& model, const Demand& demand,
                              const AutoscalingRequest& request) {
    const CapacityPlan plan = plan_capacity(std::vector{model}, demand, Rng(1));
    return plan_autoscaling(model, plan.models[0], demand, request);
}

Demand rate_of(double rate, double headroom = 0.3) {
    Demand demand;
    demand.rate = rate;
    demand.headroom = headroom;
    return demand;
}

TEST(Autoscaling, ByHand) {
    MeasuredModel model = made_up_loop();
    model.levels = {made_up_level(64, 10'000, 1, 0.95, 0)};  // an interval of nothing
    model.ready_s = {0.2, 5, 0.1};
    const auto a = scale(model, rate_of(100'000), usual());
    ASSERT_TRUE(a) << a.error().message;
    EXPECT_DOUBLE_EQ(a->planned_rps, 10'000);
    EXPECT_DOUBLE_EQ(a->request_cpus, 0.95);
    EXPECT_EQ(a->target_percent, 70);
    EXPECT_DOUBLE_EQ(a->reaction_s, 30 + 15 + 10 + 5);
    EXPECT_EQ(a->starts, 3U);
    EXPECT_DOUBLE_EQ(a->rises_rps, 10'000);  // a tenth of 100,000 in that minute
    // A pod has 1 - 1.1 x 0.7 = 23 % left, 2,300 requests/s: 4.3 pods
    EXPECT_EQ(a->for_ramp, 5U);
    EXPECT_EQ(a->least, 6U);
    EXPECT_EQ(a->most, 15U + 1);  // 100,000 / 7,000 = 14.3
    EXPECT_NEAR(a->ramp_at_least * 60, 5 * 2300 / 100'000.0, 1e-9);
    EXPECT_TRUE(a->notes.empty());
}

TEST(Autoscaling, PlansWithTheLowEndAndRoundsTheRequestUp) {
    MeasuredModel model = made_up_loop();
    model.levels = {made_up_level(64, 10'000, 1, 0.97, 0.1)};
    model.ready_s = {1};
    const auto a = scale(model, rate_of(100'000), usual());
    ASSERT_TRUE(a);
    EXPECT_NEAR(a->planned_rps, a->capacity_rps.interval->low, 1e-9);
    EXPECT_LT(a->planned_rps, 9500);
    EXPECT_DOUBLE_EQ(a->request_cpus, 1);
    EXPECT_LE(a->target_share, 0.7);
    EXPECT_NEAR(a->target_percent, 100 * 0.7 * 0.97 * a->planned_rps / 10'000, 1);
}

TEST(Autoscaling, SaysWhatItDoesNotKnowAndWhereItDoesNotHelp) {
    const auto says = [](const AutoscalingPlan& a, const char* what) {
        return std::any_of(a.notes.begin(), a.notes.end(), [&](const std::string& note) {
            return note.find(what) != std::string::npos;
        });
    };
    const auto steep = scale(made_up_loop(), rate_of(100'000), usual("100%/min"));
    ASSERT_TRUE(steep);
    EXPECT_TRUE(says(*steep, "was not measured")) << "no start was";
    EXPECT_TRUE(says(*steep, "the demand rises faster than pods start"));
    EXPECT_EQ(steep->least, steep->most);
    MeasuredModel waits = made_up_loop();
    waits.levels = {made_up_level(64, 3000, 1, 0.1)};
    EXPECT_TRUE(says(*scale(waits, rate_of(10'000), usual()), "poor sign"));
    MeasuredModel unseen = made_up_loop();
    for (auto& repetition : unseen.levels[0].repetitions) repetition.cpus_used.reset();
    const auto none = scale(unseen, rate_of(10'000), usual());
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("how much CPU"), std::string::npos);
    const auto full = scale(made_up_loop(), rate_of(10'000, 0.05), usual());
    ASSERT_FALSE(full);
    EXPECT_NE(full.error().message.find("a headroom of 5 % leaves no room"), std::string::npos);
    EXPECT_NE(full.error().message.find("at least --headroom 10 is needed, 19 leaves a tenth"),
              std::string::npos)
        << full.error().message;
    EXPECT_TRUE(scale(made_up_loop(), rate_of(10'000, 0.10), usual()));
    MeasuredModel slow = made_up_loop();
    slow.levels = {made_up_level(64, 1000, 1, 0.95)};
    Demand tight = rate_of(5);
    tight.objective = Objective{0.99, std::chrono::microseconds(4700)};  // 4.65 by chance alone
    const auto never = scale(slow, tight, usual());
    ASSERT_FALSE(never);
    EXPECT_NE(never.error().message.find("no --headroom leaves room"), std::string::npos)
        << never.error().message;
}

TEST(Autoscaling, SaysWhyItSavesNothing) {
    MeasuredModel model = made_up_loop();
    model.ready_s = {1};
    const auto one = scale(model, rate_of(1000), usual());
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(one->most, 2U);
    EXPECT_EQ(one->notes, std::vector<std::string>{"one pod carries the whole demand: with its "
                                                   "spare there is nothing to scale"});
    MeasuredModel pool = made_up_pool();
    pool.ready_s = {1};
    Demand demand = rate_of(4000);
    demand.connections = 750;  // eight pools, while the rate takes two
    const auto held = scale(pool, demand, usual());
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_EQ(held->least, held->most);
    EXPECT_EQ(held->notes,
              (std::vector<std::string>{
                  "the connections take as many pods at any time as the rate does at its most: "
                  "the autoscaler saves nothing",
                  "the minimum holds all connections, which CPU tells nothing of"}));
}

TEST(Autoscaling, SaysWhereItsMaximumIsMoreThanThereIs) {
    MeasuredModel model = made_up_loop();
    model.ready_s = {1};
    Demand demand = rate_of(100'000);
    demand.cores = 15;  // the demand takes 13.6; 16 pods request 0.95 each
    const auto a = scale(model, demand, usual());
    ASSERT_TRUE(a) << a.error().message;
    EXPECT_GE(a->most, 16U);
    ASSERT_EQ(a->notes.size(), 1U);
    EXPECT_TRUE(a->notes[0].starts_with("at its maximum, the spare included, it needs"))
        << a->notes[0];
}

TEST(Autoscaling, HoldsTheConnectionsAllTheTime) {
    Demand demand = rate_of(10'000);
    demand.connections = 750;
    const auto a = scale(made_up_pool(), demand, usual());
    ASSERT_TRUE(a);
    EXPECT_EQ(a->for_connections, 8U);
    EXPECT_EQ(a->least, 9U);
    EXPECT_GE(a->most, a->least);
}

// Kubernetes' rule, a tenth of a second a step: pods that were ordered serve after a while, the
// autoscaler looks now and then at figures that are old. At no time may a ready pod get more than
// it carries, however the load moves, as long as it rises no faster than the ramp.
double busiest(const AutoscalingPlan& a, Rng& rng) {
    constexpr double kStep = 0.1;
    const double steepest = a.rate * a.request.ramp.share / a.request.ramp.seconds;
    std::deque<double> loads;  // the newest last
    double load = a.rate * 0.05 * rng.uniform(), direction = 1, most = 0;
    double ready = static_cast<double>(a.least - 1);  // the spare has failed
    double ordered = ready;
    std::deque<std::pair<double, double>> starting;  // when, how many in all
    double next_look = a.request.sync_s * rng.uniform();
    for (double t = 0; t < 1500; t += kStep) {
        if (rng.below(600) == 0) direction = rng.uniform() < 0.7 ? 1 : -rng.uniform();
        load = std::clamp(load + direction * steepest * kStep, 0.0, a.rate);
        loads.push_back(load);
        while (static_cast<double>(loads.size()) > a.request.metrics_s / kStep) loads.pop_front();
        if (t >= next_look) {
            next_look += a.request.sync_s;
            // what all pods use over what they would at the target
            const double ratio = loads.front() / (ordered * a.planned_rps * a.target_share);
            if (std::abs(ratio - 1) > kTolerance) {
                const double wanted =
                    std::clamp(std::ceil(ratio * ordered), static_cast<double>(a.least - 1),
                               static_cast<double>(a.most - 1));
                if (wanted < ordered) ready = std::min(ready, wanted);
                ordered = wanted;
                starting.emplace_back(t + a.request.pod_s + a.ready_s, ordered);
            }
        }
        while (!starting.empty() && starting.front().first <= t) {
            ready = std::min(starting.front().second, ordered);
            starting.pop_front();
        }
        most = std::max(most, load / (ready * a.planned_rps));
    }
    return most;
}

TEST(Autoscaling, KeepsEveryPodBelowItsCapacity) {
    Rng rng(23);
    for (int round = 0; round < 60; ++round) {
        MeasuredModel model = made_up_loop();
        model.ready_s = {20 * rng.uniform()};
        AutoscalingRequest request = usual();
        request.ramp.share = 0.02 + 0.3 * rng.uniform();
        request.metrics_s = 5 + 40 * rng.uniform();
        const auto a = scale(
            model, rate_of(30'000 + 500'000 * rng.uniform(), 0.2 + 0.4 * rng.uniform()), request);
        ASSERT_TRUE(a) << a.error().message;
        EXPECT_LE(busiest(*a, rng), 1.005)
            << "rate " << a->rate << " ramp " << request.ramp.share << " headroom " << a->headroom;
    }
}

TEST(Autoscaling, AFasterRampNeverNeedsFewer) {
    std::uint64_t before = 0;
    for (const char* ramp : {"1%/h", "1%/min", "10%/min", "50%/min", "5%/s"}) {
        const auto a = scale(made_up_loop(), rate_of(200'000), usual(ramp));
        ASSERT_TRUE(a);
        EXPECT_GE(a->least, before);
        EXPECT_GE(a->most, a->least);
        before = a->least;
    }
}

}  // namespace
}  // namespace echotrio::loadgen
