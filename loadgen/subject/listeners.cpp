#include "loadgen/subject/listeners.hpp"

#include "loadgen/probe/proc_fs.hpp"

#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <sstream>

namespace echotrio::loadgen {
namespace {

constexpr std::string_view kListening = "0A";

template <class T>
bool number(std::string_view text, T& value, int base) {
    const char* const end = text.data() + text.size();
    const auto [rest, wrong] = std::from_chars(text.data(), end, value, base);
    return wrong == std::errc() && rest == end;
}

std::vector<Listener> all_listeners() {
    std::vector<Listener> all;
    for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        const auto text = read_text(file);
        if (!text) continue;
        const auto some = parse_listeners(*text);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

// The inodes of the sockets that a process has open; empty: we may not look.
std::optional<std::set<std::uint64_t>> sockets_of(pid_t pid) {
    constexpr std::string_view kSocket = "socket:[";
    std::set<std::uint64_t> inodes;
    const std::string folder = proc_path(pid, "fd");
    if (::access(folder.c_str(), R_OK | X_OK) != 0) {
        if (errno == ENOENT) return inodes;  // it has ended
        return std::nullopt;
    }
    for (const int fd : numbers_in(folder)) {
        std::array<char, 64> link{};
        const ssize_t n =
            ::readlink(fmt::format("{}/{}", folder, fd).c_str(), link.data(), link.size());
        if (n < 0 && errno == EACCES) return std::nullopt;
        std::string_view text(link.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
        if (!text.starts_with(kSocket) || !text.ends_with(']')) continue;
        text.remove_prefix(kSocket.size());
        text.remove_suffix(1);
        std::uint64_t inode = 0;
        if (number(text, inode, 10)) inodes.insert(inode);
    }
    return inodes;
}

}  // namespace

std::vector<Listener> parse_listeners(std::string_view text) {
    std::vector<Listener> listeners;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...
        std::istringstream stream(line);
        std::array<std::string, 10> words;
        std::size_t count = 0;
        while (count < words.size() && stream >> words[count]) ++count;
        if (count < words.size() || words[3] != kListening) continue;
        const std::size_t colon = words[1].rfind(':');
        Listener listener;
        if (colon == std::string::npos ||
            !number(std::string_view(words[1]).substr(colon + 1), listener.port, 16) ||
            !number(words[9], listener.inode, 10)) {
            continue;
        }
        listeners.push_back(listener);
    }
    return listeners;
}

PortUse port_use(std::uint16_t port, const std::vector<ProcStat>& processes) {
    PortUse use;
    const std::vector<Listener> all = all_listeners();
    std::set<std::uint64_t> inodes;
    for (const ProcStat& process : processes) {
        const auto sockets = sockets_of(process.pid);
        use.unknown = use.unknown || !sockets;
        if (sockets) inodes.insert(sockets->begin(), sockets->end());
    }
    for (const Listener& listener : all) {
        const bool here = listener.port == port, held = inodes.contains(listener.inode);
        use.listened = use.listened || here;
        use.theirs = use.theirs || (here && held);
        if (held && !here) use.others.insert(listener.port);
    }
    return use;
}

std::optional<std::string> listener_on(std::uint16_t port) {
    std::set<std::uint64_t> wanted;
    for (const Listener& listener : all_listeners()) {
        if (listener.port == port) wanted.insert(listener.inode);
    }
    for (const pid_t pid : numbers_in("/proc")) {
        const auto sockets = sockets_of(pid);
        if (!sockets) continue;
        for (const std::uint64_t inode : *sockets) {
            if (!wanted.contains(inode)) continue;
            std::string name = read_text(proc_path(pid, "comm")).value_or("?");
            while (!name.empty() && name.back() == '\n') name.pop_back();
            return fmt::format("{} (PID {})", name, pid);
        }
    }
    return std::nullopt;
}

}  // namespace echotrio::loadgen
