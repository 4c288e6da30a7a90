// Reading /proc and /sys from the file system. What can't be read is empty: processes come and go.
#pragma once

#include "loadgen/probe/proc_text.hpp"

#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// The whole file, 4 MiB at most.
std::optional<std::string> read_text(const std::string& path);

std::string proc_path(pid_t pid, const char* file);

// The entries of a folder whose names are numbers, ascending: processes, or threads of one.
std::vector<pid_t> numbers_in(const std::string& folder);

// Every process that can be seen, in the order of pids.
std::vector<ProcStat> all_processes();

double ticks_per_second();

}  // namespace echotrio::loadgen
