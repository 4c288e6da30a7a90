// Any command as a server to measure: --server NAME=COMMAND with its flags, and [server.NAME] of an
// experiment's file.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "loadgen/load/load.hpp"
#include "loadgen/results/subject.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

// What can be said of a server beside its command; empty or 0 = not said.
struct ServerSettings {
    std::string ready, path, stop;
    Nanos ready_timeout{0};
    std::uint64_t expect_status = 0;
    bool of_a_page() const { return !path.empty() || expect_status > 0; }
};
// --ready, --ready-timeout, --path, --stop.
void add_server_settings(CLI::App& app, ServerSettings& settings);
// --expect-status; `run` and `search` have one for any load.
void add_expected_status(CLI::App& app, ServerSettings& settings);

// [server.NAME], or a --server.
struct ServerSection {
    std::string name;
    std::vector<std::string> command{};  // a command line, or its words
    bool in_words = false;
    std::vector<std::string> env{};  // "NAME=VALUE"
    std::string cwd{};               // from the file's folder
    std::vector<int> cpus{};
    ServerSettings settings{};
};
void add_section_options(CLI::App& app, ServerSection& section);

// "NAME=COMMAND". Error: what to write.
Result<ServerSection> parse_server(const std::string& text);

// `dir`: the folder of the file, or of the caller. `usual`: of all servers, unless the section says
// otherwise. Error: "setting: what is wrong".
Result<Subject> subject_of(const ServerSection& section, const ServerSettings& usual,
                           const std::string& dir);

// Has a load ask for the page that --path and --expect-status tell of. Error: which flag is wrong.
Status ask_page(const ServerSettings& settings, RunOptions& load);

// The one --server of `run` and `search`.
struct ServerFlag {
    std::string text;
    ServerSettings settings;
    std::optional<Subject> subject;  // once it is complete
};
void add_server_flag(CLI::App& command, ServerFlag& flag);

// Fills in the subject, and the URL that stands for it until it has an address. Error: which flag,
// and what to write instead.
Status finish_server_flag(ServerFlag& flag, std::string& url);

}  // namespace echotrio::loadgen
