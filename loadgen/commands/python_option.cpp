#include "loadgen/commands/python_option.hpp"

#include "loadgen/subject/interpreters.hpp"
#include "loadgen/subject/server_process.hpp"

#include <cstdio>
#include <utility>

namespace echotrio::loadgen {

Result<std::vector<Python>> find_pythons(const std::vector<std::string>& asked) {
    std::vector<Python> pythons;
    if (asked.empty()) return pythons;
    const auto scripts = find_twin_scripts(own_bin_dir());
    if (!scripts) return Error{"--python: " + scripts.error().message};
    std::vector<std::string> left_out;
    auto found = find_interpreters(asked, left_out);
    if (!found) return found.error();
    for (const std::string& why : left_out) {
        std::fprintf(stderr, "left out: %s\n", why.c_str());
    }
    for (Interpreter& python : *found) pythons.push_back({std::move(python), *scripts});
    return pythons;
}

}  // namespace echotrio::loadgen
