#include "loadgen/probe/cgroup.hpp"

#include "loadgen/probe/cpu_quota.hpp"
#include "loadgen/probe/proc_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

// Version 1 writes 2^63 rounded down to a page for "no limit".
constexpr double kUnlimited = 9e18;

std::string read_text(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<double> first_number(std::string_view text) {
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    return value;
}

std::optional<double> number_in(const fs::path& file) {
    return first_number(read_text(file));
}

std::optional<double> scaled(std::optional<std::uint64_t> value, double unit) {
    if (!value) return std::nullopt;
    return static_cast<double>(*value) * unit;
}

std::optional<double> limit_in(const fs::path& file) {
    const auto value = number_in(file);
    return value && *value < kUnlimited ? value : std::nullopt;
}

// The least of the group's own limit and those of the groups above it, up to `top`: each holds.
std::optional<double> least_limit(fs::path group, const fs::path& top, const char* file) {
    std::optional<double> least;
    while (true) {
        const auto limit = limit_in(group / file);
        if (limit) least = std::min(*limit, least.value_or(*limit));
        if (group == top || !group.has_relative_path()) return least;
        group = group.parent_path();
    }
}

// Version 1 says itself what the groups above leave, those too that a container does not see.
std::optional<double> limit_of_version_1(const fs::path& memory, const fs::path& top,
                                         const std::string& stat) {
    auto least = least_limit(memory, top, "memory.limit_in_bytes");
    const auto whole = scaled(number_after(stat, "hierarchical_memory_limit"), 1);
    if (whole && *whole < kUnlimited) least = std::min(*whole, least.value_or(*whole));
    return least;
}

// Where a container sees its own group mounted, or the whole hierarchy with the path below it.
fs::path group_folder(const fs::path& mount, std::string_view path) {
    std::error_code ignored;
    if (path.size() > 1) {
        fs::path below = mount / path.substr(1);
        if (fs::exists(below, ignored)) return below;
    }
    return mount;
}

CgroupUse read_version_2(const fs::path& group, const fs::path& mount) {
    CgroupUse use;
    use.version = 2;
    const std::string cpu = read_text(group / "cpu.stat");
    use.cpu_s = scaled(number_after(cpu, "usage_usec"), 1e-6);
    use.periods = number_after(cpu, "nr_periods");
    use.throttled_periods = number_after(cpu, "nr_throttled");
    use.throttled_s = scaled(number_after(cpu, "throttled_usec"), 1e-6);
    use.cpu_limit = cpu_quota(group, mount);

    use.memory["current"] = number_in(group / "memory.current");
    use.memory["peak"] = number_in(group / "memory.peak");  // Linux 5.19 and later
    use.memory["limit"] = least_limit(group, mount, "memory.max");
    const std::string parts = read_text(group / "memory.stat");
    for (const char* part : {"anon", "file", "kernel_stack", "pagetables", "sock", "slab"}) {
        use.memory[part] = scaled(number_after(parts, part), 1);
    }
    return use;
}

// Version 1 has no trustworthy figure for the kernel's part (sockets come and go in it between
// equal runs), so it is left out.
CgroupUse read_version_1(const fs::path& memory, const fs::path& cpu, const fs::path& cpuacct,
                         const fs::path& mount) {
    CgroupUse use;
    use.version = 1;
    if (const auto nanos = number_in(cpuacct / "cpuacct.usage")) use.cpu_s = *nanos * 1e-9;
    const std::string stat = read_text(cpu / "cpu.stat");
    use.periods = number_after(stat, "nr_periods");
    use.throttled_periods = number_after(stat, "nr_throttled");
    use.throttled_s = scaled(number_after(stat, "throttled_time"), 1e-9);
    use.cpu_limit = cpu_quota(cpu, mount / "cpu");

    use.memory["current"] = number_in(memory / "memory.usage_in_bytes");
    use.memory["peak"] = number_in(memory / "memory.max_usage_in_bytes");
    const std::string parts = read_text(memory / "memory.stat");
    use.memory["limit"] = limit_of_version_1(memory, mount / "memory", parts);
    use.memory["anon"] = scaled(number_after(parts, "total_rss"), 1);
    use.memory["file"] = scaled(number_after(parts, "total_cache"), 1);
    return use;
}

}  // namespace

std::string_view cgroup_path(std::string_view text, std::string_view controller) {
    while (!text.empty()) {  // "9:cpu,cpuacct:/docker/4f" or "0::/docker/4f"
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const std::size_t first = line.find(':');
        const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
        if (second == line.npos) continue;
        const auto list = fmt::format(",{},", line.substr(first + 1, second - first - 1));
        if (list.find(fmt::format(",{},", controller)) == list.npos) continue;
        const std::string_view path = line.substr(second + 1);
        return path.find("..") == path.npos ? path : std::string_view();
    }
    return {};
}

std::optional<CgroupUse> read_cgroup(pid_t pid, const std::string& proc) {
    const fs::path process = fs::path(proc) / std::to_string(pid);
    const fs::path mount = process / "root/sys/fs/cgroup";
    const std::string paths = read_text(process / "cgroup");
    std::error_code ignored;
    const auto version_1 = [&](const char* controller) {
        return group_folder(mount / controller, cgroup_path(paths, controller));
    };
    const fs::path memory = version_1("memory");
    if (fs::exists(memory / "memory.usage_in_bytes", ignored)) {
        return read_version_1(memory, version_1("cpu"), version_1("cpuacct"), mount);
    }
    const fs::path group = group_folder(mount, cgroup_path(paths, ""));
    if (fs::exists(group / "cpu.stat", ignored)) return read_version_2(group, mount);
    return std::nullopt;
}

std::optional<CgroupUse> read_cgroup(const std::map<pid_t, ProcStat>& members, pid_t root) {
    const bool other = members.count(root) == 0 && !members.empty();
    return read_cgroup(other ? members.begin()->first : root);
}

}  // namespace echotrio::loadgen
