// `loadgen claims`: what is often said of the three models, measured on this machine.
#include "loadgen/claims/claims.hpp"

#include "common/base/cli.hpp"
#include "common/net/signals.hpp"
#include "loadgen/claims/counting.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/output.hpp"
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
    std::vector<std::string> only;
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

int claims(const Options& options) {
    auto signals = net::SignalFd::block({SIGINT, SIGTERM, SIGHUP});
    if (!signals) return cli::fail(signals.error().message);
    net::raise_descriptor_limit();
    ClaimContext context;
    context.bin_dir = own_bin_dir();
    context.cpus = usable_cpus();
    context.quick = options.quick;
    context.seed = options.seed ? *options.seed : std::random_device{}();
    context.folder = options.trials;
    bool stopped = false;
    context.stop = [&] { return stopped = stopped || signals->take().has_value(); };

    JudgedClaims found;
    std::string refused;
    std::size_t number = 0;
    const auto tests = chosen(options.only);
    for (const ClaimTest& test : tests) {
        ++number;
        if (!options.quiet) {
            std::fprintf(stderr, "[%zu/%zu] %s\n", number, tests.size(), test.name.c_str());
        }
        auto judged = judge_claims(test, context);
        if (!judged) {  // those judged before are not lost with it
            refused = judged.error().message;
            break;
        }
        if (context.stop()) break;  // what is half measured is not judged
        for (Claim& claim : *judged) {
            const auto& only = options.only;
            const bool asked = std::find(only.begin(), only.end(), claim.id) != only.end();
            if (asked || only.empty()) found.claims.push_back(std::move(claim));
        }
    }
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

// Why it is not the id of a claim; empty: it is one.
std::string known_claim(const std::string& id) {
    const auto ids = claim_ids();
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) return {};
    return fmt::format("there is no claim {}; known: {}", id, fmt::join(ids, ", "));
}

}  // namespace

void add_claims(CLI::App& app, int& status) {
    auto options = std::make_shared<Options>();
    CLI::App& command = cli::command(
        app, "claims",
        "What is said of processes, threads, the global lock and coroutines, measured");
    cli::flag(command, "--quick", options->quick, "About two minutes, wider intervals");
    cli::option(
        command, "--only", options->only,
        fmt::format("These claims alone, separated by commas: {}", fmt::join(claim_ids(), ", ")))
        .delimiter(',')
        .type_name("ID,...")
        .default_str("all")
        .check(known_claim);
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
