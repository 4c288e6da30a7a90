#include "loadgen/probe/proc_fs.hpp"

#include "common/net/fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>

namespace echotrio::loadgen {

std::optional<std::string> read_text(const std::string& path) {
    constexpr std::size_t kMost = 4U << 20U;
    const net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return std::nullopt;
    std::string text(4096, '\0');
    std::size_t used = 0;
    for (;;) {
        const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
        if (used == kMost) break;
        if (used == text.size()) text.resize(std::min(kMost, 2 * text.size()));
    }
    text.resize(used);
    return text;
}

std::string proc_path(pid_t pid, const char* file) {
    return "/proc/" + std::to_string(pid) + "/" + file;
}

// Some entries a call: the kernel may not stop within one, and a thousand threads' names in one
// take it some ms, for which the generator's thread on the same CPU would wait.
std::vector<pid_t> numbers_in(const std::string& folder) {
    std::vector<pid_t> numbers;
    const net::Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0) return numbers;
    alignas(dirent64) std::array<char, 1024> some;
    for (;;) {
        const ssize_t got = ::getdents64(directory.get(), some.data(), some.size());
        if (got <= 0) break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            const auto* entry = reinterpret_cast<const dirent64*>(some.data() + at);
            const std::string_view name(entry->d_name);
            pid_t number = 0;
            const auto [rest, wrong] =
                std::from_chars(name.data(), name.data() + name.size(), number);
            if (wrong == std::errc() && *rest == '\0') numbers.push_back(number);
            at += entry->d_reclen;
        }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

std::vector<ProcStat> all_processes() {
    std::vector<ProcStat> processes;
    for (const pid_t pid : numbers_in("/proc")) {
        const auto text = read_text(proc_path(pid, "stat"));
        if (!text) continue;  // ended meanwhile
        if (const auto stat = parse_stat(*text)) processes.push_back(*stat);
    }
    return processes;
}

double ticks_per_second() {
    return static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace echotrio::loadgen
