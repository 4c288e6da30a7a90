#include "loadgen/claims/children.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace echotrio::loadgen {

std::vector<pid_t> children_of(pid_t parent) {
    std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", parent));
    std::vector<pid_t> pids;
    for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
    std::sort(pids.begin(), pids.end());
    return pids;
}

}  // namespace echotrio::loadgen
