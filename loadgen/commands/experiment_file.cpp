#include "loadgen/commands/experiment_file.hpp"

#include "common/base/cli.hpp"
#include "loadgen/engine/run.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kMostConnections = 1'000'000;
constexpr std::uintmax_t kLargestFile = 1U << 20U;

// How CLI11 marks the begin and the end of a section.
bool is_mark(const CLI::ConfigItem& item) {
    return item.name == "++" || item.name == "--";
}

// The options of a section, which take values as flags do.
void add_section_options(CLI::App& app, WorkloadSection& section) {
    cli::option(app, "--connections", section.connections)
        .delimiter(',')
        .range(1, kMostConnections);
    cli::option(app, "--rates", section.rates).delimiter(',').check(cli::positive_number());
    cli::duration(app, "--duration", section.duration, "");
    cli::duration(app, "--warmup", section.warmup, "");
    cli::option(app, "--path", section.path);
    cli::option(app, "--title", section.title);
    cli::option(app, "--class", section.classes);
    cli::option(app, "--requests-per-connection", section.requests_per_connection);
    cli::duration(app, "--think", section.think, "");
    cli::duration(app, "--timeout", section.timeout, "");
}

// Error: without the file's name.
Status apply(const CLI::ConfigItem& item, CLI::App& app) {
    CLI::Option* const option = app.get_option_no_throw("--" + item.name);
    if (option == nullptr) {
        return Error{fmt::format("there is no setting '{}'", item.fullname())};
    }
    if (!option->get_configurable()) {
        return Error{fmt::format("{}: can only be a flag", item.fullname())};
    }
    if (option->count() > 0) return Done{};  // the command line has it
    try {
        if (option->get_expected_min() == 0) {
            option->add_result(CLI::ConfigTOML().to_flag(item));
        } else {
            option->add_result(item.inputs);
        }
        option->run_callback();
    } catch (const CLI::Error& wrong) {
        const std::string where =
            item.parents.empty() ? std::string() : fmt::format("[{}] ", item.parents.front());
        return Error{where + cli::message_of(wrong)};
    }
    return Done{};
}

// The lines without comments. CLI11 passes over what it can't make sense of: too short a line, a
// list without its end. Here these are mistakes.
Result<std::stringstream> read_lines(std::istream& file) {
    std::stringstream text;
    std::size_t list_begins = 0;  // the line in which an open list began; 0 = none is open
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        line.erase(std::min(line.find('#'), line.size()));
        CLI::detail::trim(line);
        if (line.empty()) continue;
        const std::size_t equals = line.find('=');
        const std::string value = equals == std::string::npos
                                      ? std::string()
                                      : CLI::detail::trim_copy(line.substr(equals + 1));
        if (list_begins == 0 && line.front() != '[' && value.empty() && line.size() < 3) {
            return Error{fmt::format("line {}: '{}' is no setting", number, line)};
        }
        if (list_begins == 0 && value.starts_with('[')) list_begins = number;
        if (line.back() == ']') list_begins = 0;
        text << line << '\n';
    }
    if (list_begins > 0) {
        return Error{fmt::format("line {}: the list has no ] at its end", list_begins)};
    }
    if (file.bad()) return Error{"can't be read"};
    return text;
}

Result<std::vector<CLI::ConfigItem>> read_items(const std::string& path) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    if (failed) return Error{failed.message()};
    if (size > kLargestFile) return Error{"is larger than 1 MiB"};
    std::ifstream file(path, std::ios::binary);
    auto text = read_lines(file);
    if (!text) return text.error();
    std::vector<CLI::ConfigItem> items = CLI::ConfigTOML().from_config(*text);
    for (auto item = items.begin(); item != items.end(); ++item) {
        const bool twice = !is_mark(*item) && std::any_of(items.begin(), item, [&](const auto& i) {
            return i.fullname() == item->fullname();
        });
        if (twice) return Error{fmt::format("'{}' is there twice", item->fullname())};
        if (item->parents.size() > 1) {
            return Error{fmt::format("there is no setting '{}'", item->fullname())};
        }
    }
    return items;
}

// A section and its options, which point into it.
struct OpenSection {
    WorkloadSection section;
    CLI::App options;
};

Status read(const std::string& path, CLI::App& command, std::vector<WorkloadSection>& sections) {
    const auto items = read_items(path);
    if (!items) return items.error();
    std::deque<OpenSection> open;  // stay where they are
    for (const CLI::ConfigItem& item : *items) {
        if (item.parents.empty()) continue;
        const std::string& name = item.parents.front();
        auto found = std::find_if(open.begin(), open.end(),
                                  [&](const auto& o) { return o.section.name == name; });
        if (found == open.end()) {
            open.emplace_back().section.name = name;
            add_section_options(open.back().options, open.back().section);
            found = std::prev(open.end());
        }
        if (is_mark(item)) continue;
        const CLI::Option* flag = command.get_option_no_throw("--" + item.name);
        if (flag != nullptr && flag->count() > 0) continue;
        if (const Status applied = apply(item, found->options); !applied) return applied;
    }
    // Last, because from here on an option's count no longer tells that it was a flag.
    for (const CLI::ConfigItem& item : *items) {
        if (!item.parents.empty() || is_mark(item)) continue;
        if (const Status applied = apply(item, command); !applied) return applied;
    }
    for (OpenSection& one : open) sections.push_back(std::move(one.section));
    return Done{};
}

}  // namespace

Status read_experiment_file(const std::string& path, CLI::App& command,
                            std::vector<WorkloadSection>& sections) {
    Status done = read(path, command, sections);
    if (!done) return Error{fmt::format("{}: {}", path, done.error().message)};
    return done;
}

Result<Workload> workload_of_section(const WorkloadSection& section) {
    const auto wrong = [&](std::string_view what) {
        return Error{fmt::format("[{}]: {}", section.name, what)};
    };
    Workload workload;
    if (const Workload* known = find_workload(standard_workloads(), section.name)) {
        if (!section.path.empty() || !section.title.empty() || !section.classes.empty() ||
            section.requests_per_connection > 0 || section.think > Nanos(0) ||
            section.timeout > Nanos(0)) {
            return wrong("is a standard workload; what it asks is fixed, choose another name");
        }
        workload = *known;
    } else {
        if (section.path.empty()) {
            return wrong("no such workload; for one of your own give path = \"/echo/hi?cpu=1ms\"");
        }
        const bool rooted = section.path.starts_with('/');
        const auto target = parse_target("http://host:80" + (rooted ? section.path : "/ "));
        if (!target) {
            return wrong(fmt::format("path: begins with / and has no blanks, got '{}'",
                                     section.path.substr(0, 100)));
        }
        if (section.connections.empty()) return wrong("give connections = [...]");
        workload.name = section.name;
        workload.path = target->path;
        workload.title = section.title.empty() ? "GET " + section.path : section.title;
        workload.requests_per_connection = section.requests_per_connection;
        workload.think = section.think;
        if (section.timeout > Nanos(0)) workload.timeout = section.timeout;
        for (const std::string& text : section.classes) {
            auto one = parse_class(text);
            if (!one) return wrong("class: " + one.error().message);
            workload.classes.push_back(std::move(*one));
        }
    }
    if (!section.connections.empty()) {
        workload.connections = workload.quick_connections = section.connections;
    }
    if (section.duration > Nanos(0)) {
        workload.duration = workload.quick_duration = section.duration;
    }
    if (section.warmup > Nanos(0)) workload.warmup = section.warmup;
    return workload;
}

}  // namespace echotrio::loadgen
