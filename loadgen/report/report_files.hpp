// The folder that an experiment leaves behind.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/experiment/experiment.hpp"
#include "loadgen/report/digest.hpp"
#include "loadgen/report/document.hpp"

#include <string>

namespace echotrio::loadgen {

// report.html: the document with the raw data attached.
std::string experiment_page(const Experiment& experiment, const Digest& digest,
                            const Document& document);

// results.json, trials.csv, report.md and report.html in `dir`. Error: which can't be written.
Status write_report_files(const std::string& dir, const Experiment& experiment,
                          const Digest& digest, const Document& document);

}  // namespace echotrio::loadgen
