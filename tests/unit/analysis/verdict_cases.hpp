// The verdict's checks as a table: a good run, what is changed in it, and the one finding that
// follows; on both sides of each threshold.
#pragma once

#include "loadgen/analysis/verdict.hpp"

#include <cstdint>
#include <vector>

namespace echotrio::loadgen::verdict_cases {

enum class Loop { closed, open };
inline constexpr auto closed = Loop::closed;
inline constexpr auto open = Loop::open;
enum class Severity { clean, flagged, invalid };
inline constexpr auto clean = Severity::clean;
inline constexpr auto flagged = Severity::flagged;
inline constexpr auto invalid = Severity::invalid;

// Of the good run of that loop.
using Changes = void (*)(RunResult& r, VerdictContext& c);

struct Row {
    const char* name;
    Loop loop;
    Changes changes;
    Severity severity;
    const char* check = "";
    const char* text = "";  // part of what the finding says
};

const std::vector<Row>& rows();
const std::vector<Row>& rows_of_one_generator();  // of them, those of any run

// The verdict on the good run of that loop with these changes.
Verdict judge_changed(Loop loop, Changes changes);

// Of 100,000 offered requests `missing` did not complete in the window.
void fall_short(RunResult& r, std::uint64_t missing, std::uint64_t at_end, double mean);
// From the first third of the run to the last by this share.
void drift(RunResult& r, double by);

}  // namespace echotrio::loadgen::verdict_cases
