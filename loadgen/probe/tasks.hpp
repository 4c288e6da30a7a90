// What the kernel counts of each thread: how often it left its CPU, how long it waited for one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

namespace echotrio::loadgen {

struct TaskCounts {
    std::uint64_t voluntary = 0, involuntary = 0;  // switches
    std::uint64_t waiting_ns = 0;

    TaskCounts& operator+=(const TaskCounts& other);
};
using Tasks = std::unordered_map<pid_t, TaskCounts>;

// Of all threads of these processes: two files each, about 30 us. Empty when the system does not
// tell (as opposed to threads that end while we look).
std::optional<Tasks> read_tasks(std::span<const pid_t> processes);
// The same at a low priority, within a window, whose server and generator must not wait for it.
std::optional<Tasks> read_tasks_in_background(std::span<const pid_t> processes);

// Added up; threads that ended in between are left out, those that began count from their start.
TaskCounts difference(const Tasks& before, const Tasks& after);

}  // namespace echotrio::loadgen
