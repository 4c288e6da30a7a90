// The flags of `tune` and what they mean together.
#pragma once

#include "loadgen/commands/load_options.hpp"
#include "loadgen/experiment/tuner.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

struct TuneOptions {
    LoadFlags load;
    std::string server, model;
    std::vector<std::string> vary;
    std::string slo;
    std::uint64_t memory = 0;
    double cpus = 0;
    std::string emit, out, json;
    bool quiet = false;

    TunerOptions tuner;          // once they are complete
    std::string label, command;  // of the server: its name, and its command with placeholders
};

void add_tune_flags(CLI::App& command, TuneOptions& options);

// Fills in what is to be run. Error: "--flag: what is wrong", for exit status 2.
Status finish_tune_flags(TuneOptions& options, const CLI::App& command);

}  // namespace echotrio::loadgen
