// The verdict as a list: each row one way in which a run can be spoiled. For the analysis folder
// alone.
#pragma once

#include "loadgen/analysis/verdict.hpp"

#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

struct Judged {
    const RunResult& r;
    const VerdictContext& c;
    // Of several rows; judge() finds it once, for the trend test in it is quadratic.
    bool overloaded = false;
};

enum class Severity : std::uint8_t { invalid, flag };

struct Found {
    std::string what;    // the figure that failed
    std::string advice;  // what to do about it
};

struct VerdictRow {
    const char* check;
    Severity severity;
    std::string limit;  // when, in words; the figures are those of `limits`
    std::optional<Found> (*of)(const Judged& run);
    bool not_ranked = false;  // a flag that keeps the run out of the ranking
};

std::vector<VerdictRow> rows_of_books();           // verdict_books.cpp
std::vector<VerdictRow> rows_of_the_schedule();    // verdict_schedule.cpp
std::vector<VerdictRow> rows_of_the_world();       // verdict_world.cpp
std::vector<VerdictRow> rows_of_the_generators();  // verdict_generators.cpp
// All of them, in the order in which they are told.
const std::vector<VerdictRow>& verdict_rows();

std::string percent(double of_one);  // "0.1 %"

// An open loop that the server could not keep up with, with a generator that could. It does not
// look at Judged::overloaded, which is its answer.
bool find_overload(const Judged& run);

}  // namespace echotrio::loadgen
