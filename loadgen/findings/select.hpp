// What is asked of a digest again and again: the largest level of a workload, the cells at a level,
// who is the best there.
#pragma once

#include "loadgen/findings/digest.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// As the plan describes it; null where it does not (a single run).
const Workload* workload_of(const Digest& digest, std::string_view name);
bool is_silent(const Digest& digest, std::string_view workload);
// The metric that ranks the models there.
std::string headline_of(const Digest& digest, std::string_view workload);

// All in the digest's order, in which the levels of a workload ascend.
std::vector<std::string> workloads_of(const Digest& digest);
std::vector<Level> levels_of(const Digest& digest, std::string_view workload);
std::vector<Level> largest_levels(const Digest& digest);  // one a workload
// Those at the most CPUs that its server was given and that a trial counts at: the others are other
// machines, as it were, and lie on no curve with them. Never empty for a workload that there is.
std::vector<Level> curve_of(const Digest& digest, std::string_view workload);
std::vector<const Cell*> cells_at(const Digest& digest, const Level& level);
// At the levels of curve_of.
std::vector<const Cell*> cells_of(const Digest& digest, std::string_view variant,
                                  std::string_view workload);

// What its trials had; that of the first that knows.
CpusHad cpus_of(const Cell& cell);
// Each setting that the trials at these levels had, once: "server 1 CPU, generator 1 CPU, apart".
std::vector<std::string> cpus_words(const Digest& digest, const std::vector<Level>& levels);
// The same in a sentence, for the levels of a workload, or those of curve_of.
std::string cpus_words_of(const Digest& digest, std::string_view workload);
std::string cpus_words_of_curve(const Digest& digest, std::string_view workload);

// Whether any model has the figure at this level.
bool has_figure(const Digest& digest, const Level& level, std::string_view metric);

// The models with a valid figure at this level, the best first. One that did not serve all its
// connections has no rank in what is said of all of them.
std::vector<const Cell*> ranking(const Digest& digest, const Level& level, const Metric& metric);

// The first of them, where the interval of its ratio to the second excludes 1; else empty.
// Which of the two a comparison by that metric found better; empty: no difference was shown.
std::string better_of(const Comparison& comparison, const Metric& metric);

std::string clear_best(const Digest& digest, const Level& level, const Metric& metric);

}  // namespace echotrio::loadgen
