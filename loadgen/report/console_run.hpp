// One run for people: the live line while it lasts and the summary at its end.
#pragma once

#include "loadgen/record/run_result.hpp"

#include <string>

namespace echotrio::loadgen {

// "  12 s  41,203/s  in flight 64  p50 1.52ms  p99 3.10ms  errors 0", with the server's CPU and
// memory where they are measured. One line, without a line end.
std::string live_line(const Interval& interval, double length_s);

struct RunHeading {
    std::string url;
    std::string load;  // "64 connections, closed loop, 10s after 1s of warm-up"
};

// `colour`: with ANSI colours for the verdict.
std::string run_summary(const RunResult& result, const RunHeading& heading, bool colour);

// "VALID", or INVALID or OVERLOADED, with each reason and flag on lines of its own.
std::string verdict_text(const Verdict& verdict, bool colour);

// 41234.5 -> "41,234"
std::string grouped(double number);

}  // namespace echotrio::loadgen
