// What one trial says of a server: passed, missed, or nothing.
#include "loadgen/analysis/rate_outcome.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

const Objective kObjective{0.99, std::chrono::milliseconds(50)};

// 1,000 replies of 10 ms, 100 of these CPU-ms each second.
RunResult good_run() {
    RunResult run;
    run.requests = run.accounting.completed = run.accounting.sent = run.accounting.scheduled = 1000;
    run.duration_s = 2;
    run.throughput_rps = 500;
    run.latency.record(10'000'000, 1000);
    ServerUse server;
    server.cpu_s = 2.4;
    server.processes = 3;
    server.memory["pss"] = 100e6;
    server.memory["page_tables"] = 5e6;
    server.memory["kernel_stacks"] = std::nullopt;
    server.memory_peak["pss"] = 120e6;
    run.server = server;
    return run;
}

RateResult judged(const RunResult& run, const ServerBounds& bounds = {}) {
    return judge_rate(run, kObjective, bounds).result;
}

void refuse(RunResult& run, const char* check) {
    run.verdict.valid = false;
    run.verdict.reasons.push_back({check, "why", "what to do"});
}

// One that broke under more than it bears says nothing of the rates that it bears.
TEST(Weighed, WhatBreaksAboveARateThatItBoreMissesThatRate) {
    const RunResult calm = good_run();
    RunResult over = good_run();
    over.verdict.overloaded = true;
    const RunResult none;  // it could not be started
    for (const RateResult broke : {RateResult::no_fit, RateResult::no_server}) {
        EXPECT_EQ(weighed(broke, calm, {}), broke);
        EXPECT_EQ(weighed(broke, calm, {.passed_lower = false, .ran = true}), broke);
        EXPECT_EQ(weighed(broke, calm, {.passed_lower = true, .ran = true}), RateResult::miss);
        EXPECT_EQ(weighed(broke, over, {}), RateResult::miss);
    }
    EXPECT_EQ(weighed(RateResult::no_server, none, {}), RateResult::no_server);
    EXPECT_EQ(weighed(RateResult::no_server, none, {.passed_lower = false, .ran = true}),
              RateResult::not_judged);
    EXPECT_EQ(weighed(RateResult::pass, calm, {}), RateResult::pass);
    EXPECT_EQ(weighed(RateResult::not_judged, calm, {}), RateResult::not_judged);
}

TEST(JudgeRate, PassesWhatMeetsTheObjective) {
    EXPECT_EQ(judged(good_run()), RateResult::pass);
    EXPECT_EQ(judged(good_run(), {1.2, 130e6}), RateResult::pass);
}

TEST(JudgeRate, MissesByLatencyFailuresAndOverload) {
    RunResult slow = good_run();
    slow.latency.record(60'000'000, 20);
    EXPECT_EQ(judged(slow), RateResult::miss);
    RunResult failed = good_run();
    failed.accounting.failed = 30;
    EXPECT_EQ(judged(failed), RateResult::miss);
    RunResult over = good_run();
    over.verdict.overloaded = true;
    EXPECT_EQ(judged(over), RateResult::miss);
    RunResult refused = good_run();
    refuse(refused, "failures");
    EXPECT_EQ(judged(refused), RateResult::miss);
    RunResult silent;
    silent.accounting.scheduled = 10;
    EXPECT_EQ(judged(silent), RateResult::miss);
}

TEST(JudgeRate, InvalidForACauseOutsideTheServerSaysNothing) {
    for (const char* check : {"lateness", "generator", "rate", "arrivals", "integrity"}) {
        RunResult run = good_run();
        refuse(run, check);
        EXPECT_EQ(judged(run), RateResult::not_judged) << check;
    }
}

TEST(JudgeRate, KeepsToCpusAndMemory) {
    const auto hungry = judge_rate(good_run(), kObjective, {1.1, {}});
    EXPECT_EQ(hungry.result, RateResult::miss);
    EXPECT_NE(hungry.why.find("1.2"), std::string::npos) << hungry.why;
    const auto large = judge_rate(good_run(), kObjective, {{}, 110e6});
    EXPECT_EQ(large.result, RateResult::no_fit);
    RunResult dead = good_run();
    dead.server->died = true;
    EXPECT_EQ(judged(dead), RateResult::no_server);
}

TEST(MostMemory, AddsWhatTheKernelHoldsAndTakesThePeakOfOneProcess) {
    RunResult run = good_run();
    EXPECT_DOUBLE_EQ(*most_memory(*run.server), 120e6);
    run.server->memory_peak["page_tables"] = 6e6;
    EXPECT_DOUBLE_EQ(*most_memory(*run.server), 126e6);
    run.server->processes = 1;
    run.server->memory_peak["rss_peak_sum"] = 150e6;
    EXPECT_DOUBLE_EQ(*most_memory(*run.server), 156e6);
    EXPECT_FALSE(most_memory(ServerUse{}));
}

}  // namespace
}  // namespace echotrio::loadgen
