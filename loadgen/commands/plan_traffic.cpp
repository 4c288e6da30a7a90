#include "loadgen/commands/plan_traffic.hpp"

#include "common/base/units.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

// Less says little of the busiest hour of a week.
constexpr double kShort = 600;  // seconds

std::string decision(const TrafficRates& r) {
    if (r.peak_decides()) {
        return fmt::format(
            "planned for {}/s, the mean of the busiest minute: it is above what 99 of 100 seconds "
            "bring, and too long to be waited out in a queue",
            format_count(r.peak_minute));
    }
    return fmt::format(
        "planned for {}/s: no more arrives in 99 of 100 seconds, and it is not below the mean of "
        "the busiest minute",
        format_count(r.p99));
}

}  // namespace

void add_traffic_demand(CLI::App& command, TrafficDemand& demand) {
    add_traffic_file(command, demand.file, "--traffic",
                     "In the place of --rate: what this recorded traffic asks for; access log, CSV "
                     "(time,method,path,bytes), NDJSON, HAR; - for standard input");
}

Status finish_traffic_demand(const TrafficDemand& demand, const CLI::App& command) {
    const bool given = cli::is_given(command, "--traffic");
    if (given && demand.file.path.empty()) return Error{"--traffic: needs the name of a file"};
    if (given && cli::is_given(command, "--rate")) {
        return Error{"--traffic: it is the rate that is asked for: leave out --rate"};
    }
    if (!given && cli::is_given(command, "--traffic-format")) {
        return Error{"--traffic-format: needs --traffic FILE"};
    }
    return Done{};
}

Status read_traffic_demand(TrafficDemand& demand, double& rate) {
    if (!demand.is_asked()) return Done{};
    auto traffic = load_traffic(demand.file);
    if (!traffic) return traffic.error();
    demand.rates = rates_of(*traffic->recording);
    demand.traffic = std::move(*traffic);
    rate = demand.rates.demand();
    return Done{};
}

void tell_of_traffic(const TrafficDemand& demand, Document& document) {
    if (!demand.traffic) return;
    const TrafficRates& r = demand.rates;
    for (std::string& note : traffic_notes(demand.file, *demand.traffic)) {
        document.subtitle.push_back(std::move(note));
    }
    document.subtitle.push_back(
        fmt::format("arrivals a second: mean {}, busiest minute {}, p99 of {} {}, most {}",
                    format_count(r.mean), format_count(r.peak_minute),
                    format_plural(r.seconds, "second"), format_count(r.p99), format_count(r.max)));
    document.subtitle.push_back(decision(r));
    if (r.length_s < kShort) {
        document.subtitle.push_back(
            fmt::format("it lasts {} only: a peak at another time is not in it; take days",
                        human_seconds(r.length_s)));
    }
}

nlohmann::ordered_json traffic_demand_to_json(const TrafficDemand& demand) {
    if (!demand.traffic) return nullptr;
    const TrafficRates& r = demand.rates;
    nlohmann::ordered_json json = traffic_to_json(demand.file, *demand.traffic);
    json["mean_rps"] = r.mean;
    json["peak_minute_rps"] = r.peak_minute;
    json["p99_rps"] = r.p99;
    json["max_rps"] = r.max;
    json["seconds"] = r.seconds;
    json["planned_for"] = r.peak_decides() ? "peak_minute" : "p99";
    return json;
}

}  // namespace echotrio::loadgen
