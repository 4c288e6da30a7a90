// What a capacity plan is told of an experiment.
#include "loadgen/findings/plan_input.hpp"

#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace echotrio::loadgen {
namespace {

std::vector<MeasuredModel> models_of(const Experiment& experiment,
                                     const std::string& workload = "http") {
    const auto models = measured_models(experiment, digest(experiment), workload);
    EXPECT_TRUE(models) << models.error().message;
    return models ? *models : std::vector<MeasuredModel>();
}

const MeasuredModel& model_named(const std::vector<MeasuredModel>& models, const char* name) {
    return *std::find_if(models.begin(), models.end(),
                         [&](const MeasuredModel& model) { return model.name == name; });
}

void spoil(Experiment& experiment, const std::string& workload) {
    for (Trial& trial : experiment.trials) {
        if (trial.point.level.workload == workload) trial.result.verdict.valid = false;
    }
}

TEST(PlanInput, ActiveConnectionsCanBePlannedSilentOnesCanNot) {
    const Experiment experiment = sample_experiment();
    EXPECT_EQ(plannable_workloads(digest(experiment)), std::vector<std::string>{"http"});
}

// Rates that all servers keep show no limit.
TEST(PlanInput, SharesOfWhatWasFoundCanNotBePlanned) {
    Experiment experiment = sample_experiment();
    Plan plan = *plan_from_json(experiment.settings);
    plan.workloads[0].shares = {0.1, 0.5};
    experiment.settings = plan_to_json(plan);
    EXPECT_TRUE(plannable_workloads(digest(experiment)).empty());
    const auto models = measured_models(experiment, digest(experiment), "http");
    ASSERT_FALSE(models);
    EXPECT_NE(models.error().message.find("tell no limit; there are: none"), std::string::npos);
}

TEST(PlanInput, HoldsEveryRepetitionThatCounts) {
    const auto models = models_of(sample_experiment());
    ASSERT_EQ(models.size(), 3U);
    for (const MeasuredModel& model : models) {
        ASSERT_EQ(model.levels.size(), 2U) << model.name;
        for (const MeasuredLevel& level : model.levels) {
            EXPECT_EQ(level.repetitions.size(), 3U) << "without the one that was repeated";
            EXPECT_EQ(level.latency.count(), 3000U);
            EXPECT_EQ(level.cpus_usable, 1) << "the server was pinned to one";
        }
    }
    const auto& first = model_named(models, "threads").levels[0].repetitions[0];
    EXPECT_NEAR(first.throughput_rps, 26'260, 1);
    EXPECT_NEAR(first.cpus_used.value_or(0), 0.9, 1e-9);
    EXPECT_EQ(first.in_flight, 64);
    EXPECT_FALSE(first.cpu_us_upper) << "nobody looked at the whole machine";
}

TEST(PlanInput, WhatTheMachineLostOfItsTicksIsAnUpperBound) {
    Experiment experiment = sample_experiment();
    for (Trial& trial : experiment.trials) trial.result.machine.busy_s = 1.9;
    const auto models = models_of(experiment);
    const auto& first = model_named(models, "threads").levels[0].repetitions[0];
    // 1.9 s were busy; 0.4 s of them was the generator
    EXPECT_NEAR(first.cpu_us_upper.value_or(0), 1.5e6 / 26'260, 0.01);
    for (Trial& trial : experiment.trials) trial.result.machine.busy_s = 0.5;
    const auto less = models_of(experiment);
    EXPECT_NEAR(model_named(less, "threads").levels[0].repetitions[0].cpu_us_upper.value_or(0),
                0.9e6 / 26'260, 0.01)
        << "never below what the server itself used";
}

TEST(PlanInput, UnsteadyTrialsStayOutAsLongAsThereAreOthers) {
    Experiment experiment = sample_experiment();
    const auto unsteady = [&](std::uint64_t last_repetition) {
        for (Trial& trial : experiment.trials) {
            if (trial.point.repetition <= last_repetition) trial.result.verdict.rankable = false;
        }
        return model_named(models_of(experiment), "coroutine").levels[0].repetitions.size();
    };
    EXPECT_EQ(unsteady(1), 2U);
    EXPECT_EQ(unsteady(3), 3U) << "there are no others";
}

TEST(PlanInput, StarvedConnectionsAreTheLimitOfTheWorkers) {
    const auto models = models_of(sample_experiment());
    EXPECT_EQ(model_named(models, "prefork").connection_limit, 256U);
    EXPECT_EQ(model_named(models, "prefork").limited_by, "workers");
    EXPECT_FALSE(model_named(models, "threads").connection_limit) << "nobody knows";
}

TEST(PlanInput, DescriptorsAreTheLimitOtherwise) {
    Experiment experiment = sample_experiment();
    experiment.environment["descriptor_limit"] = 1024;
    const auto models = models_of(experiment);
    EXPECT_EQ(model_named(models, "prefork").limited_by, "workers");
    EXPECT_EQ(model_named(models, "threads").limited_by, "descriptors");
    EXPECT_EQ(model_named(models, "threads").connection_limit, 960U) << "it opens some itself";
}

TEST(PlanInput, KnowsWhoCanUseMoreThanOneCore) {
    const auto models = models_of(sample_experiment());
    EXPECT_TRUE(model_named(models, "prefork").pool);
    EXPECT_FALSE(model_named(models, "prefork").one_core);
    EXPECT_TRUE(model_named(models, "threads").one_core) << "its threads take turns";
    EXPECT_FALSE(model_named(models, "threads").pool);
    Experiment experiment = sample_experiment();
    Plan plan = *plan_from_json(experiment.settings);
    for (Variant& variant : plan.variants) {
        if (variant.label == "threads") variant.arguments = {"--gil", "off"};
    }
    experiment.settings = plan_to_json(plan);
    for (Trial& trial : experiment.trials) {
        if (trial.result.server)
            trial.result.server->threads = trial.point.variant == "coroutine" ? 1 : 9;
    }
    const auto unlocked = models_of(experiment);
    EXPECT_FALSE(model_named(unlocked, "threads").one_core);
    EXPECT_TRUE(model_named(unlocked, "coroutine").one_core) << "it has one thread";
}

TEST(PlanInput, HoldsTheRowsByCpusAndTheStarts) {
    EXPECT_TRUE(models_of(sample_experiment())[0].by_cpus.empty()) << "all had the same";
    Experiment experiment = sample_experiment();
    std::vector<Trial> on_two;
    for (Trial& trial : experiment.trials) {
        if (trial.result.server) trial.result.server->time_to_ready_s = 0.5;
        if (trial.point.level.workload != "http") continue;
        trial.point.level.server_cpus = 1;
        on_two.push_back(trial);
        on_two.back().point.level.server_cpus = 2;
        on_two.back().server_cpus = {0, 1};
        on_two.back().generator_cpus = {1};
        on_two.back().result.cpus = {2, 1, false, std::nullopt, std::nullopt};
    }
    experiment.trials.insert(experiment.trials.end(), on_two.begin(), on_two.end());
    const auto models = models_of(experiment);
    const MeasuredModel& prefork = model_named(models, "prefork");
    ASSERT_EQ(prefork.by_cpus.size(), 2U);
    EXPECT_EQ(prefork.by_cpus[0].cpus, 1);
    EXPECT_EQ(prefork.by_cpus[1].cpus, 2);
    EXPECT_TRUE(prefork.by_cpus[1].shared);
    EXPECT_FALSE(prefork.by_cpus[1].levels.empty());
    ASSERT_FALSE(prefork.ready_s.empty());
    EXPECT_EQ(prefork.ready_s.front(), 0.5);
}

TEST(PlanInput, HoldsTheSlopeOfTheMemory) {
    const auto models = models_of(sample_experiment());
    const MeasuredModel& coroutine = model_named(models, "coroutine");
    ASSERT_TRUE(coroutine.memory);
    EXPECT_NEAR(coroutine.memory->slope, 500 * (1.02 + 1.0 / 4 + 1.0 / 3) + 3500, 1);
    EXPECT_EQ(coroutine.kernel, KernelPart::from_slab);
    EXPECT_EQ(coroutine.memory_levels, 4U);
    EXPECT_EQ(coroutine.most_held, 200U);
}

TEST(PlanInput, SaysWhyThereIsNone) {
    Experiment experiment = sample_experiment();
    const auto unknown = measured_models(experiment, digest(experiment), "cpu");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().message, "no trial of workload 'cpu' counts; there are: http");
    spoil(experiment, "http");
    const auto spoilt = measured_models(experiment, digest(experiment), "http");
    ASSERT_FALSE(spoilt);
    EXPECT_EQ(spoilt.error().message,
              "no trial of workload 'http' counts; `loadgen report` on these results says why");
}

TEST(PlanInput, OfAFileIsOneModel) {
    const std::vector<ScalingPoint> points{{8, 700, 1}, {1, 100, 1}, {8, 720, 2}};
    const MeasuredModel model = measured_model("mine", points);
    EXPECT_EQ(model.name, "mine");
    ASSERT_EQ(model.levels.size(), 2U) << "in the order of their connections";
    EXPECT_EQ(model.levels[0].connections, 1U);
    EXPECT_EQ(model.levels[1].connections, 8U);
    ASSERT_EQ(model.levels[1].repetitions.size(), 2U);
    EXPECT_EQ(model.levels[1].repetitions[1].throughput_rps, 720);
    EXPECT_EQ(model.levels[1].repetitions[1].in_flight, 8);
}

}  // namespace
}  // namespace echotrio::loadgen
