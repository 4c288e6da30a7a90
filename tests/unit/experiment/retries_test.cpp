// Which trials are measured again, and how often.
#include "loadgen/experiment/retries.hpp"

#include "loadgen/analysis/verdict.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace echotrio::loadgen {
namespace {

RunResult invalid_result() {
    RunResult result;
    result.verdict.valid = false;
    result.verdict.reasons = {{"lateness", "it was late", "take another machine"}};
    result.connections.opened = result.connections.served = 64;
    return result;
}

TEST(WorthRepeating, IsWhatTheServerDidNotCause) {
    struct Row {
        const char* name;
        void (*changes)(RunResult& result);
        bool worth;
    };
    const Row rows[] = {
        {"a late generator", [](auto&) {}, true},
        {"a valid trial", [](auto& r) { r.verdict.valid = true; }, false},
        {"a valid one that is flagged",
         [](auto& r) {
             r.verdict.valid = true;
             r.verdict.flags = std::exchange(r.verdict.reasons, {});
         },
         false},
        {"one that could not run", [](auto& r) { r.connections = {}; }, true},
        {"failures", [](auto& r) { r.errors.timeout = 1000; }, true},
        {"an overloaded server", [](auto& r) { r.verdict.overloaded = true; }, false},
        {"a wrong byte", [](auto& r) { r.errors.mismatch = 1; }, false},
        {"a server that was measured", [](auto& r) { r.server.emplace(); }, true},
        {"a server that died", [](auto& r) { r.server.emplace().died = true; }, false},
        {"connections that were never served", [](auto& r) { r.connections.served = 63; }, false},
        {"more served than opened", [](auto& r) { r.connections.opened = 60; }, true},
    };
    for (const Row& row : rows) {
        RunResult result = invalid_result();
        row.changes(result);
        EXPECT_EQ(is_worth_repeating(result), row.worth) << row.name;
    }
}

RunResult stolen_result(double share) {
    RunResult result;
    result.verdict.valid = true;
    result.duration_s = 2;
    result.machine.steal_share = share;
    return result;
}

TEST(LostMuchToTheHost, IsAValidTrialWithMoreThanItsLimit) {
    EXPECT_TRUE(lost_much_to_the_host(stolen_result(limits::kMuchSteal + 0.001)));
    EXPECT_FALSE(lost_much_to_the_host(stolen_result(limits::kMuchSteal)));
    RunResult unknown = stolen_result(0.5);
    unknown.machine.steal_share.reset();
    EXPECT_FALSE(lost_much_to_the_host(unknown));
    RunResult brief = stolen_result(0.5);
    brief.duration_s = 0.5;
    EXPECT_FALSE(lost_much_to_the_host(brief)) << "it may be a tick or two";
    RunResult invalid = invalid_result();
    invalid.machine.steal_share = 0.5;
    EXPECT_FALSE(lost_much_to_the_host(invalid)) << "it is repeated for that";
}

Trial trial_of(RunResult result, std::uint64_t attempt = 1) {
    Trial trial;
    trial.result = std::move(result);
    trial.attempt = attempt;
    return trial;
}

TEST(Retries, EachKindHasItsOwnAllowance) {
    Plan plan;
    plan.retries = 1;
    plan.retries_after_steal = 2;
    Retries retries(plan, {});
    const Trial invalid = trial_of(invalid_result()), stolen = trial_of(stolen_result(0.25));
    ASSERT_TRUE(retries.grants(invalid));
    retries.take(invalid);
    EXPECT_FALSE(retries.grants(invalid));
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(retries.grants(stolen)) << i;
        retries.take(stolen);
    }
    EXPECT_FALSE(retries.grants(stolen));
    EXPECT_FALSE(retries.grants(trial_of(stolen_result(0))));
}

TEST(Retries, NoTrialIsMeasuredMoreThanThreeTimes) {
    Plan plan;
    plan.retries = plan.retries_after_steal = 100;
    const Retries retries(plan, {});
    for (const RunResult& result : {invalid_result(), stolen_result(0.25)}) {
        EXPECT_TRUE(retries.grants(trial_of(result, 2)));
        EXPECT_FALSE(retries.grants(trial_of(result, 3)));
    }
}

// A generator that shares its CPU with the server, say: it will in the next round.
TEST(Retries, WhatNeverCountedInARoundIsTriedOnceInTheNext) {
    Plan plan;
    plan.retries = plan.retries_after_steal = 100;
    Trial lost = trial_of(invalid_result(), 3);
    lost.point.variant = "threads";
    Trial next = trial_of(invalid_result());
    next.point = lost.point;
    next.point.repetition = 2;
    Retries retries(plan, {});
    EXPECT_TRUE(retries.grants(next));
    lost.attempt = 1;  // there was no time for another
    retries.end(lost);
    EXPECT_TRUE(retries.grants(next));
    lost.attempt = 3;
    retries.end(lost);
    EXPECT_FALSE(retries.grants(next));
    EXPECT_FALSE(Retries(plan, {lost}).grants(next)) << "as it was before --resume";
    Trial other = next;
    other.point.variant = "prefork";
    EXPECT_TRUE(retries.grants(other));
    other = next;
    other.point.level.connections = 64;
    EXPECT_TRUE(retries.grants(other));

    Trial counts = next;
    counts.result.verdict.valid = true;
    retries.end(counts);
    next.point.repetition = 3;
    EXPECT_TRUE(retries.grants(next));
    retries.end(lost);
    EXPECT_TRUE(retries.grants(next)) << "it counted once: it can";
}

TEST(Retries, ThoseOfAnEarlierPartCount) {
    Plan plan;
    plan.retries = plan.retries_after_steal = 1;
    Trial repeated = trial_of(stolen_result(0.25));
    repeated.superseded = true;
    const Trial last = trial_of(stolen_result(0.25), 3);  // kept
    const Retries retries(plan, {repeated, last});
    EXPECT_FALSE(retries.grants(trial_of(stolen_result(0.25))));
    EXPECT_TRUE(retries.grants(trial_of(invalid_result())));
}

}  // namespace
}  // namespace echotrio::loadgen
