// The live line of a run while it lasts.
#pragma once

#include "loadgen/results/run_result.hpp"

#include <string>

namespace echotrio::loadgen {

// "  12 s  41,203/s  in flight 64  p50 1.52ms  p99 3.10ms  errors 0", with the server's CPU and
// memory where they are measured. One line, without a line end.
std::string live_line(const Interval& interval, double length_s);

// 41234.5 -> "41,235"; not below 0.
std::string grouped(double number);

}  // namespace echotrio::loadgen
