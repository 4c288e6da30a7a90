// A comparison as a document: the story first, then tables and charts, then how it was measured.
#pragma once

#include "loadgen/experiment/experiment.hpp"
#include "loadgen/report/digest.hpp"
#include "loadgen/report/document.hpp"

#include <vector>

namespace echotrio::loadgen {

Document comparison_document(const Experiment& experiment, const Digest& digest);

// Its parts, each in a file of its own.
Section story_section(const Digest& digest);
std::vector<Section> workload_sections(const Digest& digest);
std::vector<Section> memory_sections(const Digest& digest);
std::vector<Section> cross_check_sections(const Experiment& experiment);
std::vector<Section> note_sections(const Digest& digest);
std::vector<Section> method_sections(const Experiment& experiment, const Digest& digest);

// Charts; none where the data have nothing to draw.
std::vector<Chart> workload_charts(const Digest& digest, const std::string& workload);
std::vector<Chart> memory_charts(const Digest& digest);
std::vector<Chart> cost_charts(const Digest& digest);
std::vector<Chart> ratio_charts(const Digest& digest);
std::vector<Chart> wait_charts(const Digest& digest);
std::vector<Chart> timeline_charts(const Digest& digest);
std::vector<Chart> generator_charts(const Experiment& experiment);

// "wait: HTTP requests that each wait ..."; the name alone where the plan does not describe it.
std::string title_of(const Digest& digest, const std::string& workload);

}  // namespace echotrio::loadgen
