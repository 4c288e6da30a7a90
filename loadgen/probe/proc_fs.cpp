#include "loadgen/probe/proc_fs.hpp"

#include "common/net/fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
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

std::vector<pid_t> numbers_in(const std::string& folder) {
    std::vector<pid_t> numbers;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        pid_t number = 0;
        const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (wrong == std::errc() && *rest == '\0') numbers.push_back(number);
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
