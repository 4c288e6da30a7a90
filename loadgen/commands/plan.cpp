// `loadgen plan`: what to buy for a demand, from measured results or from points in a CSV file.
#include "common/base/cli.hpp"
#include "loadgen/analysis/points_csv.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/commands/plan_extras.hpp"
#include "loadgen/commands/plan_traffic.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/findings/plan_input.hpp"
#include "loadgen/findings/select.hpp"
#include "loadgen/report/plan_report.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace echotrio::loadgen {
namespace {

constexpr std::uintmax_t kMostCsv = 16U << 20U;

struct Options {
    std::string file, workload, slo, json;
    Demand demand;
    std::uint64_t memory = 0;
    double cores = 0;
    double headroom_percent = 30;
    ExtrasAsked extras;
    TrafficDemand traffic;
};

bool is_csv(const std::string& file) {
    std::string ending = std::filesystem::path(file).extension().string();
    for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return ending == ".csv";
}

Result<MeasuredModel> read_csv(const std::string& file) {
    const auto text = read_file(file, kMostCsv);
    if (!text) return text.error();
    auto points = parse_points(*text);
    if (!points) return Error{fmt::format("{}: {}", file, points.error().message)};
    return measured_model(std::filesystem::path(file).stem().string(), *points);
}

struct Input {
    std::vector<MeasuredModel> models;
    PlanSource source;
    std::uint64_t seed = 1;
};

Result<Input> read_input(const Options& options) {
    Input input;
    input.source.file = options.file;
    if (is_csv(options.file)) {
        auto model = read_csv(options.file);
        if (!model) return model.error();
        input.models.push_back(std::move(*model));
        return input;
    }
    const auto experiment = read_experiment(options.file);
    if (!experiment) return experiment.error();
    input.seed = experiment->seed;
    const Digest told = digest(*experiment);
    input.source.others = plannable_workloads(told);
    if (input.source.others.empty()) {
        return Error{
            fmt::format("{}: nothing to plan from: no trial shows how much active "
                        "connections can do",
                        options.file)};
    }
    input.source.workload =
        options.workload.empty() ? input.source.others.front() : options.workload;
    input.source.cpus = cpus_words_of_curve(told, input.source.workload);
    input.source.cpu_model = cpu_model_of(*experiment);
    std::erase(input.source.others, input.source.workload);
    auto models = measured_models(*experiment, told, input.source.workload);
    if (!models) {
        return Error{fmt::format("{}: {}", options.workload.empty() ? options.file : "--workload",
                                 models.error().message)};
    }
    input.models = std::move(*models);
    return input;
}

int plan_command(Options& options) {
    if (const auto read = read_traffic_demand(options.traffic, options.demand.rate); !read) {
        return cli::fail(read.error().message);
    }
    auto input = read_input(options);
    if (!input) return cli::fail(input.error().message);
    const CapacityPlan plan = plan_capacity(input->models, options.demand, Rng(input->seed));
    // Points alone hold nothing but the fit: without it there is no answer.
    if (is_csv(options.file) && !plan.models.front().scaling) {
        return cli::fail(fmt::format("{}: {}", options.file, plan.models.front().scaling_refused));
    }
    PlanExtras extras;
    if (const auto refused =
            make_extras(options.extras, input->models, plan, Rng(input->seed), extras)) {
        return cli::fail(refused->message, refused->status);
    }
    auto json = capacity_to_json(plan, input->source);
    json["traffic"] = traffic_demand_to_json(options.traffic);
    add_extras(json, plan, extras);
    const bool unmet = (options.demand.asks_for_something() && !plan.choice) ||
                       (extras.costs && extras.costs->options.empty());
    if (!options.extras.emit.empty()) {
        if (!plan.choice) {
            return cli::fail("--emit: no model meets the demand; without --emit the plan says why",
                             kExitNotMet);
        }
        fmt::print("{}", hpa_yaml(*extras.autoscaling, plan, input->source));
    } else if (summary_stream(options.json) == stdout) {
        Document document = plan_document(plan, input->source);
        auto more = extra_sections(plan, input->source, extras);
        document.sections.insert(
            document.sections.begin() + (plan.demand.asks_for_something() ? 1 : 0),
            std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
        tell_of_traffic(options.traffic, document);
        fmt::print("{}", to_console(document, terminal_style(STDOUT_FILENO)));
    }
    return keep(options.json, to_text(json), unmet ? kExitNotMet : cli::kExitOk);
}

// The limits and the objective, which have no meaning without a rate or connections.
std::optional<std::string> complete(Options& options) {
    if (!options.slo.empty()) {
        auto objective = parse_objective(options.slo);
        if (!objective) return "--slo: " + objective.error().message;
        options.demand.objective = *objective;
    }
    if (options.memory > 0) options.demand.memory_bytes = static_cast<double>(options.memory);
    if (options.cores > 0) options.demand.cores = options.cores;
    options.demand.headroom = options.headroom_percent / 100;
    const bool asked = options.demand.asks_for_something() || options.traffic.is_asked();
    if (!asked && (options.memory > 0 || options.cores > 0)) {
        return "--memory and --cores limit a demand: give --rate or --connections too";
    }
    if (is_csv(options.file) && !options.workload.empty()) {
        return "--workload: a CSV file holds one";
    }
    return std::nullopt;
}

}  // namespace

void add_plan(CLI::App& app, int& status) {
    CLI::App& command = cli::command(
        app, "plan", "From measured results: which model, how many instances, cores and memory");
    auto options = std::make_shared<Options>();
    cli::option(command, "results", options->file,
                "results.json, its folder, the JSON of a run, or a .csv with columns n,x")
        .required();
    cli::option(command, "--rate", options->demand.rate, "Requests/s to serve")
        .check(cli::positive_number());
    add_traffic_demand(command, options->traffic);
    cli::option(command, "--connections", options->demand.connections, "Connections open at once")
        .check(cli::positive_number());
    cli::option(command, "--slo", options->slo, "Latency objective, like p99=5ms");
    cli::size(command, "--memory", options->memory, "Memory that is there in all; 0 = any");
    cli::option(command, "--cores", options->cores, "Cores that are there in all")
        .check(cli::positive_number());
    cli::option(command, "--headroom", options->headroom_percent,
                "Share of the capacity to keep free, in percent")
        .check(cli::number_between(0, 95));
    cli::option(command, "--workload", options->workload,
                "Of the results; default: the one measured at the most loads");
    add_extras_options(command, options->extras);
    output_option(command, "--json", options->json,
                  "Write the plan as JSON to this file; - for standard output");
    cli::on_command(command, [options, &command, &status] {
        if (const Status fine = finish_traffic_demand(options->traffic, command); !fine) {
            status = cli::fail(fine.error().message, cli::kExitUsage);
            return;
        }
        if (const auto mistake = complete(*options)) {
            status = cli::fail(*mistake, cli::kExitUsage);
            return;
        }
        if (const std::string mistake =
                mistake_in(options->extras, command, options->json, is_csv(options->file));
            !mistake.empty()) {
            status = cli::fail(mistake, cli::kExitUsage);
            return;
        }
        status = plan_command(*options);
    });
}

}  // namespace echotrio::loadgen
