#include "loadgen/probe/group.hpp"

#include "common/base/clock.hpp"
#include "loadgen/probe/cgroup.hpp"
#include "loadgen/probe/cpu_clocks.hpp"
#include "loadgen/probe/proc_fs.hpp"
#include "loadgen/probe/tasks.hpp"
#include "loadgen/results/difference.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace echotrio::loadgen {
namespace {

constexpr double kLeastSamples = 100;  // ticks that tell user from system time within 10 points

struct Work {
    std::uint64_t user = 0, system = 0, minor = 0, major = 0;

    Work& operator+=(const Work& other) {
        user += other.user;
        system += other.system;
        minor += other.minor;
        major += other.major;
        return *this;
    }
};

// Never below 0: figures of one process may step back by a tick when the kernel scales them.
std::uint64_t difference(std::uint64_t a, std::uint64_t b) {
    return a > b ? a - b : 0;
}

Work operator-(const Work& a, const Work& b) {
    return {difference(a.user, b.user), difference(a.system, b.system),
            difference(a.minor, b.minor), difference(a.major, b.major)};
}

Work own(const ProcStat& p) {
    return {p.user, p.system, p.minor_faults, p.major_faults};
}

Work of_children(const ProcStat& p) {
    return {p.children_user, p.children_system, p.children_minor_faults, p.children_major_faults};
}

using Members = std::map<pid_t, ProcStat>;

bool same_process(const Members& members, const ProcStat& process) {
    const auto found = members.find(process.pid);
    return found != members.end() && found->second.started == process.started;
}

// The root, if it counts, who was a member before, and all descendants of these.
Members group_of(const std::vector<ProcStat>& all, const ProcStat& root, const Members& before,
                 bool root_counts) {
    std::unordered_map<pid_t, std::vector<const ProcStat*>> children;
    std::vector<const ProcStat*> todo;
    for (const ProcStat& process : all) {
        children[process.parent].push_back(&process);
        const bool is_root = process.pid == root.pid && process.started == root.started;
        if (is_root || same_process(before, process)) todo.push_back(&process);
    }
    Members members;
    const pid_t self = ::getpid();
    while (!todo.empty()) {
        const ProcStat* process = todo.back();
        todo.pop_back();
        const bool outside = process->pid == root.pid && !root_counts;
        if (process->pid == self) continue;
        if (!outside && !members.emplace(process->pid, *process).second) continue;
        const auto& more = children[process->pid];
        todo.insert(todo.end(), more.begin(), more.end());
    }
    return members;
}

std::set<pid_t> ended_since(const Members& before, const Members& now) {
    std::set<pid_t> ended;
    for (const auto& [pid, process] : before) {
        if (!same_process(now, process)) ended.insert(pid);
    }
    return ended;
}

std::vector<ProcStat> running(const Members& members) {
    std::vector<ProcStat> list;
    for (const auto& [pid, process] : members) {
        if (process.state != 'Z' && process.state != 'X') list.push_back(process);
    }
    return list;
}

}  // namespace

struct GroupProbe::State {
    ProcStat root;
    bool guarded = false;  // the root is a guard, and no member
    Members members;
    Work lost;  // of processes that nobody waited for, as last seen
    KernelMemory kernel_before;
    Work begin, end;
    Clocks clocks_begin, clocks_end;
    // Threads take their counts with them when they end: summed up from look to look.
    std::optional<Tasks> tasks;
    TaskCounts switched;
    std::optional<TaskCounts> switched_begin, switched_end;
    // The window, and when what is counted was read before and after it.
    TimePoint window_begin{}, window_end{}, counted_begin{}, counted_end{};
    bool count_threads = true;
    bool near = false;   // counted for the window to come
    bool early = false;  // counted before the window, so of more than the window
    std::optional<CgroupUse> cgroup_begin, cgroup_end;
    std::uint64_t processes = 0, threads = 0;  // when the window ended, or before all were gone
    bool died = false;
    bool any_ended = false;  // a process, in the window
    MemoryUse memory;

    void update();
    bool has_ended(const Members& now) const;
    void settle();
    TimePoint count(Work& work, std::optional<TaskCounts>& switches);
    void count_at_begin(bool before_it);
    double in_window() const;
    std::vector<pid_t> pids() const;
    Work total() const {
        Work sum = lost;
        for (const auto& [pid, process] : members) {
            sum += own(process);
            sum += of_children(process);
        }
        return sum;
    }
};

std::vector<pid_t> GroupProbe::State::pids() const {
    std::vector<pid_t> pids;
    for (const auto& [pid, process] : members) pids.push_back(pid);
    return pids;
}

void GroupProbe::State::update() {
    // A process that is waited for between the reading of its parent and its own turn would be
    // missing from both: read again until nobody goes.
    constexpr int kTries = 3;
    Members now = group_of(all_processes(), root, members, !guarded);
    std::set<pid_t> ended = ended_since(members, now);
    for (int i = 0; i < kTries && !ended.empty(); ++i) {
        Members again = group_of(all_processes(), root, members, !guarded);
        const bool quiet = ended_since(now, again).empty();
        now = std::move(again);
        ended = ended_since(members, now);
        if (quiet) break;
    }
    Work expected;
    Work inherited;
    for (const auto& [pid, process] : members) {
        if (ended.contains(pid)) {
            expected += own(process);
            expected += of_children(process);
        } else {
            inherited += of_children(now.at(pid)) - of_children(process);
        }
    }
    lost += expected - inherited;
    any_ended = any_ended || !ended.empty() || inherited.user + inherited.system > 0;
    died = died || has_ended(now);
    members = std::move(now);
    const std::vector<ProcStat> live = running(members);
    if (live.empty()) return;
    processes = live.size();
    threads = 0;
    for (const ProcStat& process : live) threads += process.threads;
}

bool GroupProbe::State::has_ended(const Members& now) const {
    // One that forks and ends while we look may hide its child from that look, not from all.
    constexpr int kLooks = 3;
    if (guarded) {
        bool none = running(now).empty();
        for (int look = 1; none && look < kLooks; ++look) {
            none = running(group_of(all_processes(), root, now, false)).empty();
        }
        return none;
    }
    return !same_process(now, root) || now.at(root.pid).state == 'Z';
}

// Until three looks in a row find the same threads and pages, and nobody about to run.
void GroupProbe::State::settle() {
    constexpr int kLooks = 50;
    constexpr auto kPause = std::chrono::milliseconds(20);
    const auto look = [&] {
        update();
        std::uint64_t pages = 0;
        bool idle = true;
        for (const auto& [pid, process] : members) {
            pages += process.resident_pages;
            idle = idle && process.state != 'R' && process.state != 'D';
        }
        return std::tuple(members.size(), threads, pages, idle);
    };
    auto before = look();
    for (int same = 0, looks = 0; same < 2 && looks < kLooks; ++looks) {
        std::this_thread::sleep_for(kPause);
        const auto now = look();
        same = now == before && std::get<3>(now) ? same + 1 : 0;
        before = now;
    }
}

// Thousands of files for a large server. Returns the middle of the reading.
TimePoint GroupProbe::State::count(Work& work, std::optional<TaskCounts>& switches) {
    const TimePoint from = now();
    update();
    work = total();
    switches.reset();
    const std::vector<pid_t> pids = this->pids();
    std::optional<Tasks> seen;
    if (count_threads) seen = early ? read_tasks(pids) : read_tasks_in_background(pids);
    if (seen) {
        if (tasks) switched += difference(*tasks, *seen);
        tasks = std::move(seen);
        switches = switched;
    }
    return from + (now() - from) / 2;
}

// Of what was counted.
double GroupProbe::State::in_window() const {
    const Nanos counted = counted_end - counted_begin;
    return early && counted > Nanos(0) ? seconds(window_end - window_begin) / seconds(counted) : 1;
}

GroupProbe::GroupProbe(std::unique_ptr<State> state) : state_(std::move(state)) {}
GroupProbe::GroupProbe(GroupProbe&&) noexcept = default;
GroupProbe& GroupProbe::operator=(GroupProbe&&) noexcept = default;
GroupProbe::~GroupProbe() = default;

Result<GroupProbe> GroupProbe::attach(pid_t root,
                                      const std::optional<KernelMemory>& kernel_before) {
    auto state = std::make_unique<State>();
    state->kernel_before = kernel_before ? *kernel_before : read_kernel_memory();
    return attach(std::move(state), root);
}

Result<GroupProbe> GroupProbe::attach_below(pid_t guard,
                                            const std::optional<KernelMemory>& kernel_before) {
    auto state = std::make_unique<State>();
    state->kernel_before = kernel_before ? *kernel_before : read_kernel_memory();
    state->guarded = true;
    return attach(std::move(state), guard);
}

Result<GroupProbe> GroupProbe::attach(std::unique_ptr<State> state, pid_t root) {
    const auto text = read_text(proc_path(root, "stat"));
    if (!text) {
        const char* why =
            errno == ENOENT || errno == ESRCH ? "there is no such process" : std::strerror(errno);
        return Error{fmt::format("can't measure process {}: {}", root, why)};
    }
    const auto stat = parse_stat(*text);
    if (!stat)
        return Error{fmt::format("can't measure process {}: its stat is not readable", root)};
    state->root = *stat;
    state->update();
    state->begin = state->end = state->total();
    state->clocks_begin = state->clocks_end = read_clocks(state->pids());
    state->counted_begin = state->counted_end = now();
    state->window_begin = state->window_end = state->counted_end;
    return GroupProbe(std::move(state));
}

void GroupProbe::State::count_at_begin(bool before_it) {
    near = early = before_it;
    any_ended = false;
    counted_begin = count(begin, switched_begin);
}

void GroupProbe::count_threads(bool count) {
    state_->count_threads = count;
}

void GroupProbe::window_nears() {
    state_->count_at_begin(true);
}

void GroupProbe::window_begins() {
    if (!std::exchange(state_->near, false)) state_->count_at_begin(false);
    state_->end = state_->begin;
    state_->switched_end.reset();
    state_->cgroup_begin = read_cgroup(state_->members, state_->root.pid);
    state_->clocks_begin = state_->clocks_end = read_clocks(state_->pids());
    state_->window_begin = state_->window_end = now();
}

void GroupProbe::window_ends() {
    state_->window_end = now();
    state_->clocks_end = read_clocks(state_->pids());
    state_->cgroup_end = read_cgroup(state_->members, state_->root.pid);
    state_->counted_end = state_->count(state_->end, state_->switched_end);
    state_->clocks_end.merge(read_clocks(state_->pids()));  // those of the younger processes
}

GroupProbe::Sample GroupProbe::sample() {
    state_->update();
    Sample sample;
    const Work work = state_->total() - state_->begin;
    const double ticks = static_cast<double>(work.user + work.system) / ticks_per_second();
    const Nanos exact = difference(state_->clocks_begin, read_clocks(state_->pids()));
    sample.cpu_s = state_->any_ended ? std::max(seconds(exact), ticks) : seconds(exact);
    sample.resident_bytes = resident_bytes();
    return sample;
}

double GroupProbe::resident_bytes() const {
    double pages = 0;
    for (const auto& [pid, process] : state_->members) {
        pages += static_cast<double>(process.resident_pages);
    }
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

TimePoint GroupProbe::begun_at() const {
    return state_->window_begin;
}

TimePoint GroupProbe::ended_at() const {
    return state_->window_end;
}

MemoryUse GroupProbe::memory() {
    state_->settle();
    state_->memory = memory_of(running(state_->members), state_->kernel_before);
    return state_->memory;
}

ServerUse GroupProbe::use(std::uint64_t requests) const {
    const Work work = state_->end - state_->begin;
    ServerUse use;
    const double share = state_->in_window();
    const auto of_window = [&](std::uint64_t counted) {
        return static_cast<std::uint64_t>(std::llround(share * static_cast<double>(counted)));
    };
    const auto ticks = share * static_cast<double>(work.user + work.system);
    use.minor_faults = of_window(work.minor);
    use.major_faults = of_window(work.major);
    use.processes = state_->processes;
    use.threads = state_->threads;
    // The clocks are exact, but lose what has ended. Ticks keep it, and are off by up to one a
    // process: all of it at a low rate. So only where one has ended the larger is taken.
    const double exact = seconds(difference(state_->clocks_begin, state_->clocks_end));
    const bool complete = !state_->any_ended && !state_->clocks_end.empty();
    const double cpu_s = complete ? exact : std::max(exact, ticks / ticks_per_second());
    use.cpu_s = cpu_s;
    if (ticks >= kLeastSamples) {
        use.user_s = cpu_s * share * static_cast<double>(work.user) / ticks;
        use.system_s = cpu_s - *use.user_s;
    }
    if (state_->switched_begin && state_->switched_end) {
        const TaskCounts &from = *state_->switched_begin, &to = *state_->switched_end;
        use.voluntary_switches = of_window(to.voluntary - from.voluntary);
        use.involuntary_switches = of_window(to.involuntary - from.involuntary);
        use.run_queue_wait_s = share * static_cast<double>(to.waiting_ns - from.waiting_ns) * 1e-9;
    }
    if (state_->cgroup_begin && state_->cgroup_end) {
        use.cgroup = state_->cgroup_end;
        subtract_counters(*use.cgroup, *state_->cgroup_begin);
    }
    if (requests > 0) use.cpu_us_per_request = cpu_s * 1e6 / static_cast<double>(requests);
    use.memory = state_->memory;
    use.died = state_->died;
    return use;
}

}  // namespace echotrio::loadgen
