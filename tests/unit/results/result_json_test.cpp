// A result as JSON: the contract's keys, and everything comes back.
#include "loadgen/results/result_json.hpp"

#include "loadgen/record/summary.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

RunResult sample() {
    RunResult r;
    r.requests = 1000;
    r.throughput_rps = 100;
    r.duration_s = 10;
    r.mean_in_flight = 1.5;
    for (int i = 1; i <= 1000; ++i) {
        r.latency.record(i * 1000);
        r.service_time.record(i * 900);
        r.lateness.record(i);
    }
    r.latency_us = summarise(r.latency);
    r.service_time_us = summarise(r.service_time);
    r.lateness_us = summarise(r.lateness);
    r.accounting = {1003, 1002, 1000, 1, 1, 0, 1};
    r.total = {1103, 1102, 1100, 1, 1, 0, 1};
    r.errors.reset = 1;
    r.errors.timeout = 1;
    r.connections.opened = 4;
    r.generator.syscalls_per_request = 2.1;
    r.classes.push_back({"/a", 10, r.latency_us, r.latency});
    r.intervals.push_back({1, 100, 100, 2, 0, 10.0, std::nullopt, 0.5, std::nullopt});
    r.sampled_gaps_s = {0.01, 0.02};
    r.verdict.valid = false;
    r.verdict.reasons.push_back({"failures", "0.2 % failed", "look at the server's log"});
    ServerUse use;
    use.cpu_s = 1.25;
    use.memory = {{"pss", 1e6}, {"slab_tcp", std::nullopt}};
    r.server = use;
    return r;
}

TEST(ResultJson, HasTheContractsKeys) {
    const auto json = result_to_json(sample());
    const char* const keys[] = {"/schema_version",
                                "/requests",
                                "/throughput_rps",
                                "/duration_s",
                                "/latency_us/count",
                                "/latency_us/mean",
                                "/latency_us/stddev",
                                "/latency_us/min",
                                "/latency_us/p50",
                                "/latency_us/p90",
                                "/latency_us/p99",
                                "/latency_us/p99_9",
                                "/latency_us/p99_99",
                                "/latency_us/max",
                                "/service_time_us/p50",
                                "/lateness_us/p99",
                                "/accounting/scheduled",
                                "/accounting/sent",
                                "/accounting/completed",
                                "/accounting/failed",
                                "/accounting/timed_out",
                                "/accounting/in_flight",
                                "/accounting/unsent",
                                "/errors/connect",
                                "/errors/reset",
                                "/errors/closed",
                                "/errors/timeout",
                                "/errors/mismatch",
                                "/errors/status",
                                "/errors/protocol",
                                "/connections/opened",
                                "/connections/served",
                                "/connections/fairness",
                                "/generator/cpu_s",
                                "/generator/threads",
                                "/generator/busiest_thread",
                                "/generator/syscalls_per_request",
                                "/server/cpu_s",
                                "/server/cpu_us_per_request",
                                "/server/processes",
                                "/server/threads",
                                "/server/memory/pss",
                                "/server/voluntary_switches",
                                "/server/involuntary_switches",
                                "/verdict/valid",
                                "/verdict/reasons",
                                "/verdict/flags"};
    for (const char* key : keys) {
        EXPECT_TRUE(json.contains(nlohmann::ordered_json::json_pointer(key))) << key;
    }
    EXPECT_TRUE(json["latency_us"]["p99_9"].is_null());  // 1,000 samples do not support it
    EXPECT_TRUE(json["latency_us"]["p99"].is_number());
    EXPECT_TRUE(json["server"]["memory"]["slab_tcp"].is_null());
    RunResult without = sample();
    without.server.reset();
    EXPECT_TRUE(result_to_json(without)["server"].is_null());
}

TEST(ResultJson, ComesBack) {
    const RunResult before = sample();
    const auto json = result_to_json(before);
    const auto after = result_from_json(nlohmann::ordered_json::parse(json.dump()));
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_EQ(after->latency, before.latency);
    EXPECT_EQ(after->lateness, before.lateness);
    EXPECT_EQ(after->accounting.failed, 1U);
    EXPECT_EQ(after->classes.at(0).latency, before.latency);
    EXPECT_EQ(after->server->memory.at("pss"), 1e6);
    EXPECT_EQ(result_to_json(*after), json);
}

TEST(ResultJson, SaysWhatIsWrong) {
    const auto message = [](const auto& change) {
        auto json = result_to_json(sample());
        change(json);
        const auto read = result_from_json(json);
        return read ? std::string("(was read)") : read.error().message;
    };
    using Json = nlohmann::ordered_json;
    EXPECT_NE(message([](Json& j) { j.erase("requests"); }).find("'requests' is missing"),
              std::string::npos);
    EXPECT_NE(message([](Json& j) {
                  j["accounting"]["sent"] = -1;
              }).find("accounting: sent: is not a count"),
              std::string::npos);
    EXPECT_NE(message([](Json& j) { j["schema_version"] = 99; }).find("schema_version"),
              std::string::npos);
    EXPECT_NE(message([](Json& j) { j["histograms"]["latency"] = "AAAA"; }).find("HDR"),
              std::string::npos);
    EXPECT_NE(message([](Json& j) { j = Json::array(); }).find("is not an object"),
              std::string::npos);
}

}  // namespace
}  // namespace echotrio::loadgen
