// What a run leaves: its summary, its JSON, its HDR log.
#pragma once

#include "loadgen/report/run_document.hpp"
#include "loadgen/results/run_result.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace echotrio::loadgen {

struct RunOutput {
    std::string json, hdr;  // files, "-" for standard output, "" for none
    bool quiet = false;
};

// The summary, unless it is to be quiet; not where a file goes.
void show_run(const RunOutput& output, const RunResult& result, const RunHeading& heading);
// The files. Returns the exit status: 0 valid, 3 INVALID, 1 one could not be written.
int write_run(const RunOutput& output, const RunResult& result, const nlohmann::ordered_json& json);

}  // namespace echotrio::loadgen
