#include "loadgen/commands/plan_extras.hpp"

#include "common/base/cli.hpp"
#include "loadgen/results/files.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

constexpr std::uint64_t kMostPrices = 4U << 20U;  // bytes of a price list
constexpr Nanos kLongestWait = std::chrono::hours(1);

ExtrasRefused misused(const std::string& message) {
    return {message, cli::kExitUsage};
}

Result<PriceList> read_prices(const std::string& file) {
    const auto text = read_file(file, kMostPrices);
    if (!text) return text.error();
    auto prices = parse_prices(*text);
    if (!prices) return Error{fmt::format("{}: {}", file, prices.error().message)};
    return prices;
}

// Precondition: mistake_in() found none.
AutoscalingRequest autoscaling_asked(const ExtrasAsked& asked) {
    AutoscalingRequest request;
    request.ramp = *parse_ramp(asked.ramp);
    request.sync_s = seconds(asked.sync);
    request.metrics_s = seconds(asked.metrics);
    request.pod_s = seconds(asked.pod_start);
    return request;
}

// Why there is nothing to answer; empty: there is.
std::string wrong_with_demand(const ExtrasAsked& asked, const Demand& demand) {
    if (!demand.asks_for_something()) {
        return "--prices, --growth and --emit are about a demand: give --rate or --connections too";
    }
    if (!asked.emit.empty() && !(demand.rate > 0)) {
        return "--emit: an autoscaler goes by CPU, which connections do not take: give --rate too";
    }
    return "";
}

}  // namespace

void add_extras_options(CLI::App& command, ExtrasAsked& asked) {
    cli::option(command, "--prices", asked.prices,
                "Price list, a .csv with columns name,vcpu,gib,price_per_hour[,currency]: what the "
                "demand costs on each kind of instance, with a spare")
        .type_name("FILE");
    cli::option(command, "--growth", asked.growth,
                "How fast the demand grows, like 20%/month (day, week, month, year): when it "
                "outgrows what is planned");
    cli::option(command, "--emit", asked.emit,
                "Write an autoscaler for Kubernetes to standard output, instead of the plan")
        .one_of({"hpa"});
    cli::option(command, "--ramp", asked.ramp,
                "Of --emit hpa: by how much of --rate the load may rise, like 10%/min (s, min, h)");
    cli::duration(command, "--hpa-sync", asked.sync,
                  "Of --emit hpa: how often the autoscaler looks")
        .check(cli::at_most(kLongestWait));
    cli::duration(command, "--metrics-delay", asked.metrics,
                  "Of --emit hpa: how late it sees what pods use")
        .check(cli::at_most(kLongestWait));
    cli::duration(
        command, "--pod-start", asked.pod_start,
        "Of --emit hpa: placing a pod, its image and its probe; the server's own start is "
        "measured and comes on top")
        .check(cli::at_most(kLongestWait));
}

std::string mistake_in(const ExtrasAsked& asked, const CLI::App& command, const std::string& json,
                       bool from_csv) {
    if (cli::is_given(command, "--prices") && asked.prices.empty()) return "--prices: name a file";
    if (cli::is_given(command, "--growth")) {
        if (const auto growth = parse_growth(asked.growth); !growth) {
            return "--growth: " + growth.error().message;
        }
    }
    if (const auto ramp = parse_ramp(asked.ramp); !ramp) return "--ramp: " + ramp.error().message;
    for (const char* flag : {"--ramp", "--hpa-sync", "--metrics-delay", "--pod-start"}) {
        if (cli::is_given(command, flag) && asked.emit.empty()) {
            return fmt::format("{} is of --emit hpa: give that too", flag);
        }
    }
    for (const char* flag : {"--cores", "--memory"}) {
        if (cli::is_given(command, flag) && !asked.prices.empty()) {
            return fmt::format(
                "{}: with --prices each instance brings its own vCPUs and memory: leave out {}",
                flag, flag);
        }
    }
    if (asked.sync <= Nanos(0)) return "--hpa-sync: must be above 0";
    if (!asked.emit.empty() && !json.empty() && is_standard_output(json)) {
        return "--emit and --json - both write to standard output: name a file for --json";
    }
    if (from_csv && (!asked.prices.empty() || !asked.emit.empty())) {
        return fmt::format("{}: points of a CSV file do not tell CPUs; give results of loadgen",
                           asked.prices.empty() ? "--emit" : "--prices");
    }
    return "";
}

std::optional<ExtrasRefused> make_extras(const ExtrasAsked& asked,
                                         std::span<const MeasuredModel> models,
                                         const CapacityPlan& plan, const Rng& rng,
                                         PlanExtras& extras) {
    if (!asked.any()) return std::nullopt;
    if (const auto wrong = wrong_with_demand(asked, plan.demand); !wrong.empty()) {
        return misused(wrong);
    }
    ExtrasRequest request;
    if (!asked.prices.empty()) {
        auto read = read_prices(asked.prices);
        if (!read) return misused("--prices: " + read.error().message);
        request.prices = std::move(*read);
    }
    if (!asked.growth.empty()) request.growth = *parse_growth(asked.growth);
    if (!asked.emit.empty()) request.autoscaling = autoscaling_asked(asked);
    auto made = plan_extras(models, plan, request, rng);
    if (!made) return ExtrasRefused{"--emit: " + made.error().message, cli::kExitFailed};
    extras = std::move(*made);
    return std::nullopt;
}

}  // namespace echotrio::loadgen
