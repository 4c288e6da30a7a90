// What a comparison is going to do, in words.
#pragma once

#include "loadgen/design/plan.hpp"

#include <string>
#include <vector>

namespace echotrio::loadgen {

// "8 at 1000/s on 2 CPUs"
std::string level_words(const Level& level);

// How many trials, how long.
std::string extent(const Plan& plan, const std::vector<TrialPoint>& trials);

// The Pythons that a plan has twins in, each once.
std::vector<std::string> twin_paths(const Plan& plan);

// On standard output: servers, workloads, and the trials of the first round in their order.
void print_plan(const Plan& plan, const std::vector<TrialPoint>& trials);

}  // namespace echotrio::loadgen
