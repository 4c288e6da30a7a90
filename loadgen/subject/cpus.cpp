#include "loadgen/subject/cpus.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <tuple>

namespace echotrio::loadgen {
namespace {

int topology(int cpu, const char* what) {
    std::ifstream file(fmt::format("/sys/devices/system/cpu/cpu{}/topology/{}", cpu, what));
    int value = 0;
    return file >> value ? value : cpu;  // not told: every CPU a core of its own
}

}  // namespace

std::vector<int> allowed_cpus(pid_t pid) {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cpus;
    if (::sched_getaffinity(pid, sizeof set, &set) != 0) return cpus;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set)) cpus.push_back(static_cast<int>(cpu));
    }
    return cpus;
}

std::vector<int> usable_cpus() {
    std::vector<std::tuple<int, int, int>> places;  // package, core, CPU
    for (const int cpu : allowed_cpus(0)) {
        places.emplace_back(topology(cpu, "physical_package_id"), topology(cpu, "core_id"), cpu);
    }
    std::sort(places.begin(), places.end());
    std::vector<int> cpus;
    cpus.reserve(places.size());
    for (const auto& place : places) cpus.push_back(std::get<2>(place));
    return cpus;
}

std::vector<int> cores_of(const std::vector<int>& cpus) {
    constexpr int kMostCores = 1 << 16;  // of a package
    std::vector<int> cores;
    cores.reserve(cpus.size());
    for (const int cpu : cpus) {
        cores.push_back(topology(cpu, "physical_package_id") * kMostCores +
                        topology(cpu, "core_id"));
    }
    return cores;
}

CpuShare share_cpus(const std::vector<int>& usable, bool many, std::size_t exactly) {
    if (usable.size() < 2) return {usable, usable, true};
    const auto half = static_cast<std::ptrdiff_t>(usable.size() / 2);
    CpuShare share{{usable.begin(), usable.end() - half}, {usable.end() - half, usable.end()}};
    if (exactly > 0) {
        const std::size_t servers = std::min(exactly, usable.size());
        const std::size_t left = std::max<std::size_t>(usable.size() - servers, 1);
        const std::size_t generators = std::min(left, share.generator.size());
        share.server.assign(usable.begin(), usable.begin() + static_cast<std::ptrdiff_t>(servers));
        share.generator.assign(usable.end() - static_cast<std::ptrdiff_t>(generators),
                               usable.end());
        share.shared = servers == usable.size();
    } else if (many && share.server.size() < 2) {
        share.server = usable;
        share.shared = true;
    }
    return share;
}

}  // namespace echotrio::loadgen
