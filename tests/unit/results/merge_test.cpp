// Several generators as one: what is added, what is the worst of all, and what can't be merged.
#include "loadgen/results/merge.hpp"

#include "loadgen/record/summary.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

// Ten seconds from `began`, `requests` of them with latencies of 1 ms up to so many ms.
MergePart part(double began, std::uint64_t requests, std::uint64_t connections = 4) {
    MergePart made;
    RunResult& r = made.result;
    made.connections = connections;
    r.started_unix_s = began;
    r.duration_s = 10;
    r.requests = requests;
    r.throughput_rps = static_cast<double>(requests) / 10;
    for (std::uint64_t i = 1; i <= requests; ++i) {
        r.latency.record(static_cast<std::int64_t>(i) * 1'000'000);
    }
    r.latency_us = summarise(r.latency);
    r.accounting = r.total = {requests + 1, requests, requests, 0, 0, 0, 1};
    r.connections.opened = r.connections.served = connections;
    r.connections.fairness = 1;
    r.generator.threads = 1;
    r.generator.busiest_thread = 0.1;
    r.generator.syscalls_per_request = 2;
    return made;
}

TEST(Merge, OfOneIsThatOne) {
    const auto merged = merge_results({part(100, 50)});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_EQ(merged->result.requests, 50U);
    EXPECT_DOUBLE_EQ(merged->overlap, 1);
    EXPECT_DOUBLE_EQ(merged->result.connections.fairness, 1);
}

TEST(Merge, AddsCountsAndHistograms) {
    const auto merged = merge_results({part(100, 100), part(100, 300)});
    ASSERT_TRUE(merged) << merged.error().message;
    const RunResult& r = merged->result;
    EXPECT_EQ(r.requests, 400U);
    EXPECT_DOUBLE_EQ(r.throughput_rps, 40);
    EXPECT_EQ(r.accounting.scheduled, 402U);
    EXPECT_TRUE(r.accounting.balanced());
    EXPECT_EQ(r.connections.opened, 8U);
    EXPECT_EQ(r.generator.threads, 2U);
    EXPECT_EQ(r.latency_us.count, 400U);
    // of 1 to 100 and 1 to 300 together, not the mean of both medians
    EXPECT_NEAR(r.latency_us.p50.value_or(0), 100'000, 1000);
    EXPECT_NEAR(r.latency_us.max.value_or(0), 300'000, 1000);
}

TEST(Merge, OfWhatCannotBeAddedTakesTheWorst) {
    MergePart a = part(100, 100);
    MergePart b = part(100, 100);
    a.result.generator.busiest_thread = 0.9;
    a.result.machine.steal_share = 0.01;
    b.result.machine.steal_share = 0.03;
    b.result.machine.clock_step_s = -5;
    a.result.machine.clock_step_s = 0.001;
    b.result.clamped = true;
    b.result.generator.syscalls_per_request = 4;
    const auto merged = merge_results({a, b});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_DOUBLE_EQ(merged->result.generator.busiest_thread, 0.9);
    EXPECT_DOUBLE_EQ(merged->result.machine.steal_share.value_or(0), 0.03);
    EXPECT_DOUBLE_EQ(merged->result.machine.clock_step_s.value_or(0), -5) << "set back";
    EXPECT_TRUE(merged->result.clamped);
    EXPECT_DOUBLE_EQ(merged->result.generator.syscalls_per_request.value_or(0), 3);
}

TEST(Merge, KeepsTheIdleStrategyWhereAllHadTheSame) {
    MergePart a = part(100, 10), b = part(100, 10), c = part(100, 10);
    a.result.generator.idle_strategy = b.result.generator.idle_strategy = "spin";
    c.result.generator.idle_strategy = "sleep";
    const auto strategy = [](const std::vector<MergePart>& parts) {
        const auto merged = merge_results(parts);
        return merged ? merged->result.generator.idle_strategy : "it could not be merged";
    };
    EXPECT_EQ(strategy({a}), "spin");
    EXPECT_EQ(strategy({a, b}), "spin");
    EXPECT_EQ(strategy({a, b, c}), std::nullopt);
    EXPECT_EQ(strategy({c, a, c}), std::nullopt);
    EXPECT_EQ(strategy({part(100, 10), a}), std::nullopt) << "of an older file nothing is known";
}

TEST(Merge, FairnessIsOfAllSlotsTogether) {
    // 4 connections with 25 requests each, 4 with 75 each: 400^2 / (8 (4 25^2 + 4 75^2))
    const auto merged = merge_results({part(100, 100), part(100, 300)});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_NEAR(merged->result.connections.fairness, 0.8, 1e-9);
}

TEST(Merge, SaysHowFarTheWindowsOverlap) {
    const auto merged = merge_results({part(100, 10), part(105, 10)});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_NEAR(merged->overlap, 5.0 / 15, 1e-9);
    EXPECT_DOUBLE_EQ(merged->result.started_unix_s, 100);
    EXPECT_FALSE(merge_results({part(100, 10), part(110, 10)})) << "they do not";
}

TEST(Merge, SecondsAreAddedByTheirNumber) {
    MergePart a = part(100, 10);
    MergePart b = part(100, 10);
    const auto second = [](double at, std::uint64_t due, std::uint64_t completed) {
        Interval made;
        made.at_s = at;
        made.due = due;
        made.completed = completed;
        return made;
    };
    a.result.intervals = {second(1, 5, 5), second(2, 0, 4)};
    b.result.intervals = {second(1, 7, 6), second(3, 0, 1)};
    const auto merged = merge_results({a, b});
    ASSERT_TRUE(merged) << merged.error().message;
    const auto& seconds = merged->result.intervals;
    ASSERT_EQ(seconds.size(), 3U);
    EXPECT_EQ(seconds[0].due, 12U);
    EXPECT_EQ(seconds[0].completed, 11U);
    EXPECT_EQ(seconds[1].completed, 4U);
}

TEST(Merge, AddsErrorsAndWhatBecameOfConnections) {
    MergePart a = part(100, 10);
    MergePart b = part(101, 10);
    a.result.errors = {1, 2, 3, 4, 5, 6, 7};
    b.result.errors = {10, 20, 30, 40, 50, 60, 70};
    a.result.connections.idle = 100;
    b.result.connections.idle_lost = 3;
    b.result.connections.out_of_ports = 2;
    a.result.interrupted = true;
    b.result.duration_s = 12;
    const auto merged = merge_results({a, b});
    ASSERT_TRUE(merged) << merged.error().message;
    const RunResult& r = merged->result;
    EXPECT_EQ(r.errors.connect, 11U);
    EXPECT_EQ(r.errors.reset, 22U);
    EXPECT_EQ(r.errors.closed, 33U);
    EXPECT_EQ(r.errors.timeout, 44U);
    EXPECT_EQ(r.errors.mismatch, 55U);
    EXPECT_EQ(r.errors.status, 66U);
    EXPECT_EQ(r.errors.protocol, 77U);
    EXPECT_EQ(r.connections.idle, 100U);
    EXPECT_EQ(r.connections.idle_lost, 3U);
    EXPECT_EQ(r.connections.out_of_ports, 2U);
    EXPECT_TRUE(r.interrupted);
    EXPECT_DOUBLE_EQ(r.duration_s, 12) << "the longest window";
}

TEST(Merge, WhatOneKnowsIsKnown) {
    MergePart a = part(100, 10);
    MergePart b = part(100, 10);
    b.result.machine.steal_share = 0.01;
    b.result.machine.retransmissions = 4;
    const auto merged = merge_results({a, b});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_EQ(merged->result.machine.steal_share, 0.01);
    EXPECT_EQ(merged->result.machine.retransmissions, 4U);
    EXPECT_FALSE(merged->result.machine.swapped_pages) << "and what none knows is not";
}

TEST(Merge, ACountThatOnePartLacksIsUnknown) {
    MergePart a = part(100, 10);
    MergePart b = part(100, 10);
    a.result.status_codes = {{"200", 8}, {"404", 2}};
    b.result.status_codes = {{"200", 10}};
    a.result.errors.stray = 1;
    b.result.errors.stray = 2;
    a.result.generator.spin_s = 0.5;
    b.result.generator.spin_s = 0.25;
    auto merged = merge_results({a, b});
    ASSERT_TRUE(merged) << merged.error().message;
    const std::map<std::string, std::uint64_t> sum{{"200", 18}, {"404", 2}};
    EXPECT_EQ(merged->result.status_codes, sum);
    EXPECT_EQ(merged->result.errors.stray, 3U);
    EXPECT_EQ(merged->result.generator.spin_s, 0.75);

    const MergePart old = part(100, 10);  // of a release that did not count them
    for (const auto& parts : {std::vector{a, old, b}, {old, a, b}, {a, b, old}}) {
        merged = merge_results(parts);
        ASSERT_TRUE(merged) << merged.error().message;
        EXPECT_FALSE(merged->result.status_codes);
        EXPECT_FALSE(merged->result.errors.stray);
        EXPECT_FALSE(merged->result.generator.spin_s);
    }
}

TEST(Merge, TheServerIsThatOfTheFirstThatMeasuredIt) {
    MergePart a = part(100, 100);
    MergePart b = part(100, 300);
    MergePart c = part(100, 100);
    b.result.server.emplace().cpu_s = 2;
    c.result.server.emplace().cpu_s = 3;
    b.result.intervals.emplace_back().server_cpu_s = 0.25;
    c.result.intervals.emplace_back().server_cpu_s = 0.5;
    const auto merged = merge_results({a, b, c});
    ASSERT_TRUE(merged) << merged.error().message;
    ASSERT_TRUE(merged->result.server);
    EXPECT_EQ(merged->result.server->cpu_s, 2);
    EXPECT_DOUBLE_EQ(merged->result.server->cpu_us_per_request.value_or(0), 2e6 / 500)
        << "it served all of them";
    ASSERT_EQ(merged->result.intervals.size(), 1U);
    EXPECT_EQ(merged->result.intervals[0].server_cpu_s, 0.25);
}

TEST(Merge, ClassesAreAddedApart) {
    const auto with_class = [](std::uint64_t requests, std::int64_t ns) {
        MergePart made = part(100, requests);
        ClassResult& one = made.result.classes.emplace_back();
        one.name = "small";
        one.requests = requests;
        for (std::uint64_t i = 0; i < requests; ++i) one.latency.record(ns);
        return made;
    };
    const auto merged = merge_results({with_class(30, 1'000'000), with_class(10, 5'000'000)});
    ASSERT_TRUE(merged) << merged.error().message;
    ASSERT_EQ(merged->result.classes.size(), 1U);
    const ClassResult& sum = merged->result.classes[0];
    EXPECT_EQ(sum.requests, 40U);
    EXPECT_EQ(sum.latency.count(), 40U);
    EXPECT_NEAR(sum.latency_us.p50.value_or(0), 1000, 10);
    EXPECT_NEAR(sum.latency_us.max.value_or(0), 5000, 50);
}

// A part's gaps are those of its own rate; the check of the arrivals looks at the rate of all.
TEST(Merge, GapsAreSeenAtTheRateOfAll) {
    MergePart a = part(100, 99);   // 100 scheduled
    MergePart b = part(100, 299);  // 300 scheduled
    a.result.sampled_gaps_s.assign(1000, 0.1);
    b.result.sampled_gaps_s.assign(3, 0.04);
    const auto merged = merge_results({a, b});
    ASSERT_TRUE(merged) << merged.error().message;
    const auto& gaps = merged->result.sampled_gaps_s;
    ASSERT_EQ(gaps.size(), 503U) << "half of a thousand at most from each of two";
    EXPECT_NEAR(gaps.front(), 0.1 * 100 / 400, 1e-12);
    EXPECT_NEAR(gaps.back(), 0.04 * 300 / 400, 1e-12);
}

TEST(Merge, OfPartsWithoutARequestIsWithoutOne) {
    MergePart idle = part(100, 0);
    idle.result.accounting = idle.result.total = {};
    idle.result.generator.syscalls_per_request.reset();
    idle.result.connections.fairness = 0;
    idle.result.sampled_gaps_s = {0.5};
    const auto merged = merge_results({idle, idle});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_EQ(merged->result.requests, 0U);
    EXPECT_DOUBLE_EQ(merged->result.connections.fairness, 0);
    EXPECT_FALSE(merged->result.generator.syscalls_per_request);
    EXPECT_FALSE(merged->result.latency_us.p50);
}

TEST(Merge, RefusesWhatIsNotOneLoad) {
    EXPECT_FALSE(merge_results({}));
    MergePart a = part(100, 10);
    MergePart b = part(100, 10);
    a.result.classes = {{"small", 10, {}, {}}};
    b.result.classes = {{"heavy", 10, {}, {}}};
    EXPECT_FALSE(merge_results({a, b})) << "other classes";
    EXPECT_FALSE(merge_results({a, part(100, 10)})) << "none";
}

TEST(Merge, KeepsOfTheCpusWhatAllPartsAgreeOn) {
    MergePart a = part(100, 10);
    MergePart b = part(100, 10);
    a.result.cpus = {2, 1, true, 1.5, {}};
    b.result.cpus = {2, 3, true, 1.5, {}};
    const auto merged = merge_results({a, b});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_EQ(merged->result.cpus, (CpusHad{2, {}, true, 1.5, {}}));
}

}  // namespace
}  // namespace echotrio::loadgen
