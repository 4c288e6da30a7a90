// The models' figures beside a Python's: pairs within rounds, what can't be compared, and what is
// predicted from the one measurement.
#include "loadgen/claims/comparison.hpp"

#include "loadgen/claims/prediction.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

const Python kPython{{"/usr/bin/python3.11", "CPython 3.11.2", "3.11"}, "/scripts"};

ClaimContext context() {
    ClaimContext context;
    context.cpus = {0, 1};
    context.quick = true;
    context.stop = [] { return false; };
    return context;
}

Trial trial(const std::string& variant, const std::string& workload, std::uint64_t round,
            std::uint64_t connections = 1) {
    Trial made;
    made.point = {variant, {workload, connections}, round};
    made.result.requests = 1000;
    made.result.server.emplace();
    return made;
}

Trial at_rps(const std::string& variant, std::uint64_t round, double rps) {
    Trial made = trial(variant, "work", round);
    made.result.throughput_rps = rps;
    return made;
}

// "with over without" of a workload "work".
ClaimTest ratio_test() {
    ClaimTest test;
    test.sentences = {{"s", "a sentence", {above("ratio", 1, 1)}}};
    test.plan = [](const ClaimContext& c) {
        return claim_plan(c, {{"with", "threads", {}}, {"without", "threads", {"--gil", "off"}}},
                          {Workload{.name = "work", .connections = {1}}}, 3);
    };
    test.measure = [](const ClaimContext&, const Trials& trials) {
        const auto with = trials.figures({"with", "work"}, throughput);
        const auto without = trials.figures({"without", "work"}, throughput);
        Measurement found;
        if (!with.empty() && !without.empty()) {
            ClaimFigure figure{"ratio", "with / without", "", with.front() / without.front()};
            found.figures.push_back(figure);
        }
        return std::vector{found};
    };
    return test;
}

TEST(Comparison, TwinsStandBesideTheirModels) {
    Plan models = ratio_test().plan(context());
    models.variants.push_back({"prefork", "prefork", {}});
    std::vector<MissingTwin> missing;
    const Plan both = with_twins(models, {kPython}, missing);
    ASSERT_EQ(both.variants.size(), 5U);
    EXPECT_EQ(both.variants[3].label, "with in CPython 3.11.2");
    EXPECT_EQ(both.variants[3].model, "py-threads");
    ASSERT_TRUE(both.variants[3].server);
    EXPECT_EQ(both.variants[3].server->argv.front(), "/usr/bin/python3.11");
    EXPECT_EQ(both.retries, 5U);
    ASSERT_EQ(missing.size(), 1U);
    EXPECT_EQ(missing[0].variant, "without");
    const Trials all({at_rps("with", 1, 5), at_rps("with in CPython 3.11.2", 1, 4)});
    EXPECT_EQ(trials_of(all, models, nullptr).figures({"with", "work"}, throughput),
              (std::vector<double>{5}));
    EXPECT_EQ(trials_of(all, models, &kPython).figures({"with", "work"}, throughput),
              (std::vector<double>{4}));
}

TEST(Comparison, RatiosAreTakenWithinRounds) {
    const ClaimTest test = ratio_test();
    std::vector<Trial> models, twins;
    // Each round is another machine; the effect is the same in all, in Python 1.1 times as large.
    const double speeds[] = {100, 1000, 10};
    for (std::uint64_t round = 1; round <= 3; ++round) {
        const double speed = speeds[round - 1];
        models.push_back(at_rps("with", round, 2 * speed));
        models.push_back(at_rps("without", round, speed));
        twins.push_back(at_rps("with", round, 2.2 * speed));
        twins.push_back(at_rps("without", round, speed));
    }
    const Trials below(models), above(twins);
    const auto found_below = test.measure(context(), below),
               found_above = test.measure(context(), above);
    const auto ratios = figure_ratios(test, 0, {found_below[0].figures, below, context()},
                                      {found_above[0].figures, above, context()});
    ASSERT_EQ(ratios.size(), 1U);
    EXPECT_NEAR(ratios[0].ratio.value, 1.1, 1e-9);
    EXPECT_NEAR(ratios[0].ratio.low.value_or(0), 1.1, 1e-9);
    EXPECT_EQ(agreement_of(ratios), Agreement::agrees);
}

TEST(Comparison, OneRoundSaysNothing) {
    const ClaimTest test = ratio_test();
    const Trials trials({at_rps("with", 1, 2), at_rps("without", 1, 1)});
    const auto found = test.measure(context(), trials);
    const Side side{found[0].figures, trials, context()};
    EXPECT_EQ(agreement_of(figure_ratios(test, 0, side, side)), Agreement::inconclusive);
    EXPECT_EQ(agreement_of(std::vector<FigureRatio>{}), Agreement::inconclusive);
}

TEST(Comparison, CountsAreWhatTheyAre) {
    ClaimTest test = ratio_test();
    test.own_means = true;
    const auto of = [&](double models, double python) {
        const auto exact = [](double value) {
            ClaimFigure figure{"ratio", "", "", value};
            figure.low = figure.high = value;
            return std::vector{figure};
        };
        const auto below = exact(models), above = exact(python);
        return agreement_of(figure_ratios(test, 0, {below, {}, context()}, {above, {}, context()}));
    };
    EXPECT_EQ(of(7, 7), Agreement::agrees);
    EXPECT_EQ(of(0, 0), Agreement::agrees);
    EXPECT_EQ(of(7, 0), Agreement::differs);
    EXPECT_EQ(of(0, 7), Agreement::differs);
    EXPECT_EQ(of(7, 4), Agreement::differs);
}

TEST(Comparison, WhatNeedsAMissingTwinIsNotTestable) {
    const std::string why = "has no such mode";
    const std::vector<MissingTwin> missing{{"CPython 3.11.2", "without", why}};
    Sentence sentence = ratio_test().sentences[0];
    EXPECT_EQ(lacking(sentence, kPython, missing), "");
    sentence.needs = "without";
    EXPECT_EQ(lacking(sentence, kPython, missing), why);
    EXPECT_EQ(lacking(sentence, kPython, {{"CPython 3.13.0", "without", why}}), "");
    EXPECT_EQ(lacking(sentence, kPython, {{"CPython 3.11.2", "another", why}}), "");
}

// Every variant that a CPython with its lock has no twin of is needed by a sentence that says so.
TEST(Comparison, SentencesSayWhatNotEveryPythonHas) {
    for (const ClaimTest& test : claim_tests()) {
        if (!test.plan || !test.not_in_python.empty()) continue;
        std::vector<MissingTwin> missing;
        with_twins(test.plan(context()), {kPython}, missing);
        for (const MissingTwin& twin : missing) {
            const auto& all = test.sentences;
            EXPECT_TRUE(std::any_of(
                all.begin(), all.end(),
                [&](const Sentence& sentence) { return sentence.needs == twin.variant; }))
                << test.name << ": " << twin.variant;
        }
    }
}

TEST(Prediction, TheCostIsTheDifferenceWithinRounds) {
    std::vector<Trial> models, twins;
    for (std::uint64_t round = 1; round <= 3; ++round) {
        for (const char* model : {"prefork", "threads", "coroutine"}) {
            models.push_back(trial(model, "one after the other", round));
            twins.push_back(models.back());
            const double state = 10.0 * static_cast<double>(round);
            models.back().result.server->cpu_us_per_request = state;
            twins.back().result.server->cpu_us_per_request = state + 25;
        }
    }
    const auto costs = base_costs(kPython, Trials(models), Trials(twins));
    ASSERT_EQ(costs.size(), 3U);
    EXPECT_EQ(costs[1].model, "threads");
    EXPECT_EQ(costs[1].twin, "py-threads 3.11");
    EXPECT_NEAR(costs[1].cost_us.value, 25, 1e-9);
    EXPECT_NEAR(costs[1].cost_us.low.value_or(0), 25, 1e-9);
    const Plan plan = prediction_plan(context(), kPython, costs);
    for (const Variant& variant : plan.variants) {
        EXPECT_EQ(variant.arguments, (std::vector<std::string>{"--base-cost", "25000ns"}));
    }
    // The model of a build without the lock has none either.
    Python free = kPython;
    free.interpreter.free_threaded = true;
    const Plan without = prediction_plan(context(), free, {});
    EXPECT_EQ(without.variants[1].arguments, (std::vector<std::string>{"--gil", "off"}));
}

TEST(Prediction, FiguresArePairedAndJudged) {
    std::vector<Trial> models, twins;
    for (std::uint64_t round = 1; round <= 4; ++round) {
        models.push_back(trial("threads", "tiny requests", round, 64));
        models.back().result.throughput_rps = 1000.0 * static_cast<double>(round);
        twins.push_back(models.back());
        twins.back().result.throughput_rps *= 0.5;
    }
    const auto figures = predicted_figures(kPython, Trials(models), Trials(twins));
    ASSERT_EQ(figures.size(), 1U);
    EXPECT_EQ(figures[0].unit, "1/s");
    EXPECT_NEAR(figures[0].ratio.value, 0.5, 1e-9);
    EXPECT_EQ(figures[0].agrees, Agreement::differs);
    EXPECT_EQ(figures[0].rounds, 4U);
    EXPECT_TRUE(predicted_figures(kPython, Trials(models), Trials()).empty());
}

TEST(Prediction, ABusyMachineOrAnUnsureCostLeavesItOpen) {
    const auto weighed = [](std::optional<double> others, Ranged cost_us) {
        std::vector<PredictedFigure> figures(2);
        for (PredictedFigure& figure : figures) {
            figure.interpreter = "CPython 3.11.2";
            figure.model = "threads";
            figure.twin = "py-threads 3.11";
            figure.agrees = Agreement::agrees;
        }
        figures[0].unit = "us";
        figures[1].unit = "bytes";
        weigh_prediction(figures,
                         {{"CPython 3.11.2", "threads", "py-threads 3.11", {}, {}, cost_us, 3}},
                         others);
        EXPECT_EQ(figures[1].agrees, Agreement::agrees);  // neither touches memory
        EXPECT_EQ(figures[1].why, "");
        EXPECT_EQ(figures[0].why.empty(), figures[0].agrees == Agreement::agrees);
        return figures[0].why;
    };
    const Ranged sure{40, 36, 44}, unsure{40, 30, 50};
    EXPECT_EQ(weighed(0.05, sure), "");
    EXPECT_EQ(weighed(std::nullopt, sure), "");
    EXPECT_NE(weighed(0.15, sure).find("busy, 15 % of it was used by others"), std::string::npos);
    EXPECT_NE(weighed(0.05, unsure).find("the base cost is not sure"), std::string::npos);
    EXPECT_NE(weighed(0.05, {40}).find("not sure"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::loadgen
