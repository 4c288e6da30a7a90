// The file of `loadgen compare --experiment`: the command's flags as settings, a line each, and a
// section per workload with levels of its own, in TOML.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/design/workload.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

// [NAME]: a standard workload with other levels, or, with a path, one of the user's own.
struct WorkloadSection {
    std::string name;
    std::vector<std::uint64_t> connections{};
    std::vector<double> rates{};
    Nanos duration{0}, warmup{0};  // 0 = the workload's own
    // Of the user's own alone:
    std::string path{}, title{};
    std::vector<std::string> classes{};
    std::uint64_t requests_per_connection = 0;
    Nanos think{0}, timeout{0};
};

// Sets those of the command's options that the command line left open; options that are not
// configurable are refused. In sections, too, the command line wins. Error: "FILE: setting: what is
// wrong".
Status read_experiment_file(const std::string& path, CLI::App& command,
                            std::vector<WorkloadSection>& sections);

// The workload that a section describes. Error: "[NAME]: what is wrong".
Result<Workload> workload_of_section(const WorkloadSection& section);

}  // namespace echotrio::loadgen
