#include "loadgen/commands/compare_options.hpp"

#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/commands/compare_bounds.hpp"
#include "loadgen/commands/given_flags.hpp"
#include "loadgen/commands/load_options.hpp"
#include "loadgen/commands/python_option.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/model_subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>
#include <sstream>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kMostConnections = 1'000'000;

// "a, b or c"
std::string choice(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
    }
    return text;
}

std::uint64_t count_usable() {
    return std::max<std::size_t>(usable_cpus().size(), 1);
}

Status check_model(const char* flag, const std::string& model) {
    const auto names = model_names();
    if (std::find(names.begin(), names.end(), model) != names.end()) return Done{};
    return Error{fmt::format("{}: no model '{}', write {}", flag, model, choice(names))};
}

// "LABEL=MODEL FLAGS..."
Result<Variant> parse_variant(const std::string& text) {
    const std::size_t equals = text.find('=');
    Variant variant;
    std::istringstream words(equals == std::string::npos ? "" : text.substr(equals + 1));
    if (equals == 0 || !(words >> variant.model)) {
        return Error{fmt::format(
            "--variant: write LABEL=MODEL FLAGS, like 'no lock=threads --gil off', got '{}'",
            text)};
    }
    variant.label = text.substr(0, equals);
    if (const Status known = check_model("--variant", variant.model); !known) return known.error();
    for (std::string word; words >> word;) variant.arguments.push_back(word);
    return variant;
}

// Of the command line, then of the file, whose folder is the servers' own.
Status add_servers(CompareOptions& options) {
    namespace fs = std::filesystem;
    std::error_code none;
    const fs::path here = fs::current_path(none);
    const fs::path file = fs::absolute(options.experiment, none).parent_path();
    std::size_t of_flags = options.servers_text.size();
    for (const ServerSection& section : options.servers) {
        const bool is_flag = of_flags > 0;
        if (is_flag) --of_flags;
        const fs::path& dir = is_flag ? here : file;
        auto subject =
            subject_of(section, options.server_settings, dir.lexically_normal().string());
        if (!subject) {
            const std::string place =
                is_flag ? "--server"
                        : fmt::format("{}: [server.{}]", options.experiment, section.name);
            return Error{fmt::format("{}: {}", place, subject.error().message)};
        }
        options.plan.variants.push_back({section.name, section.name, {}, std::move(*subject)});
    }
    return Done{};
}

Status add_variants(CompareOptions& options) {
    std::vector<Variant>& variants = options.plan.variants;
    const std::vector<std::string>& models = options.models;
    if (models.empty() && options.plan.targets.empty() && options.variants.empty() &&
        options.servers.empty()) {
        variants = usual_variants(count_usable());
    }
    for (const std::string& model : models) {
        if (const Status known = check_model("--models", model); !known) return known;
        variants.push_back({model, model, {}});
    }
    for (const std::string& text : options.variants) {
        auto variant = parse_variant(text);
        if (!variant) return variant.error();
        variants.push_back(std::move(*variant));
    }
    const auto pythons = find_pythons(options.python);
    if (!pythons) return pythons.error();
    for (const Python& python : *pythons) {
        for (const std::string& model : model_names()) {
            const Twin twin = twin_of(model, arguments_like(model, python.interpreter),
                                      python.interpreter, python.scripts);
            variants.push_back({twin.label, twin.name, {}, subject_of_twin(twin)});
        }
    }
    for (const std::string& text : options.targets_text) {
        const std::string label = text.substr(0, text.find('='));
        if (models.empty() && options.variants.empty()) variants.push_back({label, label, {}});
    }
    if (const Status done = add_servers(options); !done) return done;
    for (const Variant& variant : variants) {
        const auto same = std::count_if(variants.begin(), variants.end(),
                                        [&](const Variant& v) { return v.label == variant.label; });
        if (same > 1) {
            return Error{
                fmt::format("--models, --variant, --server: '{}' is there twice", variant.label)};
        }
        if (!variant.server && !options.plan.targets.empty() &&
            options.plan.targets.count(variant.label) == 0) {
            return Error{fmt::format("--targets: no address for '{}', write {}=HOST:PORT",
                                     variant.label, variant.label)};
        }
    }
    return Done{};
}

// "MODEL=HOST:PORT" each
Status add_addresses(const char* flag, const std::vector<std::string>& texts,
                     std::map<std::string, net::HostPort>& addresses) {
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Error{fmt::format("{}: write MODEL=HOST:PORT, got '{}'", flag, text)};
        }
        auto where = net::parse_host_port(text.substr(equals + 1));
        if (!where) return Error{fmt::format("{}: {}", flag, where.error().message)};
        addresses[text.substr(0, equals)] = std::move(*where);
    }
    return Done{};
}

Status add_targets(CompareOptions& options) {
    if (const Status done = add_addresses("--targets", options.targets_text, options.plan.targets);
        !done) {
        return done;
    }
    if (const Status done =
            add_addresses("--observers", options.observers_text, options.plan.observers);
        !done) {
        return done;
    }
    for (const auto& [label, where] : options.plan.observers) {
        if (options.plan.targets.count(label) == 0) {
            return Error{fmt::format("--observers: '{}' is not among --targets", label)};
        }
    }
    return Done{};
}

// The workloads to run: those asked for, else those of the file, else all.
Result<std::vector<WorkloadSection>> chosen_sections(const CompareOptions& options) {
    const auto named = [](const std::string& name) {
        return [&name](const auto& one) { return one.name == name; };
    };
    std::vector<std::string> known, usual;
    const auto& variants = options.plan.variants;
    const bool strangers = std::any_of(variants.begin(), variants.end(), [](const Variant& v) {
        return v.server && !v.server->speaks_our_protocol;
    });
    for (const Workload& workload : standard_workloads()) {
        known.push_back(workload.name);
        if (workload.page == strangers) usual.push_back(workload.name);
    }
    for (const WorkloadSection& section : options.sections) {
        if (std::find(known.begin(), known.end(), section.name) != known.end()) continue;
        known.push_back(section.name);
    }
    std::vector<std::string> names = options.workloads;
    if (names.empty() && options.sections.empty()) names = usual;
    std::vector<WorkloadSection> chosen =
        names.empty() ? options.sections : std::vector<WorkloadSection>{};
    for (const std::string& name : names) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return Error{
                fmt::format("--workloads: no workload '{}', write {}", name, choice(known))};
        }
        if (std::any_of(chosen.begin(), chosen.end(), named(name))) {
            return Error{fmt::format("--workloads: '{}' is there twice", name)};
        }
        const auto& all = options.sections;
        const auto found = std::find_if(all.begin(), all.end(), named(name));
        chosen.push_back(found == all.end() ? WorkloadSection{.name = name} : *found);
    }
    for (WorkloadSection& section : chosen) {
        if (section.connections.empty()) section.connections = options.connections;
        if (section.rates.empty()) section.rates = options.rates;
        if (!section.duration) section.duration = options.duration;
        if (!section.warmup) section.warmup = options.warmup;
    }
    return chosen;
}

void make_quick(Workload& workload) {
    constexpr Nanos kPatience = std::chrono::seconds(1);
    workload.load.duration = workload.quick_duration;
    workload.load.warmup = std::min(workload.load.warmup, workload.quick_warmup);
    workload.load.timeout = std::min(workload.load.timeout, kPatience);
    workload.shares = workload.quick_shares;
    workload.most_rounds = workload.quick_rounds;
}

Status add_levels(CompareOptions& options) {
    Plan& plan = options.plan;
    const auto sections = chosen_sections(options);
    if (!sections) return sections.error();
    const std::uint64_t usable = count_usable();
    for (const WorkloadSection& section : *sections) {
        auto workload = workload_of_section(section);
        if (!workload) return Error{options.experiment + ": " + workload.error().message};
        workload->load.idle_strategy = idle_strategy_named(options.idle_strategy);
        if (options.quick) make_quick(*workload);
        if (workload->page && !plan.targets.empty()) {
            const Status asked = ask_page(options.server_settings, workload->load);
            if (!asked) return asked;
        }
        auto counts = options.quick ? workload->quick_connections : workload->connections;
        std::sort(counts.begin(), counts.end());
        counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
        std::vector<double> rates = workload->silent ? std::vector<double>{} : section.rates;
        if (rates.empty()) rates = workload->shares;
        if (rates.empty()) rates.push_back(0);
        for (const std::uint64_t count : counts) {
            // Nobody gives CPUs to servers that run already.
            const auto cpu_counts = plan.targets.empty() ? server_cpu_counts(*workload, usable)
                                                         : std::vector<std::uint64_t>{0};
            for (const double rate : rates) {
                for (const std::uint64_t cpus : cpu_counts) {
                    plan.levels.push_back({section.name, count, rate, cpus});
                }
            }
        }
        for (const Variant& variant : plan.variants) {
            if (takes(variant, *workload)) continue;
            return Error{fmt::format(
                "--workloads: {} does not speak our protocol (GET /echo/hi is not answered with "
                "hi), so it can't be asked for {}: write page, or a workload of your own with a "
                "path in the experiment's file",
                variant.label, workload->name)};
        }
        plan.workloads.push_back(std::move(*workload));
    }
    std::erase_if(plan.variants, [&](const Variant& variant) {
        return std::none_of(plan.workloads.begin(), plan.workloads.end(),
                            [&](const Workload& workload) { return tries(variant, workload); });
    });
    return Done{};
}

// --path and --expect-status would else say nothing.
Status check_page_is_asked(const CompareOptions& options) {
    if (!options.server_settings.of_a_page() || !options.servers.empty()) return Done{};
    if (options.plan.targets.empty()) {
        return Error{"--path, --expect-status: are of a --server, or of --targets: give one"};
    }
    if (asks_page(options)) return Done{};
    return Error{"--path, --expect-status: tell what page asks for: write --workloads page"};
}

}  // namespace

void add_compare_options(CLI::App& command, CompareOptions& o) {
    cli::flag(
        command, "--quick", o.quick,
        "About three minutes, two rounds at least: fewer levels, short windows, as many rounds as "
        "fit");
    cli::option(command, "--workloads", o.workloads,
                "Which of echo,http,cpu,wait,mixed,churn,steady,idle,page")
        .delimiter(',')
        .default_str("all but page; page, where a --server takes no other");
    cli::option(command, "--models", o.models,
                fmt::format("Which of {}", fmt::join(model_names(), ",")))
        .delimiter(',')
        .default_str("all; for cpu and mixed also 'coroutine x N', a process for each CPU");
    cli::option(command, "--variant", o.variants,
                "A server with flags of its own: 'no lock=threads --gil off'; may be repeated")
        .type_name("LABEL=MODEL FLAGS");
    add_python_option(command, o.python,
                      "The models in this Python beside them, and whether they predict it");
    cli::option(command, "--server", o.servers_text,
                "Any command as a server: 'mine=./server -p {port}'; {host} {port} {cpus} {dir} "
                "are filled in, no shell; may be repeated")
        .type_name("NAME=COMMAND");
    add_server_settings(command, o.server_settings);
    add_expected_status(command, o.server_settings);
    cli::option(command, "-c,--connections", o.connections, "Connection counts for all workloads")
        .delimiter(',')
        .range(1, kMostConnections)
        .default_str("each workload's own");
    cli::option(command, "-R,--rates", o.rates,
                "Open loop at these rates, requests/s, instead of as fast as replies come")
        .delimiter(',')
        .check(cli::positive_number())
        .default_str("each workload's own");
    add_bounds(command, o);
    add_time(command, "-d,--duration", o.duration, "Of a trial's window")
        .default_str("each workload's own");
    add_idle_strategy(command, o.idle_strategy);
    add_time(command, "--warmup", o.warmup, "Before the window").default_str("each workload's own");
    cli::option(command, "--seed", o.seed, "Order of the trials and arrivals")
        .default_str("random, recorded");
    cli::option(command, "--experiment", o.experiment,
                "A file with these flags as settings, and sections for workloads; flags win")
        .type_name("FILE")
        .not_configurable();
    cli::option(command, "-o,--out", o.out, "Folder for the results").default_str("results/<time>");
    cli::option(command, "--targets", o.targets_text,
                "Servers that run already: prefork=HOST:PORT,threads=HOST:PORT,...")
        .delimiter(',');
    cli::option(command, "--observers", o.observers_text,
                "`loadgen observe` beside each of these: prefork=HOST:PORT,...")
        .delimiter(',');
    cli::flag(command, "--no-wrk", o.no_wrk, "No cross-check, although wrk is installed");
    cli::flag(command, "--plan", o.only_plan, "Only says what would run, and for how long")
        .not_configurable();
    cli::option(command, "--resume", o.resume,
                "Continues the interrupted experiment in this folder as it was begun")
        .type_name("DIR")
        .not_configurable();
    cli::flag(command, "-q,--quiet", o.quiet, "No progress");
}

Status complete_options(CLI::App& command, CompareOptions& options) {
    Plan& plan = options.plan;
    options.command_line = "loadgen compare" + given_flags(command);
    if (!options.resume.empty()) {
        const std::string other = given_flags(command);
        if (options.only_plan || cli::count(command, "--out") > 0 ||
            other != " --resume " + shell_word(options.resume)) {
            return Error{"--resume: continues what was begun, other settings can't be given"};
        }
        return Done{};
    }
    if (!options.experiment.empty()) {
        const Status read =
            read_experiment_file(options.experiment, command, options.sections, options.servers);
        if (!read) return read;
    }
    std::vector<ServerSection> of_flags;
    for (const std::string& text : options.servers_text) {
        auto section = parse_server(text);
        if (!section) return section.error();
        of_flags.push_back(std::move(*section));
    }
    options.servers.insert(options.servers.begin(), of_flags.begin(), of_flags.end());
    if (options.duration == Nanos(0)) return Error{"--duration: must be above 0"};
    if (const Status done = bound_rounds(options); !done) return done;
    plan.seed = options.seed ? *options.seed : std::random_device{}();
    if (!options.seed) options.command_line += fmt::format(" --seed {}", plan.seed);
    plan.cross_check = !options.no_wrk;
    if (const Status done = add_targets(options); !done) return done;
    plan.fresh_servers = plan.targets.empty();
    return add_variants(options);
}

bool asks_page(const CompareOptions& options) {
    const auto& names = options.workloads;
    if (!names.empty()) return std::find(names.begin(), names.end(), "page") != names.end();
    return std::any_of(options.sections.begin(), options.sections.end(),
                       [](const WorkloadSection& section) { return section.name == "page"; });
}

Status complete_plan(CompareOptions& options) {
    if (const Status used = check_page_is_asked(options); !used) return used;
    if (const Status done = add_levels(options); !done) return done;
    return bound_trials(options);
}

std::string human_time(Nanos duration) {
    const auto total = std::lround(seconds(duration));
    return total >= 60 ? fmt::format("{}m {:02}s", total / 60, total % 60)
                       : fmt::format("{}s", total);
}

}  // namespace echotrio::loadgen
