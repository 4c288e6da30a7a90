// The words for the CPUs that a run had, and what is known of older results.
#include "loadgen/results/cpus.hpp"

#include "loadgen/results/experiment.hpp"
#include "loadgen/results/result_json.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

TEST(CpuWords, SayWhatIsKnownAndWhatIsNot) {
    EXPECT_EQ(cpus_words({1, 1, true, {}, {}}), "server 1 CPU, generator 1 CPU, apart");
    EXPECT_EQ(cpus_words({2, 1, false, {}, {}}), "server 2 CPUs, generator 1 CPU, not apart");
    EXPECT_EQ(cpus_words({4, 2, true, 1.5, {}}),
              "server 4 CPUs (quota 1.5), generator 2 CPUs, apart");
    EXPECT_EQ(cpus_words({{}, 2, {}, {}, 0.5}),
              "server CPUs not known, generator 2 CPUs (quota 0.5)");
    EXPECT_EQ(cpus_words({}), "server CPUs not known, generator CPUs not known");
}

TEST(CpuWords, AreShortInAColumn) {
    EXPECT_EQ(cpus_short({1, 1, true, {}, {}}), "1 + 1");
    EXPECT_EQ(cpus_short({2, 1, false, {}, {}}), "2 + 1 shared");
    EXPECT_EQ(cpus_short({4, 2, true, 1.5, {}}), "4 (quota 1.5) + 2");
    EXPECT_EQ(cpus_short({{}, 2, {}, {}, {}}), "? + 2");
}

TEST(CpuWords, OfALevelAreEmptyWhereItGivesNone) {
    EXPECT_EQ(given_cpus(0), "");
    EXPECT_EQ(given_cpus(1), "1 CPU");
    EXPECT_EQ(given_cpus(15), "15 CPUs");
}

TEST(TrialCpus, AreThoseThatWereSeen) {
    Trial trial;
    trial.server_cpus = {0};
    trial.generator_cpus = {1};
    EXPECT_EQ(trial.cpus(), (CpusHad{1, 1, true, {}, {}})) << "an older file";
    trial.server_cpus = {0, 1};
    EXPECT_EQ(trial.cpus(), (CpusHad{2, 1, false, {}, {}}));
    trial.server_cpus.clear();
    EXPECT_EQ(trial.cpus(), (CpusHad{{}, 1, {}, {}, {}})) << "a server that ran already";
    trial.result.cpus = {3, 2, true, 2.5, {}};
    EXPECT_EQ(trial.cpus(), trial.result.cpus);
}

TEST(ResultCpus, ComeBackFromJsonAndAreUnknownInOlderFiles) {
    RunResult result;
    result.cpus = {2, 1, false, 1.5, {}};
    auto json = result_to_json(result);
    EXPECT_EQ(json["cpus"], nlohmann::ordered_json::parse(
                                R"({"server":2,"generator":1,"apart":false,"server_quota":1.5,
                                    "generator_quota":null})"));
    const auto back = result_from_json(json);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->cpus, result.cpus);
    json.erase("cpus");
    const auto older = result_from_json(json);
    ASSERT_TRUE(older) << older.error().message;
    EXPECT_EQ(older->cpus, CpusHad{});
}

}  // namespace
}  // namespace echotrio::loadgen
