#include "loadgen/probe/tasks.hpp"

#include "loadgen/probe/proc_fs.hpp"
#include "loadgen/probe/proc_text.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <thread>

namespace echotrio::loadgen {
namespace {

std::optional<TaskCounts> read_task(const std::string& folder) {
    const auto status = read_text(folder + "/status");
    const auto schedstat = read_text(folder + "/schedstat");
    if (!status || !schedstat) return std::nullopt;
    const auto voluntary = number_after(*status, "voluntary_ctxt_switches");
    const auto involuntary = number_after(*status, "nonvoluntary_ctxt_switches");
    const auto waits = parse_schedstat(*schedstat);
    if (!voluntary || !involuntary || !waits) return std::nullopt;
    return TaskCounts{*voluntary, *involuntary, waits->waiting_ns};
}

}  // namespace

TaskCounts& TaskCounts::operator+=(const TaskCounts& other) {
    voluntary += other.voluntary;
    involuntary += other.involuntary;
    waiting_ns += other.waiting_ns;
    return *this;
}

std::optional<Tasks> read_tasks(std::span<const pid_t> processes) {
    Tasks tasks;
    for (const pid_t pid : processes) {
        const std::string folder = proc_path(pid, "task");
        for (const pid_t task : numbers_in(folder)) {
            if (const auto counts = read_task(folder + "/" + std::to_string(task))) {
                tasks.emplace(task, *counts);
            }
        }
    }
    if (tasks.empty() && !processes.empty()) return std::nullopt;
    return tasks;
}

// In a thread of its own: who has given priority up does not get it back.
std::optional<Tasks> read_tasks_in_background(std::span<const pid_t> processes) {
    constexpr int kLow = 10;
    std::optional<Tasks> tasks;
    try {
        std::thread([&] {
            ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLow);
            tasks = read_tasks(processes);
        }).join();
    } catch (const std::system_error&) {  // the server has taken all threads that there are
        tasks = read_tasks(processes);
    }
    return tasks;
}

TaskCounts difference(const Tasks& before, const Tasks& after) {
    TaskCounts sum;
    for (const auto& [task, counts] : after) {
        TaskCounts base;
        const auto found = before.find(task);
        // Counts that went back belong to another thread that got the number.
        if (found != before.end() && found->second.voluntary <= counts.voluntary &&
            found->second.waiting_ns <= counts.waiting_ns) {
            base = found->second;
        }
        sum.voluntary += counts.voluntary - base.voluntary;
        sum.involuntary += counts.involuntary - std::min(counts.involuntary, base.involuntary);
        sum.waiting_ns += counts.waiting_ns - base.waiting_ns;
    }
    return sum;
}

}  // namespace echotrio::loadgen
