// A comparison as a document: the story first, then tables and charts, then how it was measured.
#pragma once

#include "loadgen/experiment/experiment.hpp"
#include "loadgen/report/digest.hpp"
#include "loadgen/report/document.hpp"

#include <vector>

namespace echotrio::loadgen {

Document comparison_document(const Experiment& experiment, const Digest& digest);

// Its parts, each in a file of its own.
Section story_section(const Digest& digest);                              // story.cpp
std::vector<Section> workload_sections(const Digest& digest);             // tables.cpp
std::vector<Section> memory_sections(const Digest& digest);               // tables.cpp
std::vector<Section> cross_check_sections(const Experiment& experiment);  // tables.cpp
std::vector<Section> note_sections(const Digest& digest);                     // method.cpp
std::vector<Section> method_sections(const Experiment& experiment, const Digest& digest);

// "wait: HTTP requests that each wait ..."; the name alone where the plan does not describe it.
std::string title_of(const Digest& digest, const std::string& workload);

}  // namespace echotrio::loadgen
