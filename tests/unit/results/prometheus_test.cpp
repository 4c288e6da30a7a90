// An observer's figures as Prometheus text and as JSON.
#include "loadgen/results/prometheus.hpp"

#include "loadgen/results/result_json.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

ServerUse sample() {
    ServerUse use;
    use.cpu_s = 1.5;
    use.processes = 6;
    use.threads = 6;
    use.memory = {{"pss", 1000.0}, {"uss", std::nullopt}};
    use.cgroup = CgroupUse{};
    use.cgroup->version = 2;
    use.cgroup->throttled_periods = 3;
    use.cgroup->memory = {{"current", 4096.0}};
    return use;
}

TEST(ObserverMetrics, OneFamilyAFigureLabelled) {
    const std::string text = use_to_prometheus(sample(), "prefork");
    EXPECT_NE(text.find("# TYPE echotrio_group_cpu_seconds_total counter\n"
                        "echotrio_group_cpu_seconds_total{server=\"prefork\"} 1.5\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("echotrio_group_memory_bytes{server=\"prefork\",part=\"pss\"} 1000\n"),
              std::string::npos);
    EXPECT_NE(text.find("echotrio_cgroup_throttled_periods_total{server=\"prefork\"} 3\n"),
              std::string::npos);
}

TEST(ObserverMetrics, WhatIsUnknownIsLeftOut) {
    const std::string text = use_to_prometheus(sample(), "prefork");
    EXPECT_EQ(text.find("uss"), std::string::npos);
    EXPECT_EQ(text.find("run_queue"), std::string::npos);
    EXPECT_EQ(text.find("cpu_limit"), std::string::npos);
    EXPECT_EQ(use_to_prometheus(ServerUse{}, "x").find("cgroup"), std::string::npos);
}

TEST(ObserverMetrics, LabelsAreEscaped) {
    const std::string text = use_to_prometheus(sample(), "a\"b\\c\nd");
    EXPECT_NE(text.find("{server=\"a\\\"b\\\\c\\nd\"}"), std::string::npos) << text;
}

TEST(ObserverJson, ComesBack) {
    const auto use = server_use_from_json(server_use_to_json(sample()));
    ASSERT_TRUE(use) << use.error().message;
    EXPECT_EQ(use->cpu_s, 1.5);
    EXPECT_EQ(use->memory.at("pss"), 1000);
    EXPECT_FALSE(use->memory.at("uss"));
    EXPECT_EQ(use->cgroup->throttled_periods, 3U);
}

TEST(ObserverJson, WhatIsNotOursIsAnError) {
    EXPECT_FALSE(server_use_from_json(nlohmann::ordered_json::parse("{}")));
    EXPECT_FALSE(server_use_from_json(nlohmann::ordered_json::parse("nonsense", nullptr, false)));
}

}  // namespace
}  // namespace echotrio::loadgen
