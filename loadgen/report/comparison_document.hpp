// A comparison as a document: the story first, then tables and charts, then how it was measured.
#pragma once

#include "loadgen/document/document.hpp"
#include "loadgen/findings/digest.hpp"
#include "loadgen/report/companions.hpp"
#include "loadgen/results/experiment.hpp"

#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// `beside`: what else the report shows of the same machine.
Document comparison_document(const Experiment& experiment, const Digest& digest,
                             const Companions& beside = {});

// Which machine, when, how many trials: the lines below the title.
std::vector<std::string> summary_lines(const Experiment& experiment);

// How many ratios were compared, how many of them differ, and what that makes of the intervals.
std::string multiplicity_text(const Discoveries& found);

// Its parts, each in a file of its own.
Section story_section(const Digest& digest);
std::vector<Section> workload_sections(const Digest& digest,
                                       const std::optional<Objective>& objective);
std::vector<Section> memory_sections(const Digest& digest);
std::vector<Section> server_sections(const Digest& digest);
std::vector<Section> cross_check_sections(const Experiment& experiment);
// What one instance does and, where something was asked, what to buy.
std::vector<Section> capacity_sections(const Experiment& experiment, const Digest& digest,
                                       const std::optional<PlanRequest>& request);
// How the replies were answered, by status code; none where nothing spoke HTTP.
std::vector<Section> status_sections(const Digest& digest);
std::vector<Section> note_sections(const Digest& digest);
std::vector<Section> method_sections(const Experiment& experiment, const Digest& digest);

// Charts; none where the data have nothing to draw.
// `objective`: the line that latencies are seen against.
std::vector<Chart> workload_charts(const Digest& digest, const std::string& workload,
                                   const std::optional<Objective>& objective);
std::vector<Chart> memory_charts(const Digest& digest);
std::vector<Chart> cost_charts(const Digest& digest);
std::vector<Chart> ratio_charts(const Digest& digest);
std::vector<Chart> wait_charts(const Digest& digest);
std::vector<Chart> timeline_charts(const Digest& digest);
std::vector<Chart> generator_charts(const Experiment& experiment);

// "wait: HTTP requests that each wait ..."; the name alone where the plan does not describe it.
std::string title_of(const Digest& digest, const std::string& workload);

}  // namespace echotrio::loadgen
