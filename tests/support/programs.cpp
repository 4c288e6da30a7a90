#include "tests/support/programs.hpp"

#include "loadgen/subject/server_process.hpp"
#include "tests/support/sanitized.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace echotrio::test {
namespace {

// A little less than a test has.
constexpr Nanos kLongestRun = std::chrono::seconds(kSanitized ? 570 : 110);

struct Process {
    char state = '?';
    pid_t group = 0;
};

// Of a process that runs; empty: it does not.
std::optional<Process> look_at(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string text;
    if (!std::getline(file, text)) return std::nullopt;
    std::istringstream rest(text.substr(text.rfind(')') + 1));  // the name may hold anything
    Process process;
    pid_t parent = 0;
    rest >> process.state >> parent >> process.group;
    if (process.state == 'Z' || process.state == 'X') return std::nullopt;
    return process;
}

}  // namespace

bool has_python_twins() {
    return !std::string_view(PYTHON_TWINS).empty();
}

std::string program(const std::string& name) {
    if (has_python_twins() && name.starts_with("echo-py-")) return PYTHON_TWINS "/" + name;
    const char* const dir = std::getenv("ECHOTRIO_BIN");
    return fmt::format("{}/{}", dir != nullptr ? dir : loadgen::own_bin_dir(), name);
}

loadgen::Child start_program(const Words& command, const loadgen::Child::Environment& environment) {
    auto child = loadgen::Child::start({.argv = command, .environment = environment});
    if (!child) throw std::runtime_error(child.error().message);
    return *std::move(child);
}

Ran finish(loadgen::Child& child) {
    Ran ran;
    const auto out = child.read_all(kLongestRun);
    if (!out) throw std::runtime_error("a program did not end: " + child.stderr_text());
    ran.status = child.wait(kPatience).value_or(-1);
    ran.out = *out;
    ran.err = child.stderr_text();
    return ran;
}

Ran run_program(const Words& command) {
    loadgen::Child child = start_program(command);
    return finish(child);
}

Ran shell(const std::string& command) {
    return run_program({"timeout", "--kill-after=5", "60", "sh", "-c", command});
}

bool installed(const std::string& program) {
    return shell("command -v " + program).status == 0;
}

bool runs(pid_t pid) {
    return look_at(pid).has_value();
}

bool wait_until_gone(const std::vector<pid_t>& pids) {
    return eventually([&] { return std::none_of(pids.begin(), pids.end(), runs); });
}

std::vector<pid_t> group_of(pid_t leader) {
    std::vector<pid_t> group;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc() || *end != '\0') continue;
        const auto process = look_at(pid);
        if (process && process->group == leader) group.push_back(pid);
    }
    std::sort(group.begin(), group.end(),
              [&](pid_t a, pid_t b) { return a == leader || (b != leader && a < b); });
    return group;
}

}  // namespace echotrio::test
