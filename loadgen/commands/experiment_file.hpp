// The file of `loadgen compare --experiment`: the command's flags as settings, a line each, and a
// section per workload with levels of its own, in TOML.
#pragma once

#include "common/base/cli.hpp"
#include "common/base/result.hpp"
#include "loadgen/commands/server_options.hpp"
#include "loadgen/design/workload.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// [NAME]: a standard workload with other levels, or, with a path, one of the user's own.
struct WorkloadSection {
    std::string name;
    std::vector<std::uint64_t> connections{};
    std::vector<double> rates{};
    std::optional<Nanos> duration{}, warmup{};  // empty = the workload's own
    // Of the user's own alone:
    std::string path{}, title{};
    std::vector<std::string> classes{};
    std::uint64_t requests_per_connection = 0;
    Nanos think{0};
    std::optional<Nanos> timeout{};
};

// An option with a time that is empty until it is given, so that 0 is a value too.
cli::Option add_time(CLI::App& app, std::string flags, std::optional<Nanos>& value,
                     std::string help);

// Sets those of the command's options that the command line left open; options that are not
// configurable are refused. [server.NAME] sections go to `servers`. In sections, too, the command
// line wins. Error: "FILE: setting: what is wrong".
Status read_experiment_file(const std::string& path, CLI::App& command,
                            std::vector<WorkloadSection>& sections,
                            std::vector<ServerSection>& servers);

// The workload that a section describes. Error: "[NAME]: what is wrong".
Result<Workload> workload_of_section(const WorkloadSection& section);

}  // namespace echotrio::loadgen
