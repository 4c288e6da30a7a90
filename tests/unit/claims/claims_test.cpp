// The figures that the claims are judged by, where neighbours on the machine must not matter.
#include "loadgen/claims/claims.hpp"

#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace echotrio::loadgen {
namespace {

// In two seconds 1,000 requests of a millisecond each; its threads were ready for longer.
RunResult crowded(double waited_s) {
    RunResult result;
    result.duration_s = 2;
    result.throughput_rps = 500;
    ServerUse& server = result.server.emplace();
    server.cpu_s = 1;
    server.cpu_us_per_request = 1000;
    server.run_queue_wait_s = waited_s;
    return result;
}

TEST(Undisturbed, IsTheThroughputWhereNobodyWaitedForACpu) {
    EXPECT_DOUBLE_EQ(runnable(crowded(0)).value_or(0), 0.5);
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(0), 1).value_or(0), 500);
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(0), 2).value_or(0), 500);
}

TEST(Undisturbed, CountsTheCpuThatOthersTook) {
    EXPECT_DOUBLE_EQ(runnable(crowded(1)).value_or(0), 1);
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(1), 1).value_or(0), 1000);
}

TEST(Undisturbed, IsAtMostWhatTheCpusGive) {
    EXPECT_DOUBLE_EQ(runnable(crowded(7)).value_or(0), 4);  // four busy threads
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(7), 1).value_or(0), 1000);
    EXPECT_DOUBLE_EQ(undisturbed_rps(crowded(7), 2).value_or(0), 2000);
}

TEST(Undisturbed, IsTheThroughputWhereTheSystemDoesNotTell) {
    RunResult result = crowded(1);
    result.server->run_queue_wait_s.reset();
    EXPECT_FALSE(runnable(result));
    EXPECT_DOUBLE_EQ(undisturbed_rps(result, 2).value_or(0), 500);
    result.server.reset();
    EXPECT_DOUBLE_EQ(undisturbed_rps(result, 2).value_or(0), 500);
}

TEST(RatioFigure, OneBadRunOfNineDoesNotStretchTheInterval) {
    const auto figure = ratio_figure({}, {"ratio", ""},
                                     {{5.1, 5.2, 5.0, 5.3, 90, 5.1, 5.2, 5.0, 4.9},
                                      {1.0, 1.1, 0.9, 1.05, 1.02, 1.0, 1.1, 0.95, 1.0}});
    ASSERT_TRUE(figure && figure->sure());
    EXPECT_GT(*figure->low, 4.5);
    EXPECT_LT(*figure->high, 6);
    EXPECT_EQ(figure->runs, (std::vector<std::size_t>{9, 9}));
}

// A round in which everything was twice as slow changes no ratio.
TEST(RatioFigure, IsTakenWithinTheRounds) {
    const auto figure = ratio_figure({}, {"ratio", ""}, {{2, 4.1, 2.05}, {1, 2, 1}});
    ASSERT_TRUE(figure && figure->sure());
    EXPECT_NEAR(figure->value, 2.03, 0.02);
    EXPECT_LT(*figure->high, 2.2);
    const auto apart = ratio_figure_apart({"ratio", ""}, {2, 4.1, 2.05}, {1, 2, 1});
    ASSERT_TRUE(apart && apart->sure());
    EXPECT_GT(*apart->high, 5);
}

TEST(RatioFigure, NeedsBothSides) {
    EXPECT_FALSE(ratio_figure({}, {"ratio", ""}, FigurePairs{}));
    EXPECT_FALSE(ratio_figure_apart({"ratio", ""}, {1, 2, 3}, {}));
    const auto single = ratio_figure({}, {"ratio", ""}, {{2}, {1}});
    ASSERT_TRUE(single);
    EXPECT_FALSE(single->sure());
}

TEST(FiguresInWords, SayWhatIsKnown) {
    EXPECT_EQ(in_words(std::nullopt), "not measured");
    ClaimFigure figure = exact_figure({"key", "label", "threads", "ms"}, 4.25);
    EXPECT_EQ(value_in_words(figure), "4.25 ms");
    EXPECT_EQ(value_in_words(exact_figure({"key", "label"}, 83'600)), "83,600");
    figure.low = 4;
    EXPECT_EQ(in_words(figure), "4.25 ms (95 % interval 4.00 ms to 4.25 ms)");
}

TEST(FiguresAsEvidence, StandUnderTheirKeys) {
    ClaimFigure ratio = exact_figure({"over/ratio", ""}, 1.5);
    ratio.low = 1.25;
    ratio.high = 1.75;
    ratio.runs = {3, 4};
    ClaimFigure unsure = exact_figure({"over/measured/ratio", ""}, 1.4);
    unsure.low = unsure.high = std::nullopt;
    unsure.runs = {1, 1};
    nlohmann::ordered_json evidence{{"connections", 8}};
    add_evidence(evidence, {exact_figure({"survive", ""}, 7), ratio, unsure});
    const nlohmann::ordered_json expected{
        {"connections", 8},
        {"survive", 7.0},
        {"over",
         {{"ratio", 1.5},
          {"ci95", {1.25, 1.75}},
          {"n", {3, 4}},
          {"measured", {{"ratio", 1.4}, {"ci95", nullptr}, {"n", {1, 1}}}}}}};
    EXPECT_EQ(evidence, expected);
}

TEST(DifferenceFigure, IsAsUnsureAsBothTogether) {
    ClaimFigure a = exact_figure({"a", ""}, 10), b = exact_figure({"b", ""}, 4);
    a.low = 9;
    a.high = 12;
    b.low = 3;
    b.high = 5;
    const ClaimFigure d = difference_figure({"d", ""}, a, b);
    EXPECT_DOUBLE_EQ(d.value, 6);
    EXPECT_DOUBLE_EQ(*d.low, 4);
    EXPECT_DOUBLE_EQ(*d.high, 9);
}

Claim judged(ClaimVerdict verdict, bool by_time) {
    Claim claim{"id", "sentence", verdict};
    claim.reason = "the figures";
    claim.by_time = by_time;
    return claim;
}

TEST(WeighMachine, AFitOneLeavesVerdictsAlone) {
    for (const auto others : {std::optional<double>(), std::optional(kBusyMachine)}) {
        for (const bool by_time : {false, true}) {
            for (const auto verdict : {ClaimVerdict::supported, ClaimVerdict::refuted}) {
                Claim claim = judged(verdict, by_time);
                weigh_machine(claim, others);
                EXPECT_EQ(claim.verdict, verdict);
                EXPECT_EQ(claim.reason, "the figures");
            }
        }
    }
}

TEST(WeighMachine, ABusyOneJudgesNothingByTime) {
    for (const auto verdict :
         {ClaimVerdict::supported, ClaimVerdict::refuted, ClaimVerdict::inconclusive}) {
        Claim claim = judged(verdict, true);
        weigh_machine(claim, 0.47);
        EXPECT_EQ(claim.verdict, ClaimVerdict::inconclusive);
        EXPECT_EQ(claim.reason, "the machine was busy, 47 % of it was used by others: the figures");
    }
}

TEST(WeighMachine, ABusyOneRefutesNothingButLetsStatesStand) {
    Claim reached = judged(ClaimVerdict::supported, false);
    weigh_machine(reached, 0.47);
    EXPECT_EQ(reached.verdict, ClaimVerdict::supported);
    EXPECT_EQ(reached.reason, "the figures");
    Claim missed = judged(ClaimVerdict::refuted, false);
    weigh_machine(missed, 0.47);
    EXPECT_EQ(missed.verdict, ClaimVerdict::inconclusive);
}

TEST(WeighMachine, WhatCannotBeTestedIsNotTheMachinesFault) {
    Claim claim = judged(ClaimVerdict::not_testable, true);
    weigh_machine(claim, 0.9);
    EXPECT_EQ(claim.verdict, ClaimVerdict::not_testable);
}

TEST(ClaimSources, AreFunctionsInFilesOfTheTree) {
    for (const ClaimTest& test : claim_tests()) {
        for (const Sentence& sentence : test.sentences) {
            const ClaimSource& source = sentence.source;
            EXPECT_FALSE(source.how.empty()) << sentence.id;
            std::ostringstream text;
            text << std::ifstream(std::string(ECHOTRIO_SOURCE) + "/" + source.file).rdbuf();
            EXPECT_TRUE(std::regex_search(
                text.str(), std::regex("\n[^ \n].* " + source.function + "\\([^;]*\\{")))
                << sentence.id << ": no " << source.function << " in " << source.file;
        }
    }
}

TEST(ClaimIds, AreEachThereOnce) {
    const auto ids = claim_ids();
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), ids.size());
    EXPECT_GE(ids.size(), 20U);
}

}  // namespace
}  // namespace echotrio::loadgen
