#include "loadgen/subject/server_process.hpp"

#include "loadgen/models/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

namespace echotrio::loadgen {
namespace {

// The value of key=value in a line of words; empty when it is not there.
std::string_view value_of(std::string_view line, std::string_view key) {
    const std::string wanted = fmt::format(" {}=", key);
    const std::size_t at = line.find(wanted);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = line.substr(at + wanted.size());
    return rest.substr(0, rest.find(' '));
}

}  // namespace

Result<ServerProcess> ServerProcess::start(const std::string& bin_dir, const std::string& model,
                                           const std::vector<std::string>& arguments,
                                           const std::vector<int>& cpus,
                                           const Child::Environment& environment) {
    const Model* known = find_model(model);
    if (known == nullptr) return Error{fmt::format("there is no program for model '{}'", model)};
    return start_program({fmt::format("{}/{}", bin_dir, known->program)}, arguments, cpus,
                         environment);
}

Result<ServerProcess> ServerProcess::start_program(std::vector<std::string> argv,
                                                   const std::vector<std::string>& arguments,
                                                   const std::vector<int>& cpus,
                                                   const Child::Environment& environment) {
    const std::string program = fmt::format("{}", fmt::join(argv, " "));
    if (std::find(arguments.begin(), arguments.end(), "--port") == arguments.end()) {
        argv.insert(argv.end(), {"--port", "0"});
    }
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto child = Child::start({.argv = argv, .cpus = cpus, .environment = environment});
    if (!child) return child.error();
    const auto line = child->read_line(std::chrono::seconds(20));
    if (!line) return Error{fmt::format("{}: {}", program, line.error().message)};
    net::HostPort where;
    where.host = value_of(*line, "host");
    const std::string_view port = value_of(*line, "port");
    std::from_chars(port.data(), port.data() + port.size(), where.port);
    if (!line->starts_with("ready ") || where.host.empty() || where.port == 0) {
        return Error{fmt::format("{}: expected its ready line, got '{}'", program, *line)};
    }
    return ServerProcess(std::move(*child), std::move(where));
}

std::string own_bin_dir() {
    std::error_code unreadable;
    return std::filesystem::read_symlink("/proc/self/exe", unreadable).parent_path().string();
}

}  // namespace echotrio::loadgen
