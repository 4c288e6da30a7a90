// `plan --traffic`: the demand as recorded traffic has it, in the place of --rate.
#pragma once

#include "loadgen/commands/traffic_file.hpp"
#include "loadgen/document/document.hpp"
#include "loadgen/traffic/rates.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

struct TrafficDemand {
    TrafficFile file;
    std::optional<Traffic> traffic;  // once it was read
    TrafficRates rates;

    bool is_asked() const { return !file.path.empty(); }
};

void add_traffic_demand(CLI::App& command, TrafficDemand& demand);

// What the flags mean together. Error: "--flag: why", for exit status 2.
Status finish_traffic_demand(const TrafficDemand& demand, const CLI::App& command);

// Reads the file, if one was asked for, and puts what it demands into `rate`. Error: for exit
// status 1.
Status read_traffic_demand(TrafficDemand& demand, double& rate);

// What was found and which figure is planned for, into the document's head.
void tell_of_traffic(const TrafficDemand& demand, Document& document);
nlohmann::ordered_json traffic_demand_to_json(const TrafficDemand& demand);

}  // namespace echotrio::loadgen
