// The figures that models are compared by: what each needs, and that what is unknown is not 0.
#include "loadgen/findings/metrics.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace echotrio::loadgen {
namespace {

// 1,000 requests in 2 s, half a CPU-second.
Trial measured_trial() {
    Trial trial;
    RunResult& r = trial.result;
    r.requests = 1000;
    r.throughput_rps = 500;
    r.duration_s = 2;
    r.machine.busy_s = 3;
    r.latency_us.p50 = 100;
    ServerUse& use = r.server.emplace();
    use.cpu_us_per_request = 500;
    use.user_s = 0.2;
    use.voluntary_switches = 1500;
    use.involuntary_switches = 500;
    use.memory = {
        {"pss", 1e6}, {"page_tables", 2e4}, {"kernel_stacks", 3e4}, {"socket_buffers", 4e4}};
    return trial;
}

std::optional<double> value(const char* key, const Trial& trial) {
    const Metric* metric = find_metric(key);
    EXPECT_NE(metric, nullptr) << key;
    return metric != nullptr ? metric->of(trial) : std::nullopt;
}

TEST(Metrics, EachHasItsOwnKeyAndName) {
    std::set<std::string> keys;
    for (const Metric& metric : metrics()) {
        EXPECT_TRUE(keys.insert(metric.key).second) << metric.key;
        EXPECT_EQ(find_metric(metric.key), &metric);
        EXPECT_STRNE(metric.title, "");
        EXPECT_STRNE(metric.noun, "");
    }
    EXPECT_EQ(find_metric("no_such_metric"), nullptr);
}

TEST(Metrics, AreTakenPerRequestAndPerSecond) {
    const Trial trial = measured_trial();
    EXPECT_EQ(value("throughput_rps", trial), 500);
    EXPECT_EQ(value("p50_us", trial), 100);
    EXPECT_EQ(value("cpu_us_per_request", trial), 500);
    EXPECT_EQ(value("requests_per_cpu_s", trial), 2000);
    EXPECT_EQ(value("switches_per_request", trial), 2);
    EXPECT_DOUBLE_EQ(value("user_us_per_request", trial).value_or(0), 200);
    EXPECT_EQ(value("pss", trial), 1e6);
    EXPECT_EQ(value("memory", trial), 1.05e6) << "without what the whole machine is asked for";
}

TEST(Metrics, OfATrialThatWasNotMeasuredAreUnknown) {
    const Trial nothing;
    for (const Metric& metric : metrics()) EXPECT_FALSE(metric.of(nothing)) << metric.key;
}

TEST(Metrics, OfWhatCouldNotBeReadAreUnknown) {
    Trial trial = measured_trial();
    trial.result.server->involuntary_switches.reset();
    EXPECT_FALSE(value("switches_per_request", trial));
    trial.result.server->memory["page_tables"].reset();
    EXPECT_FALSE(value("memory", trial));
    EXPECT_EQ(value("pss", trial), 1e6);
    trial.result.server->cpu_us_per_request = 0;
    EXPECT_FALSE(value("requests_per_cpu_s", trial)) << "nothing is divided by 0";
}

TEST(Metrics, OfAClassAreThatOnes) {
    Trial trial = measured_trial();
    EXPECT_FALSE(value("small_p50_us", trial));
    trial.result.classes.resize(2);
    trial.result.classes[0].name = "heavy";
    trial.result.classes[0].latency_us.p50 = 9000;
    trial.result.classes[1].name = "small";
    trial.result.classes[1].latency_us.p50 = 90;
    EXPECT_EQ(value("small_p50_us", trial), 90);
    EXPECT_EQ(value("heavy_p50_us", trial), 9000);
}

TEST(OwnFigures, AreWhatTheServerSays) {
    Trial trial;
    EXPECT_FALSE(own_figure(trial, "/workers/busy")) << "it was not asked";
    trial.server_stats = {{"workers", {{"busy", 3}, {"names", "a"}}}};
    EXPECT_EQ(own_figure(trial, "/workers/busy"), 3);
    EXPECT_FALSE(own_figure(trial, "/workers/names")) << "no number";
    EXPECT_FALSE(own_figure(trial, "/workers/busy/deeper"));
    EXPECT_FALSE(own_figure(trial, "/gil/switches")) << "another model's";
}

}  // namespace
}  // namespace echotrio::loadgen
