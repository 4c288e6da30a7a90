// --python of `compare` and `claims`: which Pythons, and where their servers are.
#pragma once

#include "common/base/cli.hpp"
#include "common/base/result.hpp"
#include "loadgen/claims/claims.hpp"

#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {

inline void add_python_option(CLI::App& command, std::vector<std::string>& asked,
                              std::string help) {
    cli::option(command, "--python", asked,
                std::move(help) + "; a name on the PATH, a file, or all; may be repeated")
        .type_name("PATH")
        .default_str("none");
}

// Those that were asked for; what --python all leaves out is said on standard error. Error: one
// line that says what it is not, or where the servers should be.
Result<std::vector<Python>> find_pythons(const std::vector<std::string>& asked);

}  // namespace echotrio::loadgen
