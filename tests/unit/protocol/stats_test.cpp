#include "common/protocol/stats.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace echotrio::protocol {
namespace {

Stats example() {
    Stats stats;
    stats.model = "threads";
    stats.pids = {42, 43};
    stats.uptime_s = 12.5;
    stats.base_cost_s = 25e-6;
    Counters one;
    one.opened.add(5);
    one.closed.add(2);
    one.requests.add(100);
    one.bytes_in.add(6400);
    Counters two;
    two.opened.add(1);
    two.timeouts.add(3);
    two.resets.add(4);
    two.bad_requests.add(5);
    two.refused.add(6);
    two.bytes_out.add(1ULL << 40);
    stats.totals.add(one);
    stats.totals.add(two);
    stats.own = {{"gil",
                  {{"switches", "Times the lock changed hands", FieldKind::counter, 9},
                   {"wait_p99_us", "Time to get it", FieldKind::gauge, 5200.5}}}};
    return stats;
}

TEST(Stats, JsonHasTheContractsKeys) {
    const auto json = nlohmann::json::parse(to_json(example()));
    EXPECT_EQ(json.at("model"), "threads");
    EXPECT_EQ(json.at("pid"), 42);
    EXPECT_EQ(json.at("pids"), (std::vector<int>{42, 43}));
    EXPECT_EQ(json.at("uptime_s"), 12.5);
    EXPECT_EQ(json.at("base_cost_us"), 25);
    EXPECT_EQ(json.at("connections"), (nlohmann::json{{"now", 4}, {"total", 6}, {"refused", 6}}));
    EXPECT_EQ(json.at("requests"), 100);
    EXPECT_EQ(json.at("bytes"), (nlohmann::json{{"in", 6400}, {"out", 1ULL << 40}}));
    EXPECT_EQ(json.at("errors"),
              (nlohmann::json{{"bad_requests", 5}, {"timeouts", 3}, {"resets", 4}}));
    EXPECT_EQ(json.at("gil").at("switches").dump(), "9");  // a count is no 9.0
    EXPECT_EQ(json.at("gil").at("wait_p99_us"), 5200.5);
}

TEST(Stats, PrometheusHasBaseUnitsAndTotals) {
    const std::string text = to_prometheus(example());
    for (const char* line : {"# TYPE echotrio_requests_total counter\n",
                             "echotrio_requests_total{model=\"threads\"} 100\n",
                             "echotrio_connections{model=\"threads\"} 4\n",
                             "# HELP echotrio_gil_switches_total Times the lock changed hands\n",
                             "echotrio_gil_switches_total{model=\"threads\"} 9\n",
                             "# TYPE echotrio_gil_wait_p99_seconds gauge\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
}

TEST(Stats, ConnectionsNowIsNeverNegative) {
    Stats stats = example();
    stats.totals.closed = stats.totals.opened + 1;  // read while a connection ended
    EXPECT_EQ(nlohmann::json::parse(to_json(stats)).at("connections").at("now"), 0);
}

TEST(Stats, FiguresThatAreNoNumberDoNotBreakTheJson) {
    Stats stats = example();
    stats.own[0].fields[0].value = std::numeric_limits<double>::quiet_NaN();
    stats.own[0].fields[1].value = 1e300;
    const auto json = nlohmann::json::parse(to_json(stats));
    EXPECT_TRUE(json.at("gil").at("switches").is_null());
    EXPECT_EQ(json.at("gil").at("wait_p99_us"), 1e300);
}

}  // namespace
}  // namespace echotrio::protocol
