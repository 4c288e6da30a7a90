#include "loadgen/commands/server_options.hpp"

#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/load/load.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/subject/command.hpp"
#include "loadgen/subject/running_subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <string_view>
#include <utility>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kLongestName = 40;

Status check_name(const std::string& name) {
    const bool plain = std::all_of(name.begin(), name.end(),
                                   [](char c) { return c > ' ' && c <= '~' && c != ','; });
    if (name.empty() || name.size() > kLongestName || !plain) {
        return Error{
            fmt::format("a name has 1 to {} printable ASCII characters and no blank or "
                        "comma: write NAME=COMMAND",
                        kLongestName)};
    }
    if (find_model(name) != nullptr) {
        return Error{fmt::format("'{}' is the name of a built-in model, choose another", name)};
    }
    return Done{};
}

Result<ReadyRule> parse_ready(const std::string& text) {
    constexpr std::string_view kLog = "log:";
    if (text == "tcp") return ReadyRule{};
    if (text.starts_with('/') && parse_target("http://host:80" + text)) {
        return ReadyRule{.kind = ReadyRule::Kind::path, .text = text};
    }
    if (text.starts_with(kLog) && text.size() > kLog.size()) {
        return ReadyRule{.kind = ReadyRule::Kind::log, .text = text.substr(kLog.size())};
    }
    return Error{fmt::format("ready: write tcp, /PATH or log:TEXT, got '{}'", text)};
}

// "TERM", "SIGQUIT/30s"
Result<StopRule> parse_stop(const std::string& text) {
    constexpr std::array<std::pair<std::string_view, int>, 8> kSignals = {{{"TERM", SIGTERM},
                                                                           {"INT", SIGINT},
                                                                           {"QUIT", SIGQUIT},
                                                                           {"HUP", SIGHUP},
                                                                           {"USR1", SIGUSR1},
                                                                           {"USR2", SIGUSR2},
                                                                           {"WINCH", SIGWINCH},
                                                                           {"KILL", SIGKILL}}};
    const std::size_t slash = text.find('/');
    std::string_view name = std::string_view(text).substr(0, slash);
    if (name.starts_with("SIG")) name.remove_prefix(3);
    StopRule rule;
    const auto* found = std::find_if(kSignals.begin(), kSignals.end(),
                                     [&](const auto& entry) { return entry.first == name; });
    const auto wrong = [&] {
        return Error{
            fmt::format("stop: write a signal (TERM, INT, QUIT, HUP, USR1, USR2, WINCH or "
                        "KILL) and how long it may take, up to 10m: QUIT/30s, got '{}'",
                        text)};
    };
    if (found == kSignals.end()) return wrong();
    rule.signal = found->second;
    if (slash == std::string::npos) return rule;
    const auto grace = parse_duration(text.substr(slash + 1));
    if (!grace || *grace > std::chrono::minutes(10)) return wrong();
    rule.grace = *grace;
    return rule;
}

Status apply_page(const ServerSettings& settings, std::string& path, std::uint16_t& expect_status) {
    if (!settings.path.empty()) {
        const auto target = settings.path.starts_with('/')
                                ? parse_target("http://host:80" + settings.path)
                                : Result<Target>(Error{""});
        if (!target) {
            return Error{fmt::format("path: begins with / and has no blanks, got '{}'",
                                     settings.path.substr(0, 100))};
        }
        path = target->path;
    }
    if (settings.expect_status > 0) {
        expect_status = static_cast<std::uint16_t>(settings.expect_status);
    }
    return Done{};
}

Status apply(const ServerSettings& settings, Subject& subject) {
    if (!settings.ready.empty()) {
        auto rule = parse_ready(settings.ready);
        if (!rule) return rule.error();
        rule->timeout = subject.ready.timeout;
        subject.ready = std::move(*rule);
    }
    if (settings.ready_timeout > Nanos(0)) subject.ready.timeout = settings.ready_timeout;
    if (!settings.stop.empty()) {
        const auto rule = parse_stop(settings.stop);
        if (!rule) return rule.error();
        subject.stop = *rule;
    }
    return apply_page(settings, subject.path, subject.expect_status);
}

Status add_environment(const ServerSection& section, Subject& subject) {
    for (const std::string& text : section.env) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Error{fmt::format("env: write {{ NAME = \"value\" }}, got '{}'", text)};
        }
        subject.env.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return Done{};
}

Status complete(const ServerSection& section, const ServerSettings& usual, const std::string& dir,
                Subject& subject) {
    if (const Status named = check_name(section.name); !named) return named;
    if (section.command.empty()) return Error{"command: is missing"};
    if (section.in_words) {
        subject.argv = section.command;
    } else {
        auto words = split_words(section.command.front());
        if (!words) return Error{"command: " + words.error().message};
        subject.argv = std::move(*words);
    }
    if (subject.argv.empty() || subject.argv.front().empty()) return Error{"command: is empty"};
    subject.dir = dir;
    std::error_code unknown;
    subject.cwd = (std::filesystem::path(dir) / section.cwd).lexically_normal().string();
    if (!std::filesystem::is_directory(subject.cwd, unknown)) {
        return Error{fmt::format("cwd: there is no folder {}", subject.cwd)};
    }
    subject.cpus = section.cpus;
    if (const Status done = add_environment(section, subject); !done) return done;
    if (const Status done = apply(usual, subject); !done) return done;
    if (const Status done = apply(section.settings, subject); !done) return done;
    return check_placeholders(subject);
}

// The first of the settings that is there; null: none is.
const char* setting_given(const ServerSettings& settings) {
    if (!settings.ready.empty()) return "--ready";
    if (settings.ready_timeout > Nanos(0)) return "--ready-timeout";
    if (!settings.path.empty()) return "--path";
    return settings.stop.empty() ? nullptr : "--stop";
}

}  // namespace

void add_server_settings(CLI::App& app, ServerSettings& settings) {
    cli::option(
        app, "--ready", settings.ready,
        "When a --server is ready: tcp, a /PATH that it answers, or log:TEXT that it writes")
        .default_str("tcp");
    cli::duration(app, "--ready-timeout", settings.ready_timeout, "How long that may take")
        .check(cli::at_most(std::chrono::hours(1)))
        .default_str("30s");
    cli::option(app, "--path", settings.path,
                "What a --server is asked for; in `compare` by the workload page, of --targets too")
        .default_str("/");
    cli::option(app, "--stop", settings.stop,
                "How a --server is asked to leave, SIGNAL/GRACE; what is left then is killed")
        .default_str("TERM/10s");
}

void add_expected_status(CLI::App& app, ServerSettings& settings) {
    cli::option(app, "--expect-status", settings.expect_status,
                "The status that replies of a --server, or of --targets, to `page` must have")
        .range(200, 599)
        .default_str("200");
}

void add_section_options(CLI::App& app, ServerSection& section) {
    cli::option(app, "--command", section.command);
    cli::option(app, "--env", section.env);
    cli::option(app, "--cwd", section.cwd);
    cli::cpus(app, "--cpus", section.cpus, "");
    add_server_settings(app, section.settings);
    add_expected_status(app, section.settings);
}

Result<ServerSection> parse_server(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        return Error{fmt::format(
            "--server: write NAME=COMMAND, like 'mine=./server --port {{port}}', got '{}'",
            text.substr(0, 200))};
    }
    ServerSection section{.name = text.substr(0, equals)};
    section.command = {text.substr(equals + 1)};
    return section;
}

Result<Subject> subject_of(const ServerSection& section, const ServerSettings& usual,
                           const std::string& dir) {
    Subject subject;
    subject.label = section.name;
    if (const Status done = complete(section, usual, dir, subject); !done) {
        return done.error();
    }
    return subject;
}

Status ask_page(const ServerSettings& settings, RunOptions& load) {
    const Status asked = apply_page(settings, load.target.path, load.expect_status);
    return asked ? asked : Status(Error{"--" + asked.error().message});
}

void add_server_flag(CLI::App& command, ServerFlag& flag) {
    cli::option(command, "--server", flag.text,
                "Start this command, load it and stop it, instead of a URL (or with tcp:// alone: "
                "raw echo); {host} {port} {cpus} {dir} are filled in, no shell")
        .type_name("NAME=COMMAND")
        .excludes("--pid")
        .excludes("--observer");
    add_server_settings(command, flag.settings);
}

Status finish_server_flag(ServerFlag& flag, std::string& url) {
    if (flag.text.empty()) {
        if (const char* setting = setting_given(flag.settings)) {
            return Error{fmt::format(
                "{}: is of a server that is started here: give --server NAME=COMMAND", setting)};
        }
        return url.empty() ? Status(Error{"URL: is missing, or --server NAME=COMMAND"})
                           : Status(Done{});
    }
    auto section = parse_server(flag.text);
    if (!section) return section.error();
    std::error_code none;
    auto subject =
        subject_of(*section, flag.settings, std::filesystem::current_path(none).string());
    if (!subject) return Error{"--server: " + subject.error().message};
    // The port is chosen anew for each trial.
    if (url.empty()) {
        url = "http://127.0.0.1:1" + subject->path;
    } else if (url == "tcp://") {
        url = "tcp://127.0.0.1:1";
    } else {
        return Error{
            "--server: its address is chosen here: leave the URL out (--path says what to "
            "ask for), or write tcp:// alone"};
    }
    flag.subject = std::move(*subject);
    return Done{};
}

}  // namespace echotrio::loadgen
