#include "loadgen/probe/cpu_quota.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

// "max" (version 2) and -1 (version 1) are no limit.
std::optional<double> own_quota(const fs::path& group) {
    double quota = -1, period = 0;
    std::ifstream both(group / "cpu.max");  // "200000 100000"
    if (both) {
        if (!(both >> quota >> period)) return std::nullopt;
    } else {
        std::ifstream(group / "cpu.cfs_quota_us") >> quota;
        std::ifstream(group / "cpu.cfs_period_us") >> period;
    }
    if (!(quota > 0 && period > 0)) return std::nullopt;
    return quota / period;
}

}  // namespace

std::optional<double> cpu_quota(fs::path group, const fs::path& top) {
    std::optional<double> least;
    while (true) {
        const auto quota = own_quota(group);
        if (quota) least = std::min(*quota, least.value_or(*quota));
        if (group == top || !group.has_relative_path()) return least;
        group = group.parent_path();
    }
}

}  // namespace echotrio::loadgen
