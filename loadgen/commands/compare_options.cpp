#include "loadgen/commands/compare_options.hpp"

#include "common/base/cli.hpp"
#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <sstream>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kMostConnections = 1'000'000;
constexpr std::uint64_t kQuickRepetitions = 2;
constexpr std::uint64_t kRepetitions = 5;

const std::vector<std::string>& model_names() {
    static const std::vector<std::string> kNames{"prefork", "threads", "coroutine"};
    return kNames;
}

// "a, b or c"
std::string choice(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
    }
    return text;
}

Status check_model(const char* flag, const std::string& model) {
    const auto& names = model_names();
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
    if (models.empty() && options.targets.empty() && options.variants.empty()) {
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
        if (!options.targets.empty() && options.targets.count(variant.label) == 0) {
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
    if (const Status done = add_addresses("--targets", options.targets_text, options.targets);
        !done) {
        return done;
    }
    if (const Status done = add_addresses("--observers", options.observers_text, options.observers);
        !done) {
        return done;
    }
    for (const auto& [label, where] : options.observers) {
        if (options.targets.count(label) == 0) {
            return Error{fmt::format("--observers: '{}' is not among --targets", label)};
        }
    }
    return Done{};
}

Status add_levels(CompareOptions& options) {
    Plan& plan = options.plan;
    std::vector<std::string> names = options.workloads;
    if (names.empty()) {
        for (const Workload& workload : standard_workloads()) names.push_back(workload.name);
    }
    for (const std::string& name : names) {
        const Workload* known = find_workload(standard_workloads(), name);
        if (known == nullptr) {
            std::vector<std::string> all;
            for (const Workload& workload : standard_workloads()) all.push_back(workload.name);
            return Error{fmt::format("--workloads: no workload '{}', write {}", name, choice(all))};
        }
        if (find_workload(plan.workloads, name) != nullptr) {
            return Error{fmt::format("--workloads: '{}' is there twice", name)};
        }
        Workload workload = *known;
        if (options.quick) workload.duration = workload.quick_duration;
        if (options.duration > Nanos(0)) workload.duration = options.duration;
        if (options.warmup > Nanos(0)) workload.warmup = options.warmup;
        auto counts = options.connections;
        if (counts.empty())
            counts = options.quick ? workload.quick_connections : workload.connections;
        std::sort(counts.begin(), counts.end());
        counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
        std::vector<double> rates = workload.silent ? std::vector<double>{} : options.rates;
        if (rates.empty()) rates.push_back(0);
        for (const std::uint64_t count : counts) {
            for (const double rate : rates) plan.levels.push_back({name, count, rate});
        }
        plan.workloads.push_back(std::move(workload));
    }
    return Done{};
}

std::string repeating_command(const CompareOptions& o) {
    std::string text = fmt::format("loadgen compare{} --seed {} --repetitions {}",
                                   o.quick ? " --quick" : "", o.plan.seed, o.plan.repetitions);
    const auto list = [&](const char* flag, const auto& values) {
        if (!values.empty()) text += fmt::format(" {} {}", flag, fmt::join(values, ","));
    };
    list("--workloads", o.workloads);
    list("--models", o.models);
    for (const std::string& variant : o.variants) text += fmt::format(" --variant '{}'", variant);
    list("--connections", o.connections);
    list("--rates", o.rates);
    if (o.duration > Nanos(0)) text += " --duration " + format_duration(o.duration);
    if (o.warmup > Nanos(0)) text += " --warmup " + format_duration(o.warmup);
    list("--targets", o.targets_text);
    list("--observers", o.observers_text);
    return text;
}

}  // namespace

void add_compare_options(CLI::App& command, CompareOptions& o) {
    command.add_flag("--quick", o.quick, "About a minute: fewer levels, shorter, two repetitions");
    command.add_option("--workloads", o.workloads, "Which of echo,http,cpu,wait,mixed,churn,idle")
        ->delimiter(',')
        ->default_str("all");
    command.add_option("--models", o.models, "Which of prefork,threads,coroutine")
        ->delimiter(',')
        ->default_str("all");
    command
        .add_option("--variant", o.variants,
                    "A server with flags of its own: 'no lock=threads --gil off'; may be repeated")
        ->type_name("LABEL=MODEL FLAGS");
    command.add_option("-c,--connections", o.connections, "Connection counts for all workloads")
        ->delimiter(',')
        ->check(CLI::Range(std::uint64_t{1}, kMostConnections))
        ->default_str("each workload's own");
    command
        .add_option("-R,--rates", o.rates,
                    "Open loop at these rates, requests/s, instead of as fast as replies come")
        ->delimiter(',')
        ->check(cli::positive_number())
        ->default_str("each workload's own");
    command.add_option("-r,--repetitions", o.repetitions, "Of every trial")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000}))
        ->default_str(fmt::format("{}, with --quick {}", kRepetitions, kQuickRepetitions));
    cli::duration(command, "-d,--duration", o.duration, "Of a trial's window")
        ->default_str("each workload's own");
    cli::duration(command, "--warmup", o.warmup, "Before the window")
        ->default_str("each workload's own");
    command.add_option("--seed", o.seed, "Order of the trials and arrivals")
        ->default_str("random, recorded");
    command.add_option("--budget", o.budget, "How many INVALID trials are repeated")
        ->default_str("a tenth of the trials");
    command.add_option("-o,--out", o.out, "Folder for the results")->default_str("results/<time>");
    command
        .add_option("--targets", o.targets_text,
                    "Servers that run already: prefork=HOST:PORT,threads=HOST:PORT,...")
        ->delimiter(',');
    command
        .add_option("--observers", o.observers_text,
                    "`loadgen observe` beside each of these: prefork=HOST:PORT,...")
        ->delimiter(',');
    command.add_flag("--no-wrk", o.no_wrk, "No cross-check, although wrk is installed");
    command.add_flag("--plan", o.only_plan, "Only says what would run, and for how long");
    command.add_option("--resume", o.resume, "Continues the interrupted experiment in this folder");
    command.add_flag("-q,--quiet", o.quiet, "No progress");
}

Status complete_options(CompareOptions& options) {
    Plan& plan = options.plan;
    plan.repetitions =
        options.repetitions.value_or(options.quick ? kQuickRepetitions : kRepetitions);
    plan.seed = options.seed ? *options.seed : std::random_device{}();
    plan.cross_check = !options.no_wrk;
    if (const Status done = add_targets(options); !done) return done;
    plan.fresh_servers = options.targets.empty();
    if (const Status done = add_variants(options); !done) return done;
    if (const Status done = add_levels(options); !done) return done;
    const std::uint64_t trials = plan.repetitions * plan.levels.size() * plan.variants.size();
    plan.budget = options.budget.value_or(std::max<std::uint64_t>(3, trials / 10));
    options.command_line = repeating_command(options);
    return Done{};
}

std::string human_time(Nanos duration) {
    const auto total = static_cast<long>(seconds(duration) + 0.5);
    return total >= 60 ? fmt::format("{}m {:02}s", total / 60, total % 60)
                       : fmt::format("{}s", total);
}

}  // namespace echotrio::loadgen
