#include "loadgen/commands/compare_options.hpp"

#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/models/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <random>
#include <sstream>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kMostConnections = 1'000'000;
constexpr std::uint64_t kQuickRepetitions = 2;
constexpr std::uint64_t kRepetitions = 5;

// "a, b or c"
std::string choice(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
    }
    return text;
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

Status add_variants(CompareOptions& options) {
    std::vector<Variant>& variants = options.plan.variants;
    std::vector<std::string> models = options.models;
    if (models.empty() && options.plan.targets.empty() && options.variants.empty()) {
        models = model_names();
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
    for (const std::string& text : options.targets_text) {
        const std::string label = text.substr(0, text.find('='));
        if (models.empty() && options.variants.empty()) variants.push_back({label, label, {}});
    }
    for (const Variant& variant : variants) {
        const auto same = std::count_if(variants.begin(), variants.end(),
                                        [&](const Variant& v) { return v.label == variant.label; });
        if (same > 1) {
            return Error{fmt::format("--models, --variant: '{}' is there twice", variant.label)};
        }
        if (!options.plan.targets.empty() && options.plan.targets.count(variant.label) == 0) {
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
    std::vector<std::string> known;
    for (const Workload& workload : standard_workloads()) known.push_back(workload.name);
    for (const WorkloadSection& section : options.sections) {
        if (std::find(known.begin(), known.end(), section.name) != known.end()) continue;
        known.push_back(section.name);
    }
    std::vector<std::string> names = options.workloads;
    if (names.empty() && options.sections.empty()) names = known;
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
        if (section.duration == Nanos(0)) section.duration = options.duration;
        if (section.warmup == Nanos(0)) section.warmup = options.warmup;
    }
    return chosen;
}

Status add_levels(CompareOptions& options) {
    Plan& plan = options.plan;
    const auto sections = chosen_sections(options);
    if (!sections) return sections.error();
    for (const WorkloadSection& section : *sections) {
        auto workload = workload_of_section(section);
        if (!workload) return Error{options.experiment + ": " + workload.error().message};
        if (options.quick) workload->load.duration = workload->quick_duration;
        auto counts = options.quick ? workload->quick_connections : workload->connections;
        std::sort(counts.begin(), counts.end());
        counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
        std::vector<double> rates = workload->silent ? std::vector<double>{} : section.rates;
        if (rates.empty()) rates.push_back(0);
        for (const std::uint64_t count : counts) {
            for (const double rate : rates) plan.levels.push_back({section.name, count, rate});
        }
        plan.workloads.push_back(std::move(*workload));
    }
    return Done{};
}

// As a shell takes it.
std::string shell_word(const std::string& text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || std::strchr(",.:/=_+-", c) != nullptr;
    });
    if (plain && !text.empty()) return text;
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

// The flags that were given and decide what runs.
std::string given_flags(const CLI::App& command) {
    std::string text;
    for (const cli::Given& option : cli::given(command)) {
        const std::string& name = option.name;
        if (name == "--out" || name == "--quiet" || name == "--plan") continue;
        if (option.is_flag) {
            text += " " + name;
        } else if (option.has_delimiter) {
            text += fmt::format(" {} {}", name,
                                shell_word(fmt::format("{}", fmt::join(option.values, ","))));
        } else {
            for (const std::string& value : option.values) {
                text += fmt::format(" {} {}", name, shell_word(value));
            }
        }
    }
    return text;
}

}  // namespace

void add_compare_options(CLI::App& command, CompareOptions& o) {
    cli::flag(command, "--quick", o.quick,
              "About a minute: fewer levels, shorter, two repetitions");
    cli::option(command, "--workloads", o.workloads, "Which of echo,http,cpu,wait,mixed,churn,idle")
        .delimiter(',')
        .default_str("all");
    cli::option(command, "--models", o.models,
                fmt::format("Which of {}", fmt::join(model_names(), ",")))
        .delimiter(',')
        .default_str("all");
    cli::option(command, "--variant", o.variants,
                "A server with flags of its own: 'no lock=threads --gil off'; may be repeated")
        .type_name("LABEL=MODEL FLAGS");
    cli::option(command, "-c,--connections", o.connections, "Connection counts for all workloads")
        .delimiter(',')
        .range(1, kMostConnections)
        .default_str("each workload's own");
    cli::option(command, "-R,--rates", o.rates,
                "Open loop at these rates, requests/s, instead of as fast as replies come")
        .delimiter(',')
        .check(cli::positive_number())
        .default_str("each workload's own");
    cli::option(command, "-r,--repetitions", o.repetitions, "Of every trial")
        .range(1, 1000)
        .default_str(fmt::format("{}, with --quick {}", kRepetitions, kQuickRepetitions));
    cli::duration(command, "-d,--duration", o.duration, "Of a trial's window")
        .default_str("each workload's own");
    cli::duration(command, "--warmup", o.warmup, "Before the window")
        .default_str("each workload's own");
    cli::option(command, "--seed", o.seed, "Order of the trials and arrivals")
        .default_str("random, recorded");
    cli::option(command, "--budget", o.budget, "How many INVALID trials are repeated")
        .default_str("a tenth of the trials");
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
        const Status read = read_experiment_file(options.experiment, command, options.sections);
        if (!read) return read;
    }
    plan.repetitions =
        options.repetitions.value_or(options.quick ? kQuickRepetitions : kRepetitions);
    plan.seed = options.seed ? *options.seed : std::random_device{}();
    if (!options.seed) options.command_line += fmt::format(" --seed {}", plan.seed);
    plan.cross_check = !options.no_wrk;
    if (const Status done = add_targets(options); !done) return done;
    plan.fresh_servers = plan.targets.empty();
    if (const Status done = add_variants(options); !done) return done;
    if (const Status done = add_levels(options); !done) return done;
    const std::uint64_t trials = plan.repetitions * plan.levels.size() * plan.variants.size();
    plan.budget = options.budget.value_or(std::max<std::uint64_t>(3, trials / 10));
    return Done{};
}

std::string human_time(Nanos duration) {
    const auto total = std::lround(seconds(duration));
    return total >= 60 ? fmt::format("{}m {:02}s", total / 60, total % 60)
                       : fmt::format("{}s", total);
}

}  // namespace echotrio::loadgen
