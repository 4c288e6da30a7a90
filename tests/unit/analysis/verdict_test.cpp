// Every check of the verdict, on both sides of each threshold.
#include "loadgen/analysis/verdict.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace echotrio::loadgen {
namespace {

// A closed loop of 64 connections over 10 s: 40,000 requests/s of 1.6 ms each.
RunResult closed_run() {
    RunResult r;
    r.requests = 400'000;
    r.throughput_rps = 40'000;
    r.duration_s = 10;
    r.mean_in_flight = 64;
    r.in_flight_at_end = 64;
    r.latency_us.count = r.requests;
    r.latency_us.mean = 1600;
    r.latency_us.p50 = 1500;
    r.latency_us.p99 = 3000;
    r.accounting = {400'064, 400'064, 400'000, 0, 0, 64, 0};
    r.total = {440'064, 440'064, 440'064, 0, 0, 0, 0};
    r.connections.opened = r.connections.served = 64;
    r.connections.fairness = 0.999;
    r.generator.busiest_thread = 0.5;
    r.generator.threads = 1;
    for (int i = 1; i <= 10; ++i) {
        Interval second;
        second.at_s = i;
        second.due = second.completed = 40'000;
        second.in_flight = 64;
        r.intervals.push_back(second);
    }
    return r;
}

VerdictContext closed_context() {
    VerdictContext c;
    c.connections = 64;
    c.concurrency = 64;
    return c;
}

// An open loop at 10,000 requests/s over 10 s, latency 1 ms, p99 2 ms.
RunResult open_run() {
    RunResult r = closed_run();
    r.requests = 100'000;
    r.throughput_rps = 10'000;
    r.mean_in_flight = 10;
    r.in_flight_at_end = 10;
    r.latency_us = {100'000, 1000, 100, 900, 1000, 1500, 2000, 2500, 3000, 3500};
    r.lateness_us = {100'000, 20, 10, 1, 20, 40, 80, 100, 200, 300};
    r.accounting = {100'000, 100'000, 99'990, 0, 0, 10, 0};
    r.total = {110'000, 110'000, 110'000, 0, 0, 0, 0};
    for (Interval& i : r.intervals) {
        i.due = i.completed = 10'000;
        i.in_flight = 10;
        i.p50_us = 1000;
    }
    return r;
}

VerdictContext open_context() {
    VerdictContext c;
    c.open_loop = true;
    c.connections = 64;
    c.concurrency = 64;
    return c;
}

bool has(const std::vector<Finding>& findings, const std::string& check, const std::string& what) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) {
        EXPECT_FALSE(f.what.empty());
        EXPECT_FALSE(f.advice.empty());
        return f.check == check && f.what.find(what) != std::string::npos;
    });
}

enum class Expect { clean, flagged, invalid };

// Exactly this finding and no other.
void expect(const RunResult& r, const VerdictContext& c, Expect outcome, const std::string& check,
            const std::string& what) {
    const Verdict v = judge(r, c);
    EXPECT_EQ(v.valid, outcome != Expect::invalid) << check << ": " << what;
    EXPECT_EQ(v.reasons.size(), outcome == Expect::invalid ? 1U : 0U) << check << ": " << what;
    EXPECT_EQ(v.flags.size(), outcome == Expect::flagged ? 1U : 0U) << check << ": " << what;
    if (outcome == Expect::invalid) {
        EXPECT_TRUE(has(v.reasons, check, what)) << check << ": " << what;
        EXPECT_FALSE(v.rankable);
    }
    if (outcome == Expect::flagged) {
        EXPECT_TRUE(has(v.flags, check, what)) << check << ": " << what;
    }
    for (const auto* findings : {&v.reasons, &v.flags}) {
        for (const Finding& f : *findings) {
            if (f.check != check) ADD_FAILURE() << "also " << f.check << ": " << f.what;
        }
    }
}

TEST(Verdict, OfAGoodRunIsClean) {
    expect(closed_run(), closed_context(), Expect::clean, "", "");
    expect(open_run(), open_context(), Expect::clean, "", "");
    EXPECT_TRUE(judge(closed_run(), closed_context()).rankable);
}

TEST(Verdict, OneWrongByteIsInvalid) {
    RunResult r = closed_run();
    r.errors.mismatch = 1;
    expect(r, closed_context(), Expect::invalid, "integrity", "1 replies differ");
}

TEST(Verdict, BooksMustBalance) {
    RunResult r = closed_run();
    r.accounting.unsent = 1;
    expect(r, closed_context(), Expect::invalid, "integrity", "does not hold");
    r = closed_run();
    r.total.completed -= 1;
    expect(r, closed_context(), Expect::invalid, "integrity", "does not hold");
}

TEST(Verdict, ServerAndClientMustAgree) {
    RunResult r = closed_run();
    r.total = {440'064, 440'064, 440'000, 3, 4, 57, 0};
    VerdictContext c = closed_context();
    for (const std::uint64_t count : {440'000U, 440'064U}) {
        c.server_requests = count;
        expect(r, c, Expect::clean, "", "");
    }
    for (const std::uint64_t count : {439'999U, 440'065U}) {
        c.server_requests = count;
        expect(r, c, Expect::invalid, "integrity", "the server counted");
    }
}

TEST(Verdict, LittlesLawHoldsWithinTwoPercent) {
    RunResult r = closed_run();
    r.latency_us.mean = 1600 * 0.981;
    expect(r, closed_context(), Expect::clean, "", "");
    r.latency_us.mean = 1600 * 0.979;
    expect(r, closed_context(), Expect::invalid, "integrity", "Little's law");
    VerdictContext c = closed_context();
    c.think_s = 1600e-6 * 0.021;  // the time was spent thinking
    expect(r, c, Expect::clean, "", "");
    c = closed_context();
    c.concurrency = 0;  // churn: connecting takes time of its own
    expect(r, c, Expect::clean, "", "");
    r.requests = 64 * 100 - 1;  // the window's edges are too much of it
    r.accounting = {6463, 6463, 6399, 0, 0, 64, 0};
    expect(r, closed_context(), Expect::clean, "", "");
}

TEST(Verdict, FailuresAboveOneInAThousand) {
    RunResult r = closed_run();
    r.latency_us.mean.reset();  // Little's law is not the matter here
    r.accounting = {400'000, 400'000, 399'600, 200, 200, 0, 0};
    expect(r, closed_context(), Expect::flagged, "failures", "400 of 400000 requests failed (200");
    r.accounting = {400'000, 400'000, 399'599, 200, 201, 0, 0};
    expect(r, closed_context(), Expect::invalid, "failures", "401 of 400000");
    r = closed_run();
    r.errors.connect = 2;
    expect(r, closed_context(), Expect::flagged, "failures", "2 connects failed");
}

TEST(Verdict, NothingCompletedIsInvalid) {
    RunResult r = closed_run();
    r.requests = 0;
    r.throughput_rps = 0;
    r.latency_us = {};
    r.accounting = {64, 64, 0, 0, 0, 64, 0};
    r.intervals.clear();
    expect(r, closed_context(), Expect::invalid, "failures", "no request completed");
}

TEST(Verdict, LatenessIsAtMostAMillisecondOrATwentiethOfTheLatency) {
    RunResult r = open_run();
    r.lateness_us.p99 = 1000;
    expect(r, open_context(), Expect::clean, "", "");
    r.lateness_us.p99 = 1001;
    expect(r, open_context(), Expect::invalid, "lateness", "1001 us, allowed are 1000 us");
    r.latency_us.p99 = 40'000;  // a twentieth is 2 ms
    expect(r, open_context(), Expect::clean, "", "");
    r.lateness_us.p99 = 2001;
    expect(r, open_context(), Expect::invalid, "lateness", "2001 us, allowed are 2000 us");
    r.generator.send_delay_p99_us = 50;  // the requests had to wait for a busy connection
    expect(r, open_context(), Expect::clean, "", "");
    r.generator.send_delay_p99_us = 2001;
    r.lateness_us.p99 = 5000;
    expect(r, open_context(), Expect::invalid, "lateness", "2001 us");
    RunResult closed = closed_run();  // has no schedule
    closed.lateness_us = r.lateness_us;
    expect(closed, closed_context(), Expect::clean, "", "");
}

TEST(Verdict, TheGeneratorMustNotBeTheLimit) {
    RunResult r = closed_run();
    r.generator.busiest_thread = 0.90;
    r.generator.run_queue_wait = 0.02;
    expect(r, closed_context(), Expect::clean, "", "");
    r.generator.busiest_thread = 0.901;
    expect(r, closed_context(), Expect::invalid, "generator", "used 90.1 % of a CPU");
    r.generator.busiest_thread = 0.5;
    r.generator.run_queue_wait = 0.0201;
    expect(r, closed_context(), Expect::invalid, "generator", "waited for a CPU for 2.01 %");
}

TEST(Verdict, ABusyGeneratorIsFineWhereTheServerWasTheLimit) {
    RunResult r = closed_run();
    r.generator.busiest_thread = 0.97;
    r.server.emplace();
    r.server->threads = 1;
    r.server->cpu_s = 9.0;
    VerdictContext c = closed_context();
    c.server_cpus = 2;
    expect(r, c, Expect::clean, "", "");  // one thread can't use more than one CPU
    r.server->cpu_s = 8.9;
    expect(r, c, Expect::invalid, "generator", "used 97 %");
    r.server->cpu_s = 9.0;
    r.server->threads = 5;  // these could have used both CPUs
    expect(r, c, Expect::invalid, "generator", "used 97 %");
    r.server->cpu_s = 18.0;
    expect(r, c, Expect::clean, "", "");
    c.one_at_a_time = true;
    r.server->cpu_s = 9.0;
    expect(r, c, Expect::clean, "", "");
    for (const double cpu_s : {8.9, 11.1}) {  // too little, or more than one at a time
        r.server->cpu_s = cpu_s;
        expect(r, c, Expect::invalid, "generator", "used 97 %");
    }
}

TEST(Verdict, TheCeilingIsHalfAsMuchAgain) {
    VerdictContext c = closed_context();
    c.ceiling_rps = 60'000;
    expect(closed_run(), c, Expect::clean, "", "");
    c.ceiling_rps = 59'999;
    expect(closed_run(), c, Expect::flagged, "generator", "ceiling");
    c.ceiling_rps = 0;
    c.shared_cpus = true;
    expect(closed_run(), c, Expect::flagged, "generator", "same CPUs");
}

// Of 100,000 offered requests `missing` did not complete in the window.
RunResult short_of(std::uint64_t missing, std::uint64_t at_end, double mean) {
    RunResult r = open_run();
    r.requests = 100'000 - missing;
    r.throughput_rps = static_cast<double>(r.requests) / 10;
    r.in_flight_at_end = at_end;
    r.mean_in_flight = mean;
    return r;
}

TEST(Verdict, AnOverloadedServerIsNotTheGeneratorsFault) {
    expect(short_of(1000, 1000, 500), open_context(), Expect::clean, "", "");  // 1 %
    const RunResult r = short_of(1001, 1001, 667);
    expect(r, open_context(), Expect::flagged, "rate", "OVERLOADED: offered 10000/s");
    const Verdict v = judge(r, open_context());
    EXPECT_TRUE(v.overloaded);
    EXPECT_TRUE(v.valid);
    EXPECT_TRUE(has(v.flags, "rate", "grew by 100.1 requests/s to 1001"));
}

TEST(Verdict, ALateGeneratorMakesTheRateInvalid) {
    RunResult r = short_of(1001, 1001, 600);
    r.generator.busiest_thread = 0.95;
    const Verdict v = judge(r, open_context());
    EXPECT_FALSE(v.valid);
    EXPECT_FALSE(v.overloaded);
    EXPECT_TRUE(has(v.reasons, "rate", "achieved 9899.9/s"));
    EXPECT_TRUE(has(v.reasons, "generator", "95 %"));
    r.generator.busiest_thread = 0.5;
    r.generator.send_delay_p99_us = 70'000;
    EXPECT_TRUE(has(judge(r, open_context()).reasons, "rate", "achieved 9899.9/s"));
}

TEST(Verdict, ASlowButSteadyServerIsNotOverloaded) {
    // Replies take 0.3 s and there was no warm-up: 3,000 requests are always in flight.
    RunResult r = short_of(3000, 3000, 2900);
    for (Interval& i : r.intervals) i.in_flight = 3000;
    expect(r, open_context(), Expect::flagged, "rate", "offered");
    EXPECT_FALSE(judge(r, open_context()).overloaded);
    // After a long warm-up the end is less than 1.5 x the mean; what grows is seen all the same.
    r = short_of(3000, 9000, 7500);
    for (std::size_t i = 0; i < r.intervals.size(); ++i) r.intervals[i].in_flight = 6300 + 300 * i;
    EXPECT_TRUE(judge(r, open_context()).overloaded);
    // More than was offered: the warm-up's backlog.
    r = open_run();
    r.requests = 102'000;
    r.throughput_rps = 10'200;
    expect(r, open_context(), Expect::flagged, "rate", "offered");
    // Failures have their own check.
    r = short_of(5000, 10, 10);
    r.accounting = {100'000, 100'000, 95'000, 5000, 0, 0, 0};
    expect(r, open_context(), Expect::invalid, "failures", "5000 of 100000");
}

TEST(Verdict, AFewRequestsShortAreChance) {
    RunResult r = open_run();
    r.requests = 180;
    r.throughput_rps = 18;
    r.accounting = {200, 200, 200, 0, 0, 0, 0};
    r.latency_us.count = 400;
    expect(r, open_context(), Expect::clean, "", "");
    r.requests = 179;
    r.throughput_rps = 17.9;
    expect(r, open_context(), Expect::flagged, "rate", "offered");
}

TEST(Verdict, DriftWithATrendIsNotSteady) {
    const auto drifting = [](double by, bool open) {
        RunResult r = open ? open_run() : closed_run();
        for (std::size_t i = 0; i < r.intervals.size(); ++i) {
            // First and last third are 7 steps apart.
            const double factor = 1 + by * (static_cast<double>(i) - 1) / 7;
            r.intervals[i].completed = static_cast<std::uint64_t>(1e6 * factor);
            r.intervals[i].p50_us = 1e3 * factor;
        }
        return r;
    };
    expect(drifting(0.0499, false), closed_context(), Expect::clean, "", "");
    expect(drifting(0.0501, false), closed_context(), Expect::flagged, "steady", "throughput");
    EXPECT_FALSE(judge(drifting(0.0501, false), closed_context()).rankable);
    expect(drifting(-0.06, false), closed_context(), Expect::flagged, "steady", "throughput");
    expect(drifting(0.0499, true), open_context(), Expect::clean, "", "");
    expect(drifting(0.0501, true), open_context(), Expect::flagged, "steady", "median latency");
    VerdictContext profile = open_context();
    profile.rate_varies = true;
    expect(drifting(1.0, true), profile, Expect::clean, "", "");
    RunResult few = drifting(1.0, false);
    few.intervals.resize(5);
    expect(few, closed_context(), Expect::clean, "", "");
}

TEST(Verdict, NoiseWithoutATrendIsSteady) {
    RunResult r = closed_run();
    const double noise[] = {9, 1, 9, 2, 8, 1, 9, 9, 9, 4};  // thirds differ by 16 %
    for (std::size_t i = 0; i < 10; ++i) {
        r.intervals[i].completed = static_cast<std::uint64_t>(40'000 + 2000 * noise[i]);
    }
    expect(r, closed_context(), Expect::clean, "", "");
}

TEST(Verdict, AWanderingRunOfHalfAMinuteIsNotSteady) {
    // Up and back down again shows no slope, but a unit root.
    RunResult r = closed_run();
    r.intervals.clear();
    Rng rng(4);
    double level = 40'000;
    for (int i = 1; i <= 40; ++i) {
        level += (i <= 25 ? 900 : -900) + 150 * rng.normal();
        Interval interval;
        interval.at_s = i;
        interval.completed = static_cast<std::uint64_t>(level);
        r.intervals.push_back(interval);
    }
    expect(r, closed_context(), Expect::flagged, "steady", "throughput");
    // The last part of a second is not a second.
    r = closed_run();
    Interval rest;
    rest.at_s = 10.2;
    rest.completed = 100;
    r.intervals.push_back(rest);
    expect(r, closed_context(), Expect::clean, "", "");
}

TEST(Verdict, PoissonArrivalsAreChecked) {
    VerdictContext c = open_context();
    c.poisson = true;
    Rng rng(5);
    RunResult good = open_run();
    for (int i = 0; i < 1000; ++i) good.sampled_gaps_s.push_back(1e-4 * rng.exponential());
    expect(good, c, Expect::clean, "", "");
    RunResult constant = open_run();
    constant.sampled_gaps_s.assign(1000, 1e-4);
    expect(constant, c, Expect::invalid, "arrivals", "1000 gaps");
    expect(constant, open_context(), Expect::clean, "", "");  // nobody asked for Poisson
    // A Weibull shape of 1.1: hardly to be told from exponential.
    RunResult odd = open_run();
    for (int i = 0; i < 1000; ++i) {
        odd.sampled_gaps_s.push_back(1e-4 * std::pow(rng.exponential(), 1 / 1.06));
    }
    expect(odd, c, Expect::flagged, "arrivals", "5 % point");
    // Gaps that round to nothing at a nanosecond are no reason.
    good.sampled_gaps_s[7] = 0;
    expect(good, c, Expect::clean, "", "");
    good.sampled_gaps_s[7] = -1;
    expect(good, c, Expect::invalid, "arrivals", "1000 gaps");
}

TEST(Verdict, TooFewSamplesForAPercentileAreSaid) {
    RunResult r = closed_run();
    r.latency_us.count = 367;
    r.latency_us.p99.reset();
    expect(r, closed_context(), Expect::flagged, "samples", "367 samples");
}

TEST(Verdict, FairnessAndStarvedConnections) {
    RunResult r = closed_run();
    r.connections.fairness = 0.95;
    expect(r, closed_context(), Expect::clean, "", "");
    r.connections.fairness = 0.949;
    expect(r, closed_context(), Expect::flagged, "fairness", "0.949");
    EXPECT_TRUE(judge(r, closed_context()).rankable);
    r.connections.served = 10;
    expect(r, closed_context(), Expect::flagged, "fairness", "10 of 64 connections got a reply");
    EXPECT_FALSE(judge(r, closed_context()).rankable);
    r = closed_run();
    r.connections.idle = 100;
    r.connections.idle_lost = 3;
    expect(r, closed_context(), Expect::flagged, "fairness", "3 of 100 idle");
}

TEST(Verdict, NetworkShortages) {
    RunResult r = closed_run();
    r.connections.out_of_ports = 1;
    expect(r, closed_context(), Expect::invalid, "network", "local port");
    r = closed_run();
    r.connections.out_of_descriptors = 1;
    expect(r, closed_context(), Expect::invalid, "network", "descriptor");
    r = closed_run();
    r.machine.listen_overflows = 1;
    expect(r, closed_context(), Expect::invalid, "network", "overflowed 1 times");
    r = closed_run();
    r.machine.listen_drops = 1;
    expect(r, closed_context(), Expect::invalid, "network", "1 connects were dropped");
    r = closed_run();
    r.machine.retransmissions = 1;
    expect(r, closed_context(), Expect::flagged, "network", "1 TCP segments");
    r.machine.listen_overflows = r.machine.listen_drops = r.machine.retransmissions = 0;
    expect(r, closed_context(), Expect::clean, "", "");
}

TEST(Verdict, TheMachinesOwnDoings) {
    RunResult r = closed_run();
    r.machine.steal_share = 0.005;
    r.machine.other_cpu_share = 0.02;
    r.machine.swapped_pages = 0;
    r.machine.clock_step_s = 0.001;
    r.machine.frequency_change = 0.05;
    expect(r, closed_context(), Expect::clean, "", "");
    r = closed_run();
    r.machine.steal_share = 0.0051;
    expect(r, closed_context(), Expect::flagged, "machine", "0.51 %");
    r = closed_run();
    r.machine.other_cpu_share = 0.0201;
    expect(r, closed_context(), Expect::flagged, "machine", "2.01 %");
    r = closed_run();
    r.machine.swapped_pages = 1;
    expect(r, closed_context(), Expect::flagged, "machine", "1 pages");
    r = closed_run();
    r.machine.clock_step_s = -0.0011;
    expect(r, closed_context(), Expect::flagged, "machine", "clock");
    r = closed_run();
    r.machine.frequency_change = 0.051;
    expect(r, closed_context(), Expect::flagged, "machine", "5.1 %");
    VerdictContext c = closed_context();
    c.trusted_build = false;
    expect(closed_run(), c, Expect::flagged, "machine", "sanitizer");
}

TEST(Verdict, ServerDeathClampingAndInterruption) {
    RunResult r = closed_run();
    r.server.emplace();
    expect(r, closed_context(), Expect::clean, "", "");
    r.server->died = true;
    expect(r, closed_context(), Expect::invalid, "server", "died");
    r = closed_run();
    r.clamped = true;
    expect(r, closed_context(), Expect::invalid, "server", "histogram");
    r = closed_run();
    r.interrupted = true;
    expect(r, closed_context(), Expect::flagged, "server", "interrupted after 10 s");
    r = closed_run();
    CgroupUse& group = r.server.emplace().cgroup.emplace();
    group.periods = 100;
    group.throttled_periods = 3;
    expect(r, closed_context(), Expect::flagged, "server", "in 3 of 100 periods");
}

TEST(VerdictTable, NamesEachCheckOnce) {
    std::set<std::string> names;
    for (const CheckRow& row : verdict_table()) {
        EXPECT_TRUE(names.insert(row.check).second) << row.check;
        EXPECT_FALSE(std::string(row.invalid).empty() && std::string(row.flag).empty());
    }
    EXPECT_EQ(names.size(), 12U);
}

}  // namespace
}  // namespace echotrio::loadgen
