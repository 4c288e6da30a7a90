#include "loadgen/commands/experiment_file.hpp"

#include "common/base/units.hpp"
#include "loadgen/load/load.hpp"
#include "loadgen/results/files.hpp"

#include <fmt/format.h>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kMostConnections = 1'000'000;
constexpr std::uintmax_t kLargestFile = 1U << 20U;

// The options of a section, which take values as flags do.
void add_section_options(CLI::App& app, WorkloadSection& section) {
    cli::option(app, "--connections", section.connections)
        .delimiter(',')
        .range(1, kMostConnections);
    cli::option(app, "--rates", section.rates).delimiter(',').check(cli::positive_number());
    add_time(app, "--duration", section.duration, "");
    add_time(app, "--warmup", section.warmup, "");
    cli::option(app, "--path", section.path);
    cli::option(app, "--title", section.title);
    cli::option(app, "--class", section.classes);
    cli::option(app, "--requests-per-connection", section.requests_per_connection);
    cli::duration(app, "--think", section.think, "");
    add_time(app, "--timeout", section.timeout, "");
}

std::string place(const toml::source_region& source) {
    return fmt::format("line {}", source.begin.line);
}

// As a flag's value is written. Empty: a date, a table or a list in a list.
std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* whole = node.as_integer()) return fmt::format("{}", whole->get());
    if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
    if (const auto* yes = node.as_boolean()) return yes->get() ? "true" : "false";
    return std::nullopt;
}

Result<std::vector<std::string>> values_of(const toml::node& node) {
    std::vector<std::string> values;
    bool known = true;
    const auto take = [&](const toml::node& one) {
        auto text = text_of(one);
        known = known && text;
        if (text) values.push_back(std::move(*text));
    };
    if (const auto* list = node.as_array()) {
        for (const toml::node& one : *list) take(one);
    } else {
        take(node);
    }
    if (known) return values;
    return Error{"is no text, number, true or false, nor a list of such"};
}

// In the order of the file: the table itself is sorted by name.
std::vector<std::pair<std::string, const toml::node*>> entries_of(const toml::table& table) {
    std::vector<std::pair<std::string, const toml::node*>> entries;
    for (const auto& [key, node] : table) entries.emplace_back(key.str(), &node);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        return a.second->source().begin < b.second->source().begin;
    });
    return entries;
}

Status apply(const std::string& name, const toml::node& node, CLI::App& app) {
    const auto values = values_of(node);
    if (!values) return Error{fmt::format("{}: {}", name, values.error().message)};
    if (values->empty()) return Error{fmt::format("{}: the list is empty", name)};
    return cli::set(app, name, *values);
}

// Settings of a section that the command line gives for all are passed over; --path is another, of
// servers.
Result<WorkloadSection> read_section(const std::string& name, const toml::table& table,
                                     const CLI::App& command) {
    WorkloadSection section{.name = name};
    const cli::Program options = cli::program("");
    add_section_options(*options, section);
    for (const auto& [key, node] : entries_of(table)) {
        if (key != "path" && cli::is_given(command, "--" + key)) continue;
        const Status applied = apply(key, *node, *options);
        if (!applied) {
            return Error{
                fmt::format("{}: [{}] {}", place(node->source()), name, applied.error().message)};
        }
    }
    return section;
}

// env = { NAME = "value" }, or a list of "NAME=value".
Status apply_env(const toml::node& node, ServerSection& section, CLI::App& options) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return apply("env", node, options);
    for (const auto& [key, value] : entries_of(*table)) {
        const auto text = text_of(*value);
        if (!text) return Error{fmt::format("env: {} is no text and no number", key)};
        section.env.push_back(key + "=" + *text);
    }
    return Done{};
}

Result<ServerSection> read_server(const std::string& name, const toml::table& table,
                                  const CLI::App& command) {
    ServerSection section{.name = name};
    const cli::Program options = cli::program("");
    add_section_options(*options, section);
    for (const auto& [key, node] : entries_of(table)) {
        if (cli::is_given(command, "--" + key)) continue;
        if (key == "command") section.in_words = node->is_array();
        const Status applied =
            key == "env" ? apply_env(*node, section, *options) : apply(key, *node, *options);
        if (!applied) {
            return Error{fmt::format("{}: [server.{}] {}", place(node->source()), name,
                                     applied.error().message)};
        }
    }
    return section;
}

Status read_servers(const toml::table& all, const CLI::App& command,
                    std::vector<ServerSection>& servers) {
    for (const auto& [name, node] : entries_of(all)) {
        const toml::table* table = node->as_table();
        if (table == nullptr) {
            return Error{fmt::format("{}: server.{}: write a section [server.NAME] with a command",
                                     place(node->source()), name)};
        }
        auto section = read_server(name, *table, command);
        if (!section) return section.error();
        servers.push_back(std::move(*section));
    }
    return Done{};
}

Result<toml::table> parse(std::string_view text) {
    toml::parse_result parsed = toml::parse(text);
    if (parsed) return std::move(parsed).table();
    return Error{fmt::format("{}: {} (a text stands in \"quotes\", a duration too)",
                             place(parsed.error().source()), parsed.error().description())};
}

Status read(std::string_view text, CLI::App& command, std::vector<WorkloadSection>& sections,
            std::vector<ServerSection>& servers) {
    const auto file = parse(text);
    if (!file) return file.error();
    const auto entries = entries_of(*file);
    for (const auto& [name, node] : entries) {
        const toml::table* table = node->as_table();
        if (table == nullptr) continue;
        if (name == "server") {
            if (const Status done = read_servers(*table, command, servers); !done) return done;
            continue;
        }
        auto section = read_section(name, *table, command);
        if (!section) return section.error();
        sections.push_back(std::move(*section));
    }
    // Last, because from here on it can't be told whether an option was a flag.
    for (const auto& [name, node] : entries) {
        if (node->is_table()) continue;
        const Status applied = apply(name, *node, command);
        if (!applied) {
            return Error{fmt::format("{}: {}", place(node->source()), applied.error().message)};
        }
    }
    return Done{};
}

}  // namespace

cli::Option add_time(CLI::App& app, std::string flags, std::optional<Nanos>& value,
                     std::string help) {
    const auto wrong = [](const std::string& text) -> std::string {
        const auto parsed = parse_duration(text);
        return parsed ? "" : parsed.error().message;
    };
    const std::function<void(const std::string&)> take = [&value](const std::string& text) {
        value = *parse_duration(text);
    };
    auto option = cli::option(app, std::move(flags), take, std::move(help));
    return option.check(wrong).type_name("DURATION");
}

Status read_experiment_file(const std::string& path, CLI::App& command,
                            std::vector<WorkloadSection>& sections,
                            std::vector<ServerSection>& servers) {
    const auto text = read_file(path, kLargestFile);
    if (!text) return text.error();
    Status done = read(*text, command, sections, servers);
    if (!done) return Error{fmt::format("{}: {}", path, done.error().message)};
    return done;
}

Result<Workload> workload_of_section(const WorkloadSection& section) {
    const auto wrong = [&](std::string_view what) {
        return Error{fmt::format("[{}]: {}", section.name, what)};
    };
    Workload workload;
    const Workload* known = find_workload(standard_workloads(), section.name);
    // A page with a path is the same for all servers, and so a workload of the user's own.
    if (known != nullptr && !(known->page && !section.path.empty())) {
        if (!section.path.empty() || !section.title.empty() || !section.classes.empty() ||
            section.requests_per_connection > 0 || section.think > Nanos(0) || section.timeout) {
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
        workload.quick_duration = std::chrono::milliseconds(500);
        workload.load.target.path = target->path;
        workload.title = section.title.empty() ? "GET " + section.path : section.title;
        workload.load.requests_per_connection = section.requests_per_connection;
        workload.load.think = section.think;
        if (section.timeout) workload.load.timeout = *section.timeout;
        for (const std::string& text : section.classes) {
            auto one = parse_class(text);
            if (!one) return wrong("class: " + one.error().message);
            workload.load.classes.push_back(std::move(*one));
        }
    }
    if (!section.connections.empty()) {
        workload.connections = workload.quick_connections = section.connections;
    }
    if (section.duration == Nanos(0) || section.timeout == Nanos(0)) {
        return wrong("duration and timeout: must be above 0");
    }
    if (section.duration) workload.load.duration = workload.quick_duration = *section.duration;
    if (section.warmup) workload.load.warmup = workload.quick_warmup = *section.warmup;
    if (!section.rates.empty()) workload.shares = workload.quick_shares = {};
    return workload;
}

}  // namespace echotrio::loadgen
