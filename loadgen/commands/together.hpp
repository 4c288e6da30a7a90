// `loadgen run --peers`: this generator as one of several that make one load together.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/commands/run_output.hpp"
#include "loadgen/experiment/trial.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

struct TogetherFlags {
    std::vector<std::string> peers;  // empty: this one alone
    std::uint64_t generators = 0, rank = 0;
    std::uint16_t port = 7200;
    Nanos timeout = std::chrono::seconds(60);
    std::string token_file, token;
};

void add_together_flags(CLI::App& command, TogetherFlags& flags);
// Error: "--flag: what is wrong", for exit status 2.
Status finish_together_flags(TogetherFlags& flags, const CLI::App& command);

// Finds the others, makes its part of the load with them, and, where it leads, shows and writes the
// result of the whole. `describe` makes the JSON of a run with these options. Returns the exit
// status: everybody's is that of the whole.
int run_together(
    const TogetherFlags& flags, TrialOptions trial, const RunOutput& output,
    const RunHeading& heading,
    const std::function<nlohmann::ordered_json(const RunOptions&, const RunResult&)>& describe,
    const std::function<bool()>& stop);

}  // namespace echotrio::loadgen
