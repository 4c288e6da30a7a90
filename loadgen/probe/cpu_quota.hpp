// How much CPU time a control group may use. Versions 1 and 2 (Documentation/scheduler/sched-bwc
// and Documentation/admin-guide/cgroup-v2).
#pragma once

#include <filesystem>
#include <optional>

namespace echotrio::loadgen {

// CPUs' worth of time that the group in this folder may use: the least of its own limit and those
// of the groups above it, up to `top` (which holds it, or is it). Empty: none of them has one.
std::optional<double> cpu_quota(std::filesystem::path group, const std::filesystem::path& top);

}  // namespace echotrio::loadgen
