// Two experiments laid over each other: before and after, one machine and another. Pure.
#pragma once

#include "loadgen/document/document.hpp"
#include "loadgen/findings/digest.hpp"
#include "loadgen/results/experiment.hpp"

#include <string>
#include <vector>

namespace echotrio::loadgen {

// One experiment whose models are called "threads (A)" and "threads (B)". Its settings are the
// first one's where the plans can't be joined. Precondition: as many names as experiments, >= 1.
Experiment overlay(const std::vector<Experiment>& experiments,
                   const std::vector<std::string>& names);

// "threads" of "before" -> "threads (before)"
std::string overlaid_name(const std::string& variant, const std::string& name);

// The joined experiment as a document: the second's figures over the first's, with intervals, then
// both beside each other. Precondition: two names, those of `overlay`.
Document overlay_document(const std::vector<Experiment>& experiments, const Experiment& joined,
                          const Digest& digest, const std::vector<std::string>& names);

// What tells these paths apart, short: "before/results.json", "after" -> "before", "after"; A, B
// where they are the same.
std::vector<std::string> short_names(const std::vector<std::string>& paths);

}  // namespace echotrio::loadgen
