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

TEST(Plan, WhatIsForWorkloadsWithManyCpusIsTriedThereAlone) {
    Plan plan = small_plan(8);
    plan.variants.push_back({"x2", "coroutine", {"--processes", "2"}});
    plan.variants.back().only_many_cpus = true;
    EXPECT_EQ(order_trials(plan), order_trials(small_plan(8))) << "none of these is such a one";
    plan.workloads.push_back(*find_workload(standard_workloads(), "cpu"));
    plan.levels.push_back({"cpu", 8, 0, 2});
    std::map<std::pair<std::string, std::size_t>, int> places;
    std::size_t of_cpu = 0;
    for (const TrialPoint& point : order_trials(plan)) {
        if (point.level.workload != "cpu") {
            EXPECT_NE(point.variant, "x2");
        } else {
            ++places[{point.variant, of_cpu++ % 4}];
        }
    }
    EXPECT_EQ(of_cpu, 8U * 4U);
    for (const auto& [place, times] : places) EXPECT_EQ(times, 2) << place.first;
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

TEST(Plan, WrkChecksTheFirstRoundsOnly) {
    const Plan plan = small_plan();
    EXPECT_TRUE(is_cross_checked(plan, {"threads", {"http", 64}, plan.cross_check_rounds}));
    EXPECT_FALSE(is_cross_checked(plan, {"threads", {"http", 64}, plan.cross_check_rounds + 1}));
}

// What an interval needs more rounds of is measured in the order that all levels would have.
TEST(Plan, ARoundOfSomeLevelsIsAPartOfTheWholeRound) {
    const Plan plan = small_plan();
    auto whole = round_trials(plan, 4, plan.levels);
    std::erase_if(whole, [&](const TrialPoint& point) { return point.level == plan.levels[1]; });
    EXPECT_EQ(round_trials(plan, 4, {plan.levels[0], plan.levels[2], plan.levels[3]}), whole);
    EXPECT_TRUE(round_trials(plan, 4, {}).empty());
}

TEST(Plan, AWorkloadCanHaveFewerRounds) {
    Plan plan = small_plan(6);
    plan.workloads[1].most_rounds = 2;
    const auto trials = order_trials(plan);
    EXPECT_EQ(trials.size(), 3U * (6 * 2 + 2 * 2));
    for (const TrialPoint& point : trials) {
        EXPECT_TRUE(point.level.workload == "echo" || point.repetition <= 2);
    }
}

Plan steady_plan() {
    Plan plan = small_plan();
    plan.workloads.push_back(*find_workload(standard_workloads(), "steady"));
    for (const double share : plan.workloads.back().shares) {
        plan.levels.push_back({"steady", 64, share});
    }
    return plan;
}

std::vector<Trial> probed(const std::vector<std::pair<std::string, double>>& rates) {
    std::vector<Trial> trials;
    for (const auto& [variant, rps] : rates) {
        trials.emplace_back().point.variant = variant;
        trials.back().result.throughput_rps = rps;
    }
    return trials;
}

TEST(Rates, AreSharesOfWhatTheSlowestCanDo) {
    EXPECT_FALSE(probe_plan(small_plan()));
    const Plan plan = steady_plan();
    const auto probe = probe_plan(plan);
    ASSERT_TRUE(probe);
    ASSERT_EQ(probe->levels, (std::vector<Level>{{"steady", 64}}));
    EXPECT_TRUE(run_options(probe->workloads[0], probe->levels[0], {}).rate.empty());
    const auto capacities = capacities_of(*probe, probed({{"prefork", 52'000},
                                                          {"threads", 21'400},
                                                          {"threads", 90},
                                                          {"coroutine", 70'000},
                                                          {"threads", 21'500}}));
    ASSERT_TRUE(capacities) << capacities.error().message;
    EXPECT_EQ(capacities->at(1).rps, 21'400) << "the median";
    const Plan fixed = with_rates(plan, *capacities);
    EXPECT_EQ(fixed.levels[4].rate, 2100);
    EXPECT_EQ(fixed.levels[5].rate, 11'000);
    EXPECT_EQ(fixed.levels[3], plan.levels[3]) << "a rate that was asked for stays";
    const auto back = plan_from_json(plan_to_json(fixed));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->levels, fixed.levels);
    EXPECT_EQ(back->capacities.size(), 3U);
}

TEST(Rates, AskNothingOfWhatIsTriedElsewhereAlone) {
    Plan plan = steady_plan();
    plan.variants.push_back({"x2", "coroutine", {"--processes", "2"}});
    plan.variants.back().only_many_cpus = true;
    const Plan probe = *probe_plan(plan);
    for (const TrialPoint& point : order_trials(probe)) EXPECT_NE(point.variant, "x2");
    const auto found = capacities_of(
        probe, probed({{"prefork", 52'000}, {"threads", 21'000}, {"coroutine", 70'000}}));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->size(), 3U);
}

TEST(Rates, AreUnknownWhereAServerDidNothing) {
    auto trials = probed({{"prefork", 52'000}, {"threads", 0}, {"coroutine", 70'000}});
    trials[1].result.verdict.reasons = {{"did not run", "no such program", ""}};
    const auto none = capacities_of(*probe_plan(steady_plan()), trials);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().message, "the capacity of threads could not be probed: no such program");
}

TEST(Rates, OfASmallCapacityAreOneLevel) {
    const Plan fixed = with_rates(steady_plan(), {{"prefork", 1.9}, {"threads", 50'000}});
    ASSERT_EQ(fixed.levels.size(), 5U);
    EXPECT_EQ(fixed.levels[4], (Level{"steady", 64, 1}));
}

TEST(Rates, WithoutACapacityTheOtherWorkloadsStay) {
    const Plan left = without_shares(steady_plan());
    EXPECT_EQ(left.levels, small_plan().levels);
    EXPECT_EQ(find_workload(left.workloads, "steady"), nullptr);
    EXPECT_FALSE(probe_plan(left)) << "also when it is resumed";
}

TEST(Plan, KnowsTheMostSilentConnections) {
    Plan plan = small_plan();
    EXPECT_EQ(most_silent_connections(plan), 0U);
    plan.workloads.push_back(*find_workload(standard_workloads(), "idle"));
    plan.levels.push_back({"idle", 2000});
    plan.levels.push_back({"idle", 50});
    plan.levels.push_back({"echo", 9000});
    EXPECT_EQ(most_silent_connections(plan), 2000U);
}

TEST(PlanJson, OlderFilesCalledTheRetriesABudget) {
    Plan plan = small_plan();
    plan.retries = 17;
    auto older = plan_to_json(plan);
    for (const char* key : {"retries", "precision", "time_budget_s", "cross_check_rounds",
                            "follow_memory", "capacities"}) {
        older.erase(key);
    }
    older["budget"] = 17;
    const auto back = plan_from_json(older);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->retries, 17U);
    EXPECT_FALSE(is_open_ended(*back));
    EXPECT_TRUE(back->follow_memory);
}

TEST(PlanJson, ComesBack) {
    Plan plan = small_plan();
    plan.variants.push_back({"no lock", "threads", {"--gil", "off"}});
    plan.variants.push_back({"x2", "coroutine", {"--processes", "2"}});
    plan.variants.back().only_many_cpus = true;
    plan.workloads.push_back(*find_workload(standard_workloads(), "mixed"));
    plan.levels.push_back({"mixed", 64});
    plan.targets["threads"] = {"::1", 7002};  // where --resume goes on
    plan.observers["threads"] = {"127.0.0.1", 7100};
    plan.precision = 0.05;
    plan.budget = std::chrono::seconds(240);
    plan.follow_memory = false;
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
    workload.load.idle_strategy = IdleStrategy::spin;
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
    EXPECT_EQ(found.load.idle_strategy, IdleStrategy::spin);
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

TEST(PlanJson, KeepsTheCpusOfALevelWhichOlderFilesLack) {
    Plan plan = small_plan();
    plan.levels = {{"http", 64, 0, 1}, {"http", 64, 0, 2}};
    auto json = plan_to_json(plan);
    const auto back = plan_from_json(json);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->levels, plan.levels);
    json["levels"][1].erase("cpus_asked");
    const auto older = plan_from_json(json);
    ASSERT_TRUE(older) << older.error().message;
    EXPECT_EQ(older->levels[1].server_cpus, 0U);
}

}  // namespace
}  // namespace echotrio::loadgen
