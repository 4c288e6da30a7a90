// The plan of trials: complete, balanced, repeatable, and as JSON and back.
#include "loadgen/design/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace echotrio::loadgen {
namespace {

Plan small_plan(std::uint64_t repetitions = 6) {
    Plan plan;
    for (const char* model : {"prefork", "threads", "coroutine"}) {
        plan.variants.push_back({model, model, {}});
    }
    plan.workloads = {*find_workload(standard_workloads(), "echo"),
                      *find_workload(standard_workloads(), "http")};
    plan.levels = {{"echo", 16}, {"echo", 64}, {"http", 64}, {"http", 64, 500}};
    plan.repetitions = repetitions;
    plan.seed = 7;
    return plan;
}

TEST(Plan, HasEveryTrialOnce) {
    const auto trials = order_trials(small_plan());
    EXPECT_EQ(trials.size(), 6U * 4U * 3U);
    std::set<std::tuple<std::string, Level, std::uint64_t>> seen;
    for (const TrialPoint& t : trials) seen.emplace(t.variant, t.level, t.repetition);
    EXPECT_EQ(seen.size(), trials.size());
}

TEST(Plan, RoundsFollowEachOtherAndModelsOfALevelStandTogether) {
    const auto trials = order_trials(small_plan());
    EXPECT_TRUE(std::is_sorted(trials.begin(), trials.end(), [](const auto& a, const auto& b) {
        return a.repetition < b.repetition;
    }));
    for (std::size_t i = 0; i < trials.size(); i += 3) {
        EXPECT_EQ(trials[i].level, trials[i + 1].level);
        EXPECT_EQ(trials[i].level, trials[i + 2].level);
    }
}

TEST(Plan, EveryModelStandsInEveryPlaceEquallyOften) {
    const auto trials = order_trials(small_plan(6));
    std::map<std::pair<std::string, std::size_t>, int> places;
    for (std::size_t i = 0; i < trials.size(); ++i) ++places[{trials[i].variant, i % 3}];
    for (const auto& [place, times] : places) EXPECT_EQ(times, 6 * 4 / 3) << place.first;
}

TEST(Plan, ServersThatAreNotFreshGetTheirSilentConnectionsFirstFromFewToMany) {
    Plan plan = small_plan(2);
    plan.workloads.push_back(*find_workload(standard_workloads(), "idle"));
    for (const std::uint64_t connections : {500U, 50U, 1000U, 200U}) {
        plan.levels.push_back({"idle", connections});
    }
    plan.fresh_servers = false;
    const auto trials = order_trials(plan);
    const std::size_t round = plan.levels.size() * 3;
    ASSERT_EQ(trials.size(), 2 * round);
    const std::uint64_t expected[] = {50, 200, 500, 1000};
    for (std::size_t i = 0; i < trials.size(); ++i) {
        const std::size_t place = i % round / 3;
        EXPECT_EQ(trials[i].level.workload == "idle", place < 4);
        if (place < 4) {
            EXPECT_EQ(trials[i].level.connections, expected[place]);
        }
    }
}

TEST(Plan, FollowsItsSeed) {
    Plan plan = small_plan();
    const auto first = order_trials(plan);
    EXPECT_EQ(order_trials(plan), first);
    plan.seed = 8;
    EXPECT_NE(order_trials(plan), first);
}

TEST(Plan, TheOrderOfLevelsChangesFromRoundToRound) {
    const auto trials = order_trials(small_plan());
    std::set<std::vector<Level>> orders;
    for (std::size_t round = 0; round < 6; ++round) {
        std::vector<Level> order;
        for (std::size_t i = 0; i < 12; i += 3) order.push_back(trials[round * 12 + i].level);
        orders.insert(order);
    }
    EXPECT_GT(orders.size(), 2U);
}

TEST(Plan, WhatIsDoneIsNotLeft) {
    const Plan plan = small_plan();
    const auto all = order_trials(plan);
    std::vector<Trial> done(3);
    for (std::size_t i = 0; i < 3; ++i) done[i].point = all[i];
    done[1].superseded = true;          // was to be repeated when the experiment was interrupted
    done[2].result.interrupted = true;  // half a trial is none
    const auto left = remaining_trials(plan, done);
    EXPECT_EQ(left.size(), all.size() - 1);
    EXPECT_EQ(left[0], all[1]);
    EXPECT_EQ(left[1], all[2]);
}

TEST(Plan, EmptyFactorsAreNoTrials) {
    Plan plan = small_plan();
    plan.variants.clear();
    EXPECT_TRUE(order_trials(plan).empty());
    EXPECT_EQ(estimated_duration(plan, order_trials(plan)), Nanos(0));
}

TEST(Plan, EstimatesGrowWithWhatIsAskedFor) {
    Plan plan = small_plan();
    const TrialPoint point = order_trials(plan).front();
    const Nanos before = estimated_duration(plan, point);
    for (Workload& workload : plan.workloads) workload.load.duration += std::chrono::seconds(3);
    EXPECT_EQ(estimated_duration(plan, point) - before, std::chrono::seconds(3));
}

TEST(Plan, WrkChecksTheClosedHttpLoopOnly) {
    Plan plan = small_plan();
    EXPECT_TRUE(is_cross_checked(plan, {"threads", {"http", 64}, 1}));
    EXPECT_FALSE(is_cross_checked(plan, {"threads", {"http", 64, 500}, 1}));
    EXPECT_FALSE(is_cross_checked(plan, {"threads", {"echo", 64}, 1}));
    plan.cross_check = false;
    EXPECT_FALSE(is_cross_checked(plan, {"threads", {"http", 64}, 1}));
}

TEST(PlanJson, ComesBack) {
    Plan plan = small_plan();
    plan.variants.push_back({"no lock", "threads", {"--gil", "off"}});
    plan.workloads.push_back(*find_workload(standard_workloads(), "mixed"));
    plan.levels.push_back({"mixed", 64});
    plan.targets["threads"] = {"::1", 7002};  // where --resume goes on
    plan.observers["threads"] = {"127.0.0.1", 7100};
    const auto json = plan_to_json(plan);
    const auto back = plan_from_json(nlohmann::ordered_json::parse(json.dump()));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(order_trials(*back), order_trials(plan));
    EXPECT_EQ(plan_to_json(*back), json);
    EXPECT_EQ(back->workloads.back().load.classes.size(), 2U);
    EXPECT_EQ(back->targets.at("threads").host, "::1");
    EXPECT_EQ(back->observers.at("threads").port, 7100);
    EXPECT_EQ(back->variants.back().arguments, plan.variants.back().arguments);
}

// A workload of the kind that results.json has held from the beginning.
TEST(PlanJson, KeepsItsFormWhereAWorkloadAsksForNothingNew) {
    const auto json = plan_to_json(small_plan())["workloads"][1];
    const nlohmann::ordered_json expected = {
        {"name", "http"},
        {"title", "HTTP keep-alive, GET /echo/hi"},
        {"shows", "the same with a protocol to parse; wrk checks the figures"},
        {"scheme", "http"},
        {"path", "/echo/hi"},
        {"rate", 0.0},
        {"classes", nlohmann::ordered_json::array()},
        {"requests_per_connection", 0},
        {"think", "0s"},
        {"silent", false},
        {"many_cpus", false},
        {"duration", "1s"},
        {"warmup", "250ms"},
        {"timeout", "2s"},
        {"headline", "throughput_rps"}};
    EXPECT_EQ(nlohmann::json(json), nlohmann::json(expected));
    Plan plan = small_plan();
    auto older = plan_to_json(plan);
    older["workloads"][1] = expected;
    const auto back = plan_from_json(older);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(plan_to_json(*back), plan_to_json(plan));
}

TEST(PlanJson, KeepsEverythingOfALoad) {
    Plan plan = small_plan();
    Workload workload{.name = "own", .title = "all of it"};
    workload.load.size = 1000;
    workload.load.pipeline = 4;
    workload.load.requests = 99;
    workload.load.idle = 7;
    workload.load.method = "POST";
    workload.load.body = "hello";
    workload.load.headers = {"A: b"};
    workload.load.check_replies = false;
    workload.load.arrival = Arrival::constant;
    workload.load.rate = {{100, std::chrono::seconds(2)}, {.rate = 200}};
    workload.load.think = std::chrono::milliseconds(3);
    workload.load.classes = {{"heavy", 2.5, "/echo/hi?cpu=20ms"}};
    workload.server_cpus = 2;
    workload.most_workers = 16;
    workload.background = {3, "/echo/x?cpu=4s"};
    plan.workloads = {workload};
    plan.levels = {{"own", 8}};
    const auto json = plan_to_json(plan);
    const auto back = plan_from_json(nlohmann::ordered_json::parse(json.dump()));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(plan_to_json(*back), json);
    const Workload& found = back->workloads.front();
    EXPECT_EQ(found.load.size, 1000U);
    EXPECT_EQ(found.load.body, "hello");
    EXPECT_EQ(found.load.arrival, Arrival::constant);
    EXPECT_EQ(found.load.rate.size(), 2U);
    EXPECT_EQ(found.server_cpus, 2U);
    EXPECT_EQ(found.most_workers, 16U);
    EXPECT_EQ(found.background.connections, 3U);
    EXPECT_EQ(found.background.path, "/echo/x?cpu=4s");
}

TEST(PlanJson, SaysWhatIsWrong) {
    auto json = plan_to_json(small_plan());
    json["levels"][0]["workload"] = "nonsense";
    const auto unknown = plan_from_json(json);
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().message.find("nonsense"), std::string::npos);
    json.erase("seed");
    EXPECT_FALSE(plan_from_json(json));
    EXPECT_FALSE(plan_from_json(nlohmann::ordered_json::array()));
    EXPECT_FALSE(plan_from_json(nullptr));
}

}  // namespace
}  // namespace echotrio::loadgen
