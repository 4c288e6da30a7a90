// The forms that a report takes, and the folder that an experiment leaves behind.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/findings/digest.hpp"
#include "loadgen/results/experiment.hpp"

#include <span>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

// What is rendered: the document, and the data for forms that hold them.
struct Report {
    const Experiment& experiment;
    const Digest& digest;
    const Document& document;
    TerminalStyle style{};  // of the console
};

// A new one is a function in a file of its own and a line in the table.
struct Format {
    std::string_view name;  // of --format
    std::string_view file;  // in the folder of an experiment; its ending chooses the form of --out
    std::string (*render)(const Report& report);
};
std::span<const Format> formats();

// report.html: the document with the raw data attached.
std::string experiment_page(const Experiment& experiment, const Digest& digest,
                            const Document& document);

// results.json and each form that has a file, in `dir`. Error: which can't be written.
Status write_report_files(const std::string& dir, const Report& report);

}  // namespace echotrio::loadgen
