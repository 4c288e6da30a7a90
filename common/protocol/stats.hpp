// The content of /stats and /metrics: one description, two renderings (JSON, Prometheus text).
#pragma once

#include "common/protocol/counters.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::protocol {

// The sum of some Counters, as plain numbers.
struct Totals {
    std::uint64_t opened = 0, closed = 0, refused = 0, requests = 0, bytes_in = 0, bytes_out = 0,
                  bad_requests = 0, timeouts = 0, resets = 0;

    void add(const Counters& counters) noexcept;
};

enum class FieldKind : std::uint8_t { counter, gauge };

// A figure of the model's own. `name` is in snake_case and ends in its unit (switch_wait_p99_us).
struct Field {
    std::string name;
    std::string help;
    FieldKind kind = FieldKind::gauge;
    double value = 0;
};

// JSON: {"<name>": {"<field>": value}}; Prometheus: echotrio_<name>_<field>, counters with _total.
struct Section {
    std::string name;
    std::vector<Field> fields;
};

struct Stats {
    std::string model;
    std::vector<int> pids;  // the first is the process to measure (--pid)
    double uptime_s = 0;
    double base_cost_s = 0;  // Settings::base_cost
    Totals totals;
    std::vector<Section> own;  // workers by state, GIL counters, loop lag ...
};

std::string to_json(const Stats& stats);
std::string to_prometheus(const Stats& stats);

// Who can tell the Stats of the whole server, whichever worker is asked.
class StatsSource {
  public:
    virtual ~StatsSource() = default;
    virtual Stats collect() = 0;
};

}  // namespace echotrio::protocol
