// The control group of a process: what a container may use, what it used, and when it was held
// back. Both versions of the kernel's interface (Documentation/admin-guide/cgroup-v1 and -v2).
#pragma once

#include "loadgen/probe/proc_text.hpp"
#include "loadgen/results/run_result.hpp"

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

// Counted since the group was made (see results/difference.hpp). The files are looked up in the
// process's own root, so a process in a container needs only its pid namespace and its user shared
// with us. Empty: no control group can be read there. `proc` is for tests.
std::optional<CgroupUse> read_cgroup(pid_t pid, const std::string& proc = "/proc");

// That of `root`, if it is one of these processes; else of the first of them: a guard, which is
// none of those that it guards, may be in another group than they.
std::optional<CgroupUse> read_cgroup(const std::map<pid_t, ProcStat>& members, pid_t root);

// The path of `controller` ("" = version 2) in the text of /proc/PID/cgroup: "/docker/4f...".
// Empty: not there, or outside of what this process can see ("/../..."). Pure.
std::string_view cgroup_path(std::string_view text, std::string_view controller);

}  // namespace echotrio::loadgen
