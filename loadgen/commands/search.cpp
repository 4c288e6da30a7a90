// `loadgen search`: the highest rate at which a server meets an objective.
#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/analysis/rate_outcome.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/interrupts.hpp"
#include "loadgen/commands/load_options.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/design/run_command.hpp"
#include "loadgen/design/subject_json.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/experiment/subject_trial.hpp"
#include "loadgen/report/console_run.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"
#include "loadgen/schedule/rate_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <vector>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kAttempts = 3;

struct Options {
    LoadFlags load;
    std::string slo;
    Objective objective;
    Nanos probe = std::chrono::seconds(2);
    RateSearch::Settings settings;
    std::string json;
    bool quiet = false;
};

// A trial of the search with what it means.
struct Judged {
    RateSearch::Step step;
    RateSearch::Result result = RateSearch::Result::fail;
    Outcome outcome = Outcome::undecided;
    RunResult run;
};

Judged judge_step(const RateSearch::Step& step, RunResult run, const Objective& objective) {
    Judged judged{step, RateSearch::Result::fail, Outcome::missed, std::move(run)};
    const RunResult& r = judged.run;
    judged.outcome = objective_outcome(r, objective);
    if (generator_at_fault(r.verdict)) {
        judged.result = RateSearch::Result::generator_limit;
    } else if (judged.outcome != Outcome::missed && !r.verdict.overloaded &&
               (r.requests > 0 || r.accounting.scheduled == 0)) {
        judged.result = RateSearch::Result::pass;
    }
    return judged;
}

const char* name_of(RateSearch::Result result) {
    switch (result) {
        case RateSearch::Result::pass:
            return "pass";
        case RateSearch::Result::fail:
            return "fail";
        case RateSearch::Result::generator_limit:
            return "generator_limit";
    }
    return "";
}

const char* confidence_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::met:
            return "met at 99 % confidence";
        case Outcome::missed:
            return "missed";
        case Outcome::undecided:
            return "met, but too few samples for 99 % confidence";
    }
    return "";
}

std::string describe(const Judged& j, const Objective& objective) {
    const double measured =
        static_cast<double>(j.run.latency.value_at_percentile(objective.quantile * 100));
    const char* verdict = j.result == RateSearch::Result::pass   ? "pass"
                          : j.result == RateSearch::Result::fail ? "fail"
                                                                 : "generator was the limit";
    return fmt::format("p{:.6g} {:<9} {}{}", objective.quantile * 100,
                       human_duration(Nanos(static_cast<std::int64_t>(measured))), verdict,
                       j.run.verdict.overloaded ? " (overloaded)" : "");
}

class Search {
  public:
    Search(const Options& options, Interrupts& interrupts)
        : options_(options), interrupts_(interrupts), search_(options.settings) {}

    // False: it was called off, or a trial could not run (error() says why).
    bool run() {
        while (const auto step = search_.next()) {
            if (!take(*step)) return false;
            search_.record(steps_.back().result);
        }
        return true;
    }

    const std::string& error() const { return error_; }
    const RateSearch& search() const { return search_; }
    const std::vector<Judged>& steps() const { return steps_; }

    // The full-length trial at this rate that counts: the last one.
    const Judged* full_trial(std::optional<double> rate) const {
        for (auto step = steps_.rbegin(); rate && step != steps_.rend(); ++step) {
            if (step->step.full && step->step.rate == *rate) return &*step;
        }
        return nullptr;
    }

  private:
    // One step. The generator being at fault once may be a stall of the machine: it is repeated.
    bool take(const RateSearch::Step& step) {
        for (int attempt = 0; attempt < kAttempts; ++attempt) {
            auto result = trial(step);
            if (!result) {
                error_ = result.error().message;
                return false;
            }
            if (result->interrupted) return false;
            steps_.push_back(judge_step(step, std::move(*result), options_.objective));
            if (!options_.quiet) {
                fmt::print(stderr, "{:>12}/s  {:<5} {}\n", grouped(step.rate),
                           step.full ? "full" : "probe",
                           describe(steps_.back(), options_.objective));
            }
            if (steps_.back().result != RateSearch::Result::generator_limit) break;
        }
        return true;
    }

    Result<RunResult> trial(const RateSearch::Step& step) {
        TrialOptions trial;
        trial.run = options_.load.run;
        trial.run.rate = {{step.rate, Nanos(0)}};
        if (!step.full) trial.run.duration = std::min(trial.run.duration, options_.probe);
        trial.run.seed += steps_.size();  // no two trials with the same luck
        trial.pid = options_.load.pid;
        trial.observer = options_.load.observer;
        trial.ceiling_rps = options_.load.ceiling_rps;
        const auto stop = interrupts_.stop();
        const auto& server = options_.load.server.subject;
        return server ? run_trial_on(*server, trial, {}, stop, interrupts_.hurry())
                      : run_trial(trial, {}, stop);
    }

    const Options& options_;
    Interrupts& interrupts_;
    RateSearch search_;
    std::vector<Judged> steps_;
    std::string error_;
};

Json step_json(const Judged* judged) {
    if (judged == nullptr) return nullptr;
    Json json{{"rate", judged->step.rate},
              {"full", judged->step.full},
              {"result", name_of(judged->result)},
              {"confidence", confidence_of(judged->outcome)}};
    json["latency_us"] = summary_to_json(judged->run.latency_us);
    json["throughput_rps"] = judged->run.throughput_rps;
    json["accounting"] = accounting_to_json(judged->run.accounting);
    json["verdict"] = verdict_to_json(judged->run.verdict);
    return json;
}

// Every step has the same.
CpusHad cpus_of(const Search& search) {
    return search.steps().empty() ? CpusHad{} : search.steps().front().run.cpus;
}

Json to_json(const Options& options, const Search& search) {
    Json json{{"schema_version", kSchemaVersion}};
    json["command"] = options_to_json(options.load.run);
    if (const auto& server = options.load.server.subject) {
        json["command"]["server"] = subject_to_json(*server);
    }
    json["command"]["slo"] = format_objective(options.objective);
    json["environment"] = describe_environment();
    json["cpus"] = cpus_to_json(cpus_of(search));
    json["last_pass"] = step_json(search.full_trial(search.search().last_pass()));
    json["first_fail"] = step_json(search.full_trial(search.search().first_fail()));
    const auto limit = search.search().generator_limit();
    json["generator_limit"] = limit ? Json(*limit) : Json(nullptr);
    json["steps"] = Json::array();
    for (const Judged& step : search.steps()) json["steps"].push_back(step_json(&step));
    return json;
}

std::string conclusion(const Options& options, const Search& search) {
    const std::string slo = format_objective(options.objective);
    const RateSearch& found = search.search();
    std::string text;
    if (const Judged* pass = search.full_trial(found.last_pass())) {
        text += fmt::format("last pass   {}/s  {}: {}\n", grouped(pass->step.rate), slo,
                            confidence_of(pass->outcome));
    } else {
        text +=
            fmt::format("no rate from {}/s on meets {}\n", grouped(options.settings.lowest), slo);
    }
    if (const Judged* fail = search.full_trial(found.first_fail())) {
        text += fmt::format("first fail  {}/s  {}\n", grouped(fail->step.rate),
                            describe(*fail, options.objective));
    }
    text += fmt::format("CPUs        {}\n", cpus_words(cpus_of(search)));
    if (found.generator_limit()) {
        text += fmt::format(
            "from {}/s on the generator was the limit, which says nothing about the server: add "
            "--threads, or give it CPUs of its own (--cpus)\n",
            grouped(*found.generator_limit()));
    }
    return text;
}

int run_search(const Options& options) {
    auto interrupts = Interrupts::block({SIGINT, SIGTERM});
    if (!interrupts) return cli::fail(interrupts.error().message);
    Search search(options, *interrupts);
    if (!search.run()) {
        return cli::fail(search.error().empty() ? "interrupted before the search ended"
                                                : search.error());
    }
    const std::string json = to_indented_text(to_json(options, search));
    if (!options.quiet) {
        fmt::print(summary_stream(options.json), "{}", conclusion(options, search));
    }
    const RateSearch& found = search.search();
    const bool untold = found.generator_limit() && !found.first_fail();
    return keep(options.json, json,
                found.last_pass() ? cli::kExitOk
                : untold          ? kExitInvalid
                                  : kExitNotMet);
}

}  // namespace

void add_search(CLI::App& app, int& status) {
    CLI::App& command =
        cli::command(app, "search", "Find the highest rate that meets an objective");
    auto options = std::make_shared<Options>();
    options->load.run.connections = 64;
    add_load_flags(command, options->load, false);
    cli::option(command, "--slo", options->slo, "The objective, like p99=5ms").required();
    cli::duration(command, "--probe", options->probe, "Length of a short trial");
    RateSearch::Settings& settings = options->settings;
    cli::option(command, "--from", settings.start, "The first rate to try, requests/s")
        .check(cli::positive_number());
    cli::option(command, "--lowest", settings.lowest, "Try nothing below this")
        .check(cli::positive_number());
    cli::option(command, "--highest", settings.highest, "Try nothing above this")
        .check(cli::positive_number());
    cli::option(command, "--precision", settings.precision, "Distance of first fail and last pass")
        .check(cli::number_between(0.001, 1));
    output_option(command, "--json", options->json,
                  "Write what was found as JSON to this file; - for standard output");
    cli::flag(command, "--quiet", options->quiet, "No steps, no conclusion");
    cli::on_command(command, [options, &command, &status] {
        auto objective = parse_objective(options->slo);
        Status finished = objective ? finish_load_flags(options->load, command)
                                    : Status(Error{"--slo: " + objective.error().message});
        RateSearch::Settings& s = options->settings;
        if (finished && s.lowest > s.highest) finished = Error{"--lowest: is above --highest"};
        s.start = std::clamp(s.start, s.lowest, std::max(s.lowest, s.highest));
        if (objective) options->objective = *objective;
        status =
            finished ? run_search(*options) : cli::fail(finished.error().message, cli::kExitUsage);
    });
}

}  // namespace echotrio::loadgen
