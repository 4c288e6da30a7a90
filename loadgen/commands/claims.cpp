// `loadgen claims`: what is often said of the three models, measured on this machine.
#include "loadgen/claims/claims.hpp"

#include "common/base/cli.hpp"
#include "common/net/socket.hpp"
#include "loadgen/claims/counting.hpp"
#include "loadgen/claims/prediction.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/interrupts.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/commands/python_option.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/report/claims_report.hpp"
#include "loadgen/results/results_file.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/server_process.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>

namespace echotrio::loadgen {
namespace {

struct Options {
    bool quick = false, quiet = false;
    std::string json, trials, count_in;
    std::vector<std::string> only, python;
    std::optional<std::uint64_t> seed;
};

// The experiments that measure one of these claims; all of them where none is named.
std::vector<ClaimTest> chosen(const std::vector<std::string>& only) {
    std::vector<ClaimTest> tests;
    for (const ClaimTest& test : claim_tests()) {
        const auto& all = test.sentences;
        const bool named = std::any_of(all.begin(), all.end(), [&](const Sentence& one) {
            return std::find(only.begin(), only.end(), one.id) != only.end();
        });
        if (named || only.empty()) tests.push_back(test);
    }
    return tests;
}

bool is_asked(const std::vector<std::string>& only, const std::string& id) {
    return only.empty() || std::find(only.begin(), only.end(), id) != only.end();
}

// Judges one experiment after the other into `found`. Error: trials can't be kept; what was judged
// before is not lost with it.
Status judge_all(const Options& options, const ClaimContext& context,
                 const std::vector<Python>& pythons, JudgedClaims& found) {
    const auto tests = chosen(options.only);
    const bool predicts = !pythons.empty() && is_asked(options.only, kPredictionId);
    const std::size_t steps = tests.size() + (predicts ? 2 * pythons.size() : 0);
    std::size_t number = 0;
    const auto says = [&](const std::string& what) {
        ++number;
        if (!options.quiet) {
            std::fprintf(stderr, "[%zu/%zu] %s\n", number, steps, what.c_str());
        }
    };
    for (const ClaimTest& test : tests) {
        says(test.name);
        auto judged = judge_claims(test, context, pythons);
        if (!judged) return judged.error();
        if (context.stop()) return Done{};  // what is half measured is not judged
        for (Claim& claim : *judged) {
            if (is_asked(options.only, claim.id)) found.claims.push_back(std::move(claim));
        }
    }
    if (!predicts) return Done{};
    auto prediction = predict(context, pythons, says);
    if (!prediction) return prediction.error();
    found.prediction = std::move(*prediction);
    return Done{};
}

int claims(const Options& options) {
    const auto pythons = find_pythons(options.python);
    if (!pythons) return cli::fail(pythons.error().message, cli::kExitUsage);
    if (pythons->empty() && !options.only.empty() && is_asked(options.only, kPredictionId)) {
        return cli::fail("--only prediction: say for which Python, with --python", cli::kExitUsage);
    }
    auto interrupts = Interrupts::block({SIGINT, SIGTERM, SIGHUP});
    if (!interrupts) return cli::fail(interrupts.error().message);
    net::raise_descriptor_limit();
    ClaimContext context;
    context.bin_dir = own_bin_dir();
    context.cpus = usable_cpus();
    context.quick = options.quick;
    context.folder = options.trials;
    // What is kept goes on with the seed that it was begun with.
    const auto begun = context.folder.empty() ? std::nullopt : kept_seed(context.folder);
    context.seed = options.seed ? *options.seed : begun.value_or(std::random_device{}());
    context.stop = interrupts->stop();
    context.hurry = interrupts->hurry();

    JudgedClaims found;
    const Status kept = judge_all(options, context, *pythons, found);
    const std::string refused = kept ? "" : kept.error().message;
    const bool stopped = context.stop();
    found.complete = !stopped && refused.empty();
    const auto json = claims_to_json(found, describe_environment(), context.seed);
    if (summary_stream(options.json) == stdout) {
        std::fputs(to_console(claims_document(found), terminal_style(STDOUT_FILENO)).c_str(),
                   stdout);
    }
    const int status = keep(options.json, to_text(json), cli::kExitOk);
    if (!refused.empty()) return cli::fail(refused);
    return stopped ? cli::fail("interrupted: the claims above are those that were judged") : status;
}

std::vector<std::string> known_ids() {
    auto ids = claim_ids();
    ids.emplace_back(kPredictionId);
    return ids;
}

// Why it is not the id of a claim; empty: it is one.
std::string known_claim(const std::string& id) {
    const auto ids = known_ids();
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) return {};
    return fmt::format("there is no claim {}; known: {}", id, fmt::join(ids, ", "));
}

}  // namespace

void add_claims(CLI::App& app, int& status) {
    auto options = std::make_shared<Options>();
    CLI::App& command = cli::command(
        app, "claims",
        "What is said of processes, threads, the global lock and coroutines, measured");
    cli::flag(command, "--quick", options->quick, "About four minutes, wider intervals");
    cli::option(
        command, "--only", options->only,
        fmt::format("These claims alone, separated by commas: {}", fmt::join(known_ids(), ", ")))
        .delimiter(',')
        .type_name("ID,...")
        .default_str("all")
        .check(known_claim);
    add_python_option(command, options->python,
                      "Judges each claim for this Python, too, and whether the models predict it");
    output_option(command, "--json", options->json,
                  "Write the figures as JSON to this file; - for standard output");
    cli::option(
        command, "--trials", options->trials,
        "Keeps the trials of the load experiments there, a folder each that `loadgen report` "
        "reads; given again, it goes on where it was interrupted")
        .type_name("DIR");
    cli::option(command, "--seed", options->seed, "Order of the trials and arrivals")
        .default_str("random, recorded");
    cli::flag(command, "-q,--quiet", options->quiet, "No progress");
    cli::option(command, "--count-in", options->count_in).hidden();  // see counting.hpp
    cli::on_command(command, [options, &status] {
        status = options->count_in.empty() ? claims(*options) : count_in(options->count_in);
    });
}

}  // namespace echotrio::loadgen
