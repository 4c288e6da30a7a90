// One run on a terminal: the figures that a reader needs, nothing that misleads.
#include "loadgen/report/run_document.hpp"

#include "loadgen/document/text.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace echotrio::loadgen {
namespace {

RunResult valid_run() {
    RunResult r;
    r.requests = 51'234;
    r.throughput_rps = 10'246.8;
    r.duration_s = 5;
    r.mean_in_flight = 15.9;
    r.latency_us.mean = 1500;
    r.latency_us.p50 = 1400;
    r.latency_us.p99 = 3100;
    r.latency_us.max = 9000;
    r.accounting = {51'250, 51'250, 51'234, 0, 0, 16, 0};
    r.connections.opened = r.connections.served = 16;
    r.connections.fairness = 0.999;
    r.generator.cpu_s = 1.25;
    r.generator.threads = 1;
    r.generator.busiest_thread = 0.25;
    r.cpus = {2, 1, true, 1.5, {}};
    return r;
}

std::string shown(const RunResult& result, const TerminalStyle& style = {false, 100}) {
    return to_console(run_document(result, {"tcp://127.0.0.1:7003", "16 connections"}), style);
}

TEST(RunOnTheConsole, SaysWhatCameOut) {
    EXPECT_EQ(shown(valid_run()),
              "tcp://127.0.0.1:7003\n"
              "16 connections\n"
              "\n"
              "10,247 replies/s; 51,234 requests in 5.00 s, 15.9 in flight\n"
              "              mean      p50  p90      p99  p99.9      max\n"
              "  latency  1.50 ms  1.40 ms    -  3.10 ms      -  9.00 ms\n"
              "  errors       none\n"
              "  connections  16 served, 16 opened, fairness 0.999\n"
              "  generator    CPU 1.25 s, busiest of 1 thread 25 %\n"
              "  CPUs         server 2 CPUs (quota 1.5), generator 1 CPU, apart\n"
              "  accounting   scheduled 51,250 = sent 51,250 + unsent 0; sent = completed 51,234 "
              "+ failed 0 + timed\n"
              "               out 0 + in flight 16\n"
              "\n"
              "Verdict\n"
              "  VALID\n");
}

TEST(RunOnTheConsole, LatenessAndServiceTimeWhereThereIsASchedule) {
    RunResult r = valid_run();
    EXPECT_EQ(shown(r).find("service time"), std::string::npos);
    r.lateness_us.max = 70;
    EXPECT_NE(shown(r).find("service time"), std::string::npos);
    EXPECT_NE(shown(r).find("lateness"), std::string::npos);
}

TEST(RunOnTheConsole, EveryClassHasItsLatency) {
    RunResult r = valid_run();
    r.classes.push_back({"small", 40'000, {}, {}});
    r.classes.push_back({"heavy", 10'000, {}, {}});
    const std::string text = shown(r);
    EXPECT_LT(text.find("- small"), text.find("- heavy"));
}

TEST(RunOnTheConsole, AnInvalidOneSaysSoWithReasonAndAdvice) {
    RunResult r = valid_run();
    r.verdict.valid = false;
    r.verdict.reasons.push_back({"failures", "3 of 9 requests failed", "lower the load"});
    r.verdict.flags.push_back({"fairness", "Jain's index 0.5", "look at the server"});
    const std::string text = shown(r);
    EXPECT_NE(text.find("INVALID: do not use these numbers\n"
                        "  INVALID failures: 3 of 9 requests failed; lower the load\n"
                        "  !fairness: Jain's index 0.5; look at the server\n"),
              std::string::npos)
        << text;
}

TEST(RunOnTheConsole, OverloadedHasNoLatency) {
    RunResult r = valid_run();
    r.verdict.overloaded = true;
    r.in_flight_at_end = 12'000;
    r.backlog_at_end = 11'984;
    const std::string text = shown(r);
    EXPECT_EQ(text.find("p99"), std::string::npos);
    EXPECT_NE(text.find("12,000 in flight at the end, 11,984 of them not even sent"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("OVERLOADED: the server fell behind the schedule"), std::string::npos);
}

TEST(RunOnTheConsole, ErrorsByKind) {
    RunResult r = valid_run();
    EXPECT_NE(shown(r).find("errors       none\n"), std::string::npos) << shown(r);
    r.errors.reset = 1'234;
    r.errors.mismatch = 1;
    EXPECT_NE(shown(r).find("reset 1,234, wrong bytes 1\n"), std::string::npos) << shown(r);
}

TEST(RunOnTheConsole, StaysWithinTheTerminal) {
    for (const std::size_t width : {50U, 60U, 80U}) {
        std::istringstream lines(shown(valid_run(), {false, width}));
        for (std::string line; std::getline(lines, line);) {
            EXPECT_LE(display_width(line), width) << line;
        }
    }
}

TEST(RunOnTheConsole, ColoursOnlyWhereAskedFor) {
    EXPECT_EQ(shown(valid_run()).find('\x1b'), std::string::npos);
    EXPECT_NE(shown(valid_run(), {true, 100}).find("\x1b[1;32m  VALID\x1b[0m"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::loadgen
