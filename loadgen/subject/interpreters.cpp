#include "loadgen/subject/interpreters.hpp"

#include "loadgen/subject/child.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <tuple>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostCandidates = 64;
constexpr int kOldestMinor = 8;
constexpr Nanos kPatience = std::chrono::seconds(20);

// Understood by every Python since 2.6, so that an old one can say that it is one.
constexpr const char* kQuestion =
    "import sys, sysconfig\n"
    "i = getattr(sys, 'implementation', None)\n"
    "print('echotrio %s %d.%d.%d %d %s' % (i.name if i else 'cpython', sys.version_info[0], "
    "sys.version_info[1], sys.version_info[2], "
    "sysconfig.get_config_var('Py_GIL_DISABLED') or 0, sys.executable))\n";

// "3.11.2" as numbers, to sort by.
std::tuple<int, int, int> number_of(const std::string& version) {
    int major = 0, minor = 0, patch = 0;
    std::sscanf(version.c_str(), "%d.%d.%d", &major, &minor, &patch);
    return {major, minor, patch};
}

std::string whole_version(const Interpreter& python) {
    std::istringstream words(python.name);
    std::string word;
    words >> word >> word;
    return word;
}

// python3, python3.11, python3.13t, pypy3, pypy3.10
bool is_python_name(std::string_view name) {
    for (const std::string_view stem : {"python3", "pypy3"}) {
        if (!name.starts_with(stem)) continue;
        std::string_view rest = name.substr(stem.size());
        if (rest.empty()) return true;
        if (rest.front() != '.') return false;
        rest.remove_prefix(1);
        if (rest.ends_with('t')) rest.remove_suffix(1);
        return !rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos;
    }
    return false;
}

// The names in a folder that `wanted` takes, sorted; none where it can't be read.
template <class Wanted>
std::vector<std::string> names_in(const fs::path& folder, const Wanted& wanted) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end;
         at.increment(ignored)) {
        std::string name = at->path().filename().string();
        if (wanted(name)) names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool runs(const fs::path& program) {
    std::error_code ignored;
    return fs::is_regular_file(program, ignored) && ::access(program.c_str(), X_OK) == 0;
}

void add_from(const fs::path& folder, std::vector<std::string>& found) {
    for (const std::string& name : names_in(folder, is_python_name)) {
        if (found.size() < kMostCandidates && runs(folder / name)) {
            found.push_back((folder / name).string());
        }
    }
}

// Versions that have the same short one get the whole one as their label.
void tell_apart(std::vector<Interpreter>& pythons) {
    std::multiset<std::string> labels;
    for (const Interpreter& python : pythons) labels.insert(python.version);
    for (Interpreter& python : pythons) {
        if (labels.count(python.version) < 2) continue;
        const std::size_t digits = python.version.find_first_of("0123456789");
        python.version = python.version.substr(0, digits) + whole_version(python) +
                         (python.free_threaded ? "t" : "");
    }
}

}  // namespace

Result<std::string> find_twin_scripts(const std::string& bin_dir) {
    std::vector<std::string> places;
    const char* const named = std::getenv("ECHOTRIO_PYTHON_SERVERS");
    if (named != nullptr && *named != '\0') {
        places.emplace_back(named);
    } else {
        places = {bin_dir + "/../../servers/python", bin_dir + "/../share/echotrio/python"};
    }
    const auto scripts = twin_scripts();
    for (const std::string& place : places) {
        std::error_code unreadable;
        const bool whole = std::all_of(scripts.begin(), scripts.end(), [&](std::string_view file) {
            return fs::exists(fs::path(place) / file, unreadable);
        });
        if (!whole) continue;
        const fs::path plain = fs::canonical(place, unreadable);
        if (!unreadable) return plain.string();
    }
    return Error{
        fmt::format("the servers in Python ({}) are not in {}: set "
                    "ECHOTRIO_PYTHON_SERVERS to the folder servers/python of the sources",
                    fmt::join(scripts, ", "), fmt::join(places, " or "))};
}

Result<Interpreter> interpreter_from_answer(std::string_view answer, const std::string& asked) {
    std::istringstream words{std::string(answer)};
    std::string ours, implementation, version;
    int free_threaded = 0;
    Interpreter python;
    if (!(words >> ours >> implementation >> version >> free_threaded) || ours != "echotrio" ||
        !std::getline(words >> std::ws, python.path)) {
        return Error{
            fmt::format("{} is not a Python: write a name on the PATH (python3.11), a "
                        "file, or all",
                        asked)};
    }
    const auto [major, minor, patch] = number_of(version);
    const bool is_cpython = implementation == "cpython";
    const std::string called = is_cpython                 ? "CPython"
                               : implementation == "pypy" ? "PyPy"
                                                          : implementation;
    if (major < 3 || (major == 3 && minor < kOldestMinor)) {
        return Error{fmt::format("{} is {} {}: the servers need 3.{} or later", asked, called,
                                 version, kOldestMinor)};
    }
    python.free_threaded = free_threaded != 0;
    python.name =
        fmt::format("{} {}{}", called, version, python.free_threaded ? " free-threaded" : "");
    python.version = fmt::format("{}{}.{}{}", is_cpython ? "" : implementation, major, minor,
                                 python.free_threaded ? "t" : "");
    return python;
}

Result<Interpreter> ask_interpreter(const std::string& path) {
    // -E and -s: neither the environment nor the user's own folder has a say
    auto child = Child::start({.argv = {path, "-E", "-s", "-c", kQuestion}});
    if (!child) {
        return Error{fmt::format("{}; write a name on the PATH (python3.11), a file, or all",
                                 child.error().message)};
    }
    const auto line = child->read_line(kPatience);
    return interpreter_from_answer(line ? *line : "", path);
}

std::vector<std::string> interpreter_candidates(std::string_view path, const std::string& home) {
    std::vector<std::string> found;
    while (!path.empty()) {
        const std::size_t colon = std::min(path.find(':'), path.size());
        if (colon > 0) add_from(std::string(path.substr(0, colon)), found);
        path.remove_prefix(std::min(colon + 1, path.size()));
    }
    if (home.empty()) return found;
    for (const char* manager : {".pyenv/versions", ".asdf/installs/python",
                                ".local/share/mise/installs/python", ".local/share/uv/python"}) {
        const fs::path folder = fs::path(home) / manager;
        for (const std::string& version :
             names_in(folder, [](const std::string&) { return true; })) {
            add_from(folder / version / "bin", found);
        }
    }
    return found;
}

Result<std::vector<Interpreter>> find_interpreters(const std::vector<std::string>& asked,
                                                   std::vector<std::string>& left_out) {
    std::vector<Interpreter> found;
    std::set<std::string> names, refused;
    const auto take = [&](const std::string& path, bool all) -> Status {
        auto python = ask_interpreter(path);
        if (python) {
            if (names.insert(python->name).second) found.push_back(std::move(*python));
            return Done{};
        }
        if (!all) return Error{"--python: " + python.error().message};
        // A version manager's stand-in for what is not chosen is none, and of no interest.
        const std::string& why = python.error().message;
        const std::size_t what = why.find(" is ");
        if (why.find("or later") != std::string::npos && refused.insert(why.substr(what)).second) {
            left_out.push_back(why);
        }
        return Done{};
    };
    const auto from = [](const char* name) {
        const char* const value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    for (const std::string& one : asked) {
        const bool all = one == "all";
        const auto paths = all ? interpreter_candidates(from("PATH"), from("HOME"))
                               : std::vector<std::string>{one};
        for (const std::string& path : paths) {
            if (const Status taken = take(path, all); !taken) return taken.error();
        }
        if (all && found.empty()) return Error{"--python: no Python of 3.8 or later was found"};
    }
    std::stable_sort(found.begin(), found.end(), [](const Interpreter& a, const Interpreter& b) {
        return number_of(whole_version(a)) < number_of(whole_version(b));
    });
    tell_apart(found);
    return found;
}

}  // namespace echotrio::loadgen
