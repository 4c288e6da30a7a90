#include "loadgen/experiment/environment.hpp"

#include "loadgen/probe/cgroup.hpp"
#include "loadgen/subject/cpus.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Json first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    return std::getline(file, line) ? Json(line) : Json(nullptr);
}

// The value of the first line "key<separators>value" of a file.
Json value_in(const std::string& path, std::string_view key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(key)) continue;
        const std::size_t at = line.find_first_not_of(" \t:=\"", key.size());
        if (at == std::string::npos) return nullptr;
        return line.substr(at, line.find_last_not_of("\" \t") - at + 1);
    }
    return nullptr;
}

// A virtual machine's CPUs say so in their flags.
bool is_virtual() {
    const Json flags = value_in("/proc/cpuinfo", "flags");
    return flags.is_string() && flags.get<std::string>().find(" hypervisor") != std::string::npos;
}

// CPUs' worth of time that this process's control group may use.
Json own_cpu_quota() {
    const auto group = read_cgroup(::getpid());
    return group && group->cpu_limit ? Json(*group->cpu_limit) : Json(nullptr);
}

bool is_container() {
    std::error_code ignored;
    return std::filesystem::exists("/.dockerenv", ignored) ||
           std::filesystem::exists("/run/.containerenv", ignored);
}

}  // namespace

Json describe_environment() {
    utsname system{};
    ::uname(&system);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const auto memory = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                        static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::string cpu = "/sys/devices/system/cpu/";
    return {
        {"time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
        {"host", system.nodename},
        {"os", value_in("/etc/os-release", "PRETTY_NAME")},
        {"kernel", fmt::format("{} {}", system.sysname, system.release)},
        {"machine", system.machine},
        {"cpu_model", value_in("/proc/cpuinfo", "model name")},
        {"cpus_online", ::sysconf(_SC_NPROCESSORS_ONLN)},
        {"cpus_usable", usable_cpus()},
        {"cpu_quota", own_cpu_quota()},
        {"hyperthreads", first_line(cpu + "smt/active")},
        {"frequency_governor", first_line(cpu + "cpu0/cpufreq/scaling_governor")},
        {"clock_source",
         first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource")},
        {"virtual_machine", is_virtual()},
        {"container", is_container()},
        {"memory_bytes", memory},
        {"descriptor_limit", files.rlim_max},
        {"program", fmt::format("loadgen {}", ECHOTRIO_VERSION)},
        {"build", ECHOTRIO_BUILD_TYPE},
        {"sanitizers", ECHOTRIO_SANITIZERS},
        {"compiler", fmt::format("g++ {}", __VERSION__)},
    };
}

}  // namespace echotrio::loadgen
