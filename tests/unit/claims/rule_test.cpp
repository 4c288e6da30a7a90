// From figures to a verdict: of each kind of threshold, and of the rule of every claim.
#include "loadgen/claims/rule.hpp"

#include "loadgen/claims/claims.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace echotrio::loadgen {
namespace {

constexpr auto kSupported = ClaimVerdict::supported, kRefuted = ClaimVerdict::refuted,
               kInconclusive = ClaimVerdict::inconclusive;

ClaimFigure interval(const std::string& key, double low, double high) {
    ClaimFigure figure{key, "", "", (low + high) / 2};
    figure.low = low;
    figure.high = high;
    return figure;
}

struct ZoneCase {
    double low, high;
    ClaimVerdict verdict;
};

void expect(const Threshold& threshold, const std::vector<ZoneCase>& cases) {
    for (const ZoneCase& c : cases) {
        EXPECT_EQ(verdict_of({threshold}, {interval("x", c.low, c.high)}), c.verdict)
            << c.low << " to " << c.high;
    }
}

TEST(Threshold, AboveWithAGapInBetween) {
    expect(above("x", 1.5, 1.25), {{1.6, 2, kSupported},
                                   {1.5, 2, kInconclusive},  // at the threshold is not beyond it
                                   {1.3, 1.4, kInconclusive},
                                   {1.1, 1.25, kInconclusive},
                                   {1.1, 1.2, kRefuted},
                                   {1, 2, kInconclusive}});
}

TEST(Threshold, BelowWithAGapInBetween) {
    expect(below("x", 0.75, 0.9), {{0.4, 0.7, kSupported},
                                   {0.4, 0.75, kInconclusive},
                                   {0.8, 0.85, kInconclusive},
                                   {0.9, 1, kInconclusive},
                                   {0.91, 1, kRefuted}});
}

TEST(Threshold, WithinHasItsEnds) {
    expect(within("x", 0.9, 1.1), {{0.9, 1.1, kSupported},
                                   {0.95, 1.05, kSupported},
                                   {0.8, 1, kInconclusive},
                                   {1, 1.2, kInconclusive},
                                   {0.8, 0.89, kRefuted},
                                   {1.11, 1.2, kRefuted},
                                   {0.8, 1.2, kInconclusive}});
    expect(within("x", 7, 7), {{7, 7, kSupported}, {6, 6, kRefuted}, {8, 8, kRefuted}});
}

TEST(Threshold, OutsideOfWhatIsTheSame) {
    expect(outside("x", {0.8, 1.25}, {0.5, 2}), {{1.3, 1.9, kSupported},
                                                 {0.6, 0.7, kSupported},
                                                 {9, 90, kSupported},
                                                 {0.9, 1.1, kRefuted},
                                                 {1.25, 1.3, kRefuted},
                                                 {0.5, 1, kInconclusive},
                                                 {0.7, 2.5, kInconclusive}});
}

TEST(Rule, AllHaveToSpeakForIt) {
    const Rule rule{above("a", 1, 1), above("b", 1, 1)};
    EXPECT_EQ(verdict_of(rule, {interval("a", 2, 3), interval("b", 2, 3)}), kSupported);
    EXPECT_EQ(verdict_of(rule, {interval("a", 2, 3), interval("b", 0, 3)}), kInconclusive);
    EXPECT_EQ(verdict_of(rule, {interval("a", 2, 3), interval("b", 0, 0.5)}), kRefuted);
}

TEST(Rule, WhatIsMissingOrUnsureJudgesNothing) {
    const Rule rule{above("a", 1, 1), above("b", 1, 1)};
    EXPECT_EQ(verdict_of(rule, {}), kInconclusive);
    EXPECT_EQ(verdict_of(rule, {interval("a", 0, 0.5)}), kInconclusive);
    EXPECT_EQ(verdict_of(rule, {interval("a", 0, 0.5), {"b", "", "", 9}}), kInconclusive);
}

// A row: the intervals of the claim's figures in the order of its rule.
struct ClaimCase {
    const char* id;
    std::vector<std::pair<double, double>> figures;
    ClaimVerdict verdict;
};

const std::vector<ClaimCase>& claim_cases() {
    static const std::vector<ClaimCase> kCases = {
        {"process-contains-faults", {{7, 7}}, kSupported},
        {"process-contains-faults", {{0, 0}}, kRefuted},
        {"process-contains-faults", {{8, 8}}, kRefuted},
        {"shared-process-shares-faults", {{0, 0}, {0, 0}}, kSupported},
        {"shared-process-shares-faults", {{0, 0}, {7, 7}}, kRefuted},
        {"process-resources-follow-need", {{3, 3}}, kSupported},
        {"process-resources-follow-need", {{2, 2}}, kRefuted},
        {"process-thread-coroutine-memory", {{9e4, 1e5}, {8e3, 9e3}}, kSupported},
        {"process-thread-coroutine-memory", {{9e4, 1e5}, {-1, 9e3}}, kInconclusive},
        {"process-thread-coroutine-memory", {{9e4, 1e5}, {-9e3, -1}}, kRefuted},
        {"process-thread-coroutine-creation", {{4, 5}, {2, 3}}, kSupported},
        {"process-thread-coroutine-creation", {{4, 5}, {1, 3}}, kInconclusive},
        {"process-thread-coroutine-creation", {{0.4, 0.9}, {2, 3}}, kRefuted},
        {"threads-share-more-cheaply", {{1.3, 2}}, kSupported},
        {"threads-share-more-cheaply", {{1.2, 1.3}}, kInconclusive},
        {"threads-share-more-cheaply", {{0.9, 1.1}}, kRefuted},
        {"one-thread-at-a-time", {{0.5, 0.6}}, kSupported},
        {"one-thread-at-a-time", {{0.5, 0.75}}, kInconclusive},
        {"one-thread-at-a-time", {{0.8, 0.95}}, kInconclusive},
        {"one-thread-at-a-time", {{0.95, 1.1}}, kRefuted},
        {"parallel-without-lock", {{1.6, 2}, {1.8, 2}}, kSupported},
        {"parallel-without-lock", {{1.4, 2}, {1.8, 2}}, kInconclusive},
        {"parallel-without-lock", {{1, 1.2}, {1.8, 2}}, kRefuted},
        {"lock-costs-nothing-on-one-cpu", {{0.9, 1.1}}, kSupported},
        {"lock-costs-nothing-on-one-cpu", {{0.85, 1}}, kInconclusive},
        {"lock-costs-nothing-on-one-cpu", {{0.7, 0.8}}, kRefuted},
        {"lock-costs-no-latency-on-one-cpu", {{0.9, 1.1}}, kSupported},
        {"lock-costs-no-latency-on-one-cpu", {{1.1, 1.3}}, kInconclusive},
        {"lock-costs-no-latency-on-one-cpu", {{3, 6}}, kRefuted},
        {"preemption-follows-interval", {{0.9, 1.1}}, kSupported},
        {"preemption-follows-interval", {{0.4, 1.1}}, kInconclusive},
        {"preemption-follows-interval", {{0, 0.3}}, kRefuted},
        {"preemption-follows-interval", {{2.5, 3}}, kRefuted},
        {"old-ticks-behave-otherwise", {{40, 80}}, kSupported},
        {"old-ticks-behave-otherwise", {{0.7, 3}}, kInconclusive},
        {"old-ticks-behave-otherwise", {{0.9, 1.2}}, kRefuted},
        {"native-code-uses-cores", {{1.8, 2}}, kSupported},
        {"native-code-uses-cores", {{1.3, 1.9}}, kInconclusive},
        {"native-code-uses-cores", {{0.9, 1.1}}, kRefuted},
        {"long-call-stalls-threads", {{0.97, 1.01}}, kSupported},
        {"long-call-stalls-threads", {{0.85, 1.01}}, kInconclusive},
        {"long-call-stalls-threads", {{0.1, 0.3}}, kRefuted},
        {"long-call-stalls-threads", {{1.5, 2}}, kRefuted},
        {"copy-on-write-is-lost", {{0.99, 1.01}}, kSupported},
        {"copy-on-write-is-lost", {{0.9, 1}}, kInconclusive},
        {"copy-on-write-is-lost", {{0, 0.1}}, kRefuted},
        {"copy-on-write-is-lost", {{1.9, 2.1}}, kRefuted},
        {"kept-clients-starve-others", {{4, 4}, {8, 8}}, kSupported},
        {"kept-clients-starve-others", {{8, 8}, {8, 8}}, kRefuted},
        {"kept-clients-starve-others", {{4, 4}, {4, 4}}, kRefuted},
        {"kept-clients-starve-others", {{4, 4}, {7, 8}}, kInconclusive},
        {"closing-costs-a-connection", {{2, 3}}, kSupported},
        {"closing-costs-a-connection", {{1.2, 1.4}}, kInconclusive},
        {"closing-costs-a-connection", {{0.9, 1.05}}, kRefuted},
        {"coroutine-must-yield", {{95, 95}}, kSupported},
        {"coroutine-must-yield", {{80, 80}}, kInconclusive},
        {"coroutine-must-yield", {{25, 25}}, kInconclusive},
        {"coroutine-must-yield", {{20, 20}}, kRefuted},
        {"yielding-cures", {{0.01, 0.1}}, kSupported},
        {"yielding-cures", {{0.4, 0.6}}, kInconclusive},
        {"yielding-cures", {{0.9, 1.1}}, kRefuted},
        {"coroutines-carry-most", {{4, 5}, {30, 40}, {0, 0}}, kSupported},
        {"coroutines-carry-most", {{4, 5}, {30, 40}, {-10, -10}}, kInconclusive},
        {"coroutines-carry-most", {{1, 5}, {30, 40}, {0, 0}}, kInconclusive},
        {"coroutines-carry-most", {{0.5, 0.9}, {30, 40}, {0, 0}}, kRefuted},
    };
    return kCases;
}

std::map<std::string, Sentence> sentences() {
    std::map<std::string, Sentence> all;
    for (const ClaimTest& test : claim_tests()) {
        for (const Sentence& sentence : test.sentences) all.emplace(sentence.id, sentence);
    }
    return all;
}

TEST(Claims, AreJudgedByTheirThresholds) {
    const auto all = sentences();
    for (const ClaimCase& c : claim_cases()) {
        ASSERT_TRUE(all.contains(c.id)) << c.id;
        const Rule& rule = all.at(c.id).rule;
        ASSERT_EQ(rule.size(), c.figures.size()) << c.id;
        std::vector<ClaimFigure> figures;
        for (std::size_t i = 0; i < rule.size(); ++i) {
            figures.push_back(interval(rule[i].figure, c.figures[i].first, c.figures[i].second));
        }
        EXPECT_EQ(verdict_of(rule, figures), c.verdict) << c.id << ": " << figures[0].value;
    }
}

TEST(Claims, EachHasRowsForAndAgainst) {
    std::map<std::string, std::set<ClaimVerdict>> tried;
    for (const ClaimCase& c : claim_cases()) tried[c.id].insert(c.verdict);
    for (const auto& [id, sentence] : sentences()) {
        EXPECT_TRUE(tried[id].contains(kSupported)) << id;
        EXPECT_TRUE(tried[id].contains(kRefuted)) << id;
    }
    EXPECT_EQ(tried.size(), sentences().size());
}

TEST(Claims, SayWhatTheyAre) {
    for (const auto& [id, sentence] : sentences()) {
        EXPECT_FALSE(sentence.text.empty()) << id;
        EXPECT_FALSE(sentence.rule.empty()) << id;
        ASSERT_TRUE(sentence.picture) << id;
        EXPECT_FALSE(sentence.picture->figures.empty()) << id;
    }
}

TEST(ClaimPlans, AreWholeAndPlain) {
    ClaimContext context;
    context.cpus = {0, 1};
    context.quick = true;
    context.seed = 7;
    std::size_t plans = 0;
    for (const ClaimTest& test : claim_tests()) {
        if (!test.plan) continue;
        ++plans;
        const Plan plan = test.plan(context);
        EXPECT_EQ(plan.seed, 7U) << test.name;
        EXPECT_FALSE(plan.cross_check) << test.name;
        const auto trials = order_trials(plan);
        EXPECT_EQ(trials.size(), plan.repetitions * plan.variants.size() * plan.levels.size())
            << test.name;
        EXPECT_FALSE(trials.empty()) << test.name;
        for (const Workload& workload : plan.workloads) {
            EXPECT_FALSE(workload.title.empty() || workload.shows.empty()) << workload.name;
        }
        const auto back = plan_from_json(plan_to_json(plan));  // as --trials continues it
        ASSERT_TRUE(back) << test.name << ": " << back.error().message;
        EXPECT_EQ(plan_to_json(*back), plan_to_json(plan)) << test.name;
    }
    EXPECT_GE(plans, 10U);
}

}  // namespace
}  // namespace echotrio::loadgen
