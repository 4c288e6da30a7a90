// Burning on two CPUs at once: that it can be done and called off, and its place in an environment.
#include "loadgen/experiment/two_cpus.hpp"

#include "loadgen/subject/cpus.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

TwoCpusPlan short_plan(const std::vector<int>& cpus) {
    return {cpus.front(), cpus.back(), 5, std::chrono::milliseconds(5)};
}

TEST(TwoCpus, AreComparedWithOne) {
    const auto cpus = usable_cpus();
    if (cpus.size() < 2) GTEST_SKIP() << "there is one CPU only";
    const auto two = measure_two_cpus(short_plan(cpus), {});
    ASSERT_TRUE(two) << two.error().message;
    EXPECT_GT(two->ratio, 0);
    EXPECT_GT(two->low, 0);
    EXPECT_LE(two->low, two->ratio);
    EXPECT_LE(two->ratio, two->high);
}

TEST(TwoCpus, CanBeCalledOff) {
    int asked = 0;
    const auto two = measure_two_cpus(short_plan(usable_cpus()), [&] { return ++asked == 4; });
    ASSERT_FALSE(two);
    EXPECT_EQ(two.error().message, "interrupted");
    EXPECT_EQ(asked, 4);
}

TEST(TwoCpus, ThatCantBeUsedAreAnError) {
    TwoCpusPlan plan = short_plan(usable_cpus());
    plan.second = 100'000;
    const auto two = measure_two_cpus(plan, {});
    ASSERT_FALSE(two);
    EXPECT_NE(two.error().message.find("CPUs"), std::string::npos);
}

TEST(TwoCpus, StandInTheEnvironmentAndAreUnknownInOlderOnes) {
    Json environment = {{"host", "h"}};
    add_two_cpus(environment, {1.2346, 1.2, 1.3, 0.01});
    EXPECT_EQ(environment["two_cpus_at_once"], 1.235);
    TwoCpus back = two_cpus_of(environment);
    EXPECT_EQ(back.ratio, 1.235);
    EXPECT_EQ(back.low, 1.2);
    EXPECT_EQ(back.high, 1.3);
    EXPECT_EQ(back.others, 0.01);
    add_two_cpus(environment, {});
    EXPECT_TRUE(environment["two_cpus_at_once"].is_null());
    for (const Json& none : {environment, Json::object(), Json(nullptr), Json("text")}) {
        EXPECT_EQ(two_cpus_of(none).ratio, 0);
    }
}

}  // namespace
}  // namespace echotrio::loadgen
