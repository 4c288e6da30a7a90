#include "loadgen/commands/compare_bounds.hpp"

#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/commands/compare_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <string_view>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kRepetitions = 5;
constexpr std::uint64_t kMostRepetitions = 1000;
// With --quick: as many rounds as the time allows, and no more than anybody needs.
constexpr std::uint64_t kQuickRepetitions = 10;
constexpr Nanos kQuickBudget = std::chrono::minutes(3);
// With --precision or --budget, where nothing else bounds them.
constexpr std::uint64_t kOpenRepetitions = 100;

// "5%"
Result<double> parse_share(const std::string& text) {
    double percent = 0;
    const char* const end = text.data() + text.size();
    const auto [at, failed] = std::from_chars(text.data(), end, percent);
    const bool whole = failed == std::errc() && std::string_view(at, end) == "%";
    if (!whole || !(percent >= 0.1) || percent > 100) {
        return Error{fmt::format("--precision: write a share from 0.1% to 100%, like 5%, got '{}'",
                                 text.substr(0, 100))};
    }
    return percent / 100;
}

// --budget was the name of what is --retries now.
Result<Nanos> parse_budget(const std::string& text) {
    const bool number = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isdigit(static_cast<unsigned char>(c)) != 0;
    });
    if (number) {
        return Error{
            fmt::format("--budget: is a time now, like 4m; how many INVALID trials are repeated is "
                        "--retries {}",
                        text.substr(0, 20))};
    }
    const auto budget = parse_duration(text);
    if (!budget) return Error{fmt::format("--budget: {}", budget.error().message)};
    if (*budget == Nanos(0)) return Error{"--budget: must be above 0"};
    return *budget;
}

}  // namespace

void add_bounds(CLI::App& command, CompareOptions& o) {
    cli::option(
        command, "-r,--repetitions", o.repetitions,
        "Rounds, each with every trial once; with --precision, --budget or --quick: at most")
        .range(1, kMostRepetitions)
        .default_str(fmt::format("{}, {} with --quick, {} with --precision or --budget",
                                 kRepetitions, kQuickRepetitions, kOpenRepetitions));
    const auto keep = [](std::optional<std::string>& value) {
        return [&value](const std::string& text) { value = text; };
    };
    cli::option(command, "--precision", keep(o.precision),
                "Rounds until the intervals of the headline ratios reach no further than this")
        .type_name("SHARE%");
    cli::option(
        command, "--budget", keep(o.budget),
        "No trial begins that would end later than this; the prediction of --python comes on "
        "top")
        .type_name("DURATION")
        .default_str(fmt::format("none, with --quick {}", format_duration(kQuickBudget)));
    cli::option(command, "--retries", o.retries,
                "How many INVALID trials are repeated, and how many of whose CPU time the host "
                "took more than 2 %")
        .default_str("a tenth of the trials; a third");
}

Status bound_rounds(CompareOptions& options) {
    Plan& plan = options.plan;
    if (options.quick) {
        plan.budget = kQuickBudget;
        plan.follow_memory = false;
        plan.cross_check_rounds = 1;
    }
    if (options.precision) {
        const auto precision = parse_share(*options.precision);
        if (!precision) return precision.error();
        plan.precision = *precision;
    }
    if (options.budget) {
        const auto budget = parse_budget(*options.budget);
        if (!budget) return budget.error();
        plan.budget = *budget;
    }
    const bool asked = options.precision || options.budget;
    plan.repetitions = options.repetitions.value_or(asked           ? kOpenRepetitions
                                                    : options.quick ? kQuickRepetitions
                                                                    : kRepetitions);
    if (plan.precision > 0 && plan.repetitions <= kLeastRounds) {
        return Error{fmt::format(
            "--repetitions: --precision needs at least {} rounds to tell how wide an interval is",
            kLeastRounds + 1)};
    }
    return Done{};
}

Status bound_trials(CompareOptions& options) {
    Plan& plan = options.plan;
    // How many rounds there will be is not known of an open end: it is taken for ten.
    const std::uint64_t rounds =
        is_open_ended(plan) ? std::min(plan.repetitions, kQuickRepetitions) : plan.repetitions;
    const std::uint64_t trials = rounds * round_trials(plan, 1, plan.levels).size();
    plan.retries = options.retries.value_or(std::max<std::uint64_t>(3, trials / 10));
    plan.retries_after_steal = options.retries.value_or(trials / 3);
    // --quick too has two rounds, or as many as were asked for if fewer: without them there is no
    // interval at all.
    if (plan.budget == Nanos(0)) return Done{};
    Nanos least = spent_on(plan, {});
    for (std::uint64_t round = 1; round <= std::min<std::uint64_t>(plan.repetitions, 2); ++round) {
        least += estimated_duration(plan, round_trials(plan, round, plan.levels));
    }
    if (!options.budget) plan.budget = std::max(plan.budget, least);
    if (least <= plan.budget) return Done{};
    return Error{fmt::format(
        "--budget: {} is too little: give at least {}, for two rounds, or fewer workloads, models "
        "or connections",
        human_time(plan.budget), human_time(least + std::chrono::seconds(1)))};
}

}  // namespace echotrio::loadgen
