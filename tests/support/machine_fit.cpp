#include "tests/support/machine_fit.hpp"

#include "loadgen/probe/proc_fs.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

namespace echotrio::test {
namespace {

CpuLook look() {
    CpuLook look;
    const auto text = loadgen::read_text("/proc/stat");
    look.machine = loadgen::parse_cpu_ticks(text.value_or("")).value_or(loadgen::CpuTicks{});
    const auto processes = loadgen::all_processes();
    look.ours = ticks_of_family(processes, ::getpid());
    return look;
}

}  // namespace

double ticks_of_family(std::span<const loadgen::ProcStat> processes, pid_t self) {
    std::multimap<pid_t, const loadgen::ProcStat*> children;
    double ticks = 0;
    const auto add = [&](const loadgen::ProcStat& p) {
        ticks += static_cast<double>(p.user + p.system + p.children_user + p.children_system);
    };
    for (const auto& process : processes) {
        children.emplace(process.parent, &process);
        if (process.pid == self) add(process);
    }
    std::set<pid_t> met{self};
    for (std::vector<pid_t> parents{self}; !parents.empty();) {
        const auto [begin, end] = children.equal_range(parents.back());
        parents.pop_back();
        for (auto it = begin; it != end; ++it) {
            if (!met.insert(it->second->pid).second) continue;
            add(*it->second);
            parents.push_back(it->second->pid);
        }
    }
    return ticks;
}

double others_share(const CpuLook& before, const CpuLook& after) {
    const auto used = [](const loadgen::CpuTicks& t) {
        return static_cast<double>(t.user + t.nice + t.system + t.steal);
    };
    const double all =
        static_cast<double>(after.machine.all()) - static_cast<double>(before.machine.all());
    if (!(all > 0)) return 0;
    const double others = used(after.machine) - used(before.machine) - (after.ours - before.ours);
    return std::clamp(others / all, 0.0, 1.0);
}

std::optional<std::string> busy_text(double share) {
    if (share <= kBusyShare) return std::nullopt;
    return fmt::format("skipped: the machine is busy, {:.0f} % of it is used by others",
                       share * 100);
}

MachineFit::MachineFit(Nanos for_how_long) {
    const CpuLook first = look();
    std::this_thread::sleep_for(for_how_long);
    begin_ = look();
    at_first_ = others_share(first, begin_);
}

double MachineFit::share() const {
    return std::max(at_first_, others_share(begin_, look()));
}

}  // namespace echotrio::test
