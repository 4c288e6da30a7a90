// `loadgen plan` on published points and on a results folder whose answers are known by hand.
#include "loadgen/findings/results_json.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"
#include "tests/e2e/plan_runs.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio::test {
namespace {

using loadgen::Trial;
using nlohmann::json;

std::string data(const std::string& name) {
    return std::string(ECHOTRIO_TEST_DATA) + "/usl/" + name;
}

TEST(Plan, FitsPublishedPoints) {
    const json spec = plan_json({data("specsdm91.csv")})["usl"];
    EXPECT_EQ(spec["model"], "usl");
    EXPECT_NEAR(spec["sigma"].get<double>(), 0.02772848, 5e-8);
    EXPECT_NEAR(spec["kappa"].get<double>(), 1.04365484e-4, 5e-12);
    EXPECT_NEAR(spec["lambda"].get<double>(), 89.99523, 5e-5);
    EXPECT_NEAR(spec["peak_n"].get<double>(), 96.52, 0.005);
    EXPECT_NEAR(spec["peak_x"].get<double>(), 1884, 0.5);
    EXPECT_NEAR(spec["limit"].get<double>(), 3245.589, 0.005);
    EXPECT_EQ(spec["kappa_at_bound"], false);
    EXPECT_NEAR(spec["ci95"]["lambda"][1].get<double>(), 129.46, 0.005);
    const json ray = plan_json({data("raytracer.csv")})["usl"];
    EXPECT_EQ(ray["kappa_at_bound"], true);
    EXPECT_EQ(ray["kappa"], 0);
    EXPECT_TRUE(ray["peak_n"].is_null());
    EXPECT_TRUE(ray["ci95"]["kappa"].is_null());
    EXPECT_NEAR(ray["rss"].get<double>(), 697.2378, 5e-4);
    const Ran text = plan({data("raytracer.csv")});
    EXPECT_NE(text.out.find("no peak resolved in the measured range"), std::string::npos);
}

TEST(Plan, AnswersFromResults) {
    const Folder folder;
    const json answer = plan_json({results(folder), "--rate", "100000", "--connections", "5000"});
    EXPECT_EQ(answer["source"]["workload"], "echo");
    EXPECT_EQ(answer["answer"]["model"], "coroutine");
    const json& loop = answer["models"][0];
    EXPECT_EQ(loop["meets"], true);
    // 10,000 x 512 / (1 + 0.18 x 511) = 55,062/s; 100,000 / (55,062 x 0.7) = 2.59
    EXPECT_EQ(loop["instances"], 3);
    EXPECT_NEAR(loop["cores"]["value"].get<double>(), 1.8 / 0.7, 1e-6);
    EXPECT_NEAR(loop["bytes_per_connection"]["value"].get<double>(), 4096, 10);
    EXPECT_NEAR(loop["connections_per_gib"]["value"].get<double>(), 262'144, 700);
    EXPECT_NEAR(loop["usl"]["sigma"].get<double>(), 0.18, 0.01);
    EXPECT_EQ(loop["usl"]["model"], "amdahl");
    const json& pool = answer["models"][1];
    EXPECT_EQ(pool["instances"], 20);  // 5,000 / 256 workers
    EXPECT_EQ(pool["sized_by"], "workers");
    EXPECT_EQ(pool["bottleneck"], "workers: 256 connections at once");

    const json under = plan_json({folder.path(), "--slo", "p99=10ms"});
    EXPECT_EQ(under["models"][0]["last_pass"]["connections"], 64);
    EXPECT_EQ(under["models"][0]["first_fail"]["connections"], 512);
    EXPECT_EQ(under["models"][0]["first_fail"]["starved"], false);
    EXPECT_EQ(under["models"][1]["first_fail"]["starved"], true);
    EXPECT_TRUE(under["answer"].is_null());
}

TEST(Plan, SaysSoInWords) {
    const Folder folder;
    const Ran ran = plan({results(folder), "--rate", "100000", "--connections", "5000"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_NE(ran.out.find("coroutine: 3 instances (because of rate), 3 cores"), std::string::npos)
        << ran.out;
    const Ran slo = plan({folder.path(), "--rate", "1000", "--slo", "p99=10ms"});
    EXPECT_NE(slo.out.find("coroutine: p99 leaves 10ms between"), std::string::npos) << slo.out;
    EXPECT_NE(slo.out.find("connections some never got a reply"), std::string::npos) << slo.out;
    EXPECT_NE(slo.out.find("% busy; were arrivals Poisson"), std::string::npos) << slo.out;
    EXPECT_NE(ran.out.find("EXTRAPOLATED: 1,667 connections an instance"), std::string::npos);
}

// What ended the capacity is named: a p99 within the objective says nothing of a server that fell
// behind.
TEST(Plan, SaysThatTheServerWasOverloaded) {
    const Folder folder;
    auto experiment = *loadgen::read_experiment(results(folder));
    for (Trial& trial : experiment.trials) {
        if (trial.point.level.connections == 512) trial.result.verdict.overloaded = true;
    }
    folder.file("results.json", loadgen::to_text(loadgen::results_to_json(experiment, {})));
    const Ran ran = plan({folder.path(), "--slo", "p99=100ms"});
    EXPECT_NE(ran.out.find("coroutine: the most within 100ms is "), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("overloaded at 55,100 requests/s"), std::string::npos) << ran.out;
    EXPECT_EQ(
        plan_json({folder.path(), "--slo", "p99=100ms"})["models"][0]["first_fail"]["overloaded"],
        true);
}

TEST(Plan, TakesTheRateFromRecordedTraffic) {
    const Folder folder;
    // A hundred seconds of 20 requests, but for ten of 500.
    std::string csv = "time\n";
    for (int second = 0; second < 100; ++second) {
        const int n = second >= 40 && second < 50 ? 500 : 20;
        for (int i = 0; i < n; ++i) csv += std::to_string(second) + "\n";
    }
    const std::string traffic = folder.file("traffic.csv", csv);
    const std::string from = results(folder);
    const json planned = plan_json({from, "--traffic", traffic, "--slo", "p99=10ms"});
    EXPECT_EQ(planned["demand"]["rate_rps"], 500);
    const json& found = planned["traffic"];
    EXPECT_EQ(found["requests"], 6800);
    EXPECT_EQ(found["p99_rps"], 500);
    EXPECT_EQ(found["planned_for"], "p99");
    EXPECT_EQ(found["max_rps"], 500);
    EXPECT_NEAR(found["peak_minute_rps"].get<double>(), 100, 0.01);
    EXPECT_NEAR(found["mean_rps"].get<double>(), 68, 0.1);
    EXPECT_EQ(found["spread"], true);
    const json by_rate = plan_json({from, "--rate", "500", "--slo", "p99=10ms"});
    EXPECT_EQ(planned["answer"], by_rate["answer"]);
    EXPECT_TRUE(by_rate["traffic"].is_null());
    const std::string said = plan({from, "--traffic", traffic}).out;
    EXPECT_NE(said.find("planned for 500/s"), std::string::npos) << said;
    EXPECT_NE(said.find("a peak at another time is not in it"), std::string::npos) << said;
}

TEST(Plan, EndsWithFourWhereNothingMeetsTheDemand) {
    const Folder folder;
    const std::string from = results(folder);
    const json few = plan_json({from, "--rate", "100000", "--cores", "1"}, 4);
    EXPECT_TRUE(few["answer"]["model"].is_null());
    EXPECT_NE(few["models"][0]["reasons"][0].get<std::string>().find("needs 2.57 cores"),
              std::string::npos);
    EXPECT_EQ(plan({from, "--rate", "10", "--slo", "p99=10us"}).status, 4);
    EXPECT_EQ(plan({from, "--connections", "1000", "--memory", "1MiB"}).status, 4);
    EXPECT_EQ(plan({data("raytracer.csv"), "--rate", "100", "--slo", "p99=5ms"}).status, 4);
}

TEST(Plan, RefusesMemoryWhereTheKernelsPartIsMissing) {
    const Folder folder;
    auto experiment = loadgen::read_experiment(results(folder));
    ASSERT_TRUE(experiment);
    for (Trial& trial : experiment->trials) trial.result.server->memory.erase("task_objects");
    folder.file("results.json", loadgen::to_text(loadgen::results_to_json(*experiment, {})));
    const Ran refused = plan({folder.path(), "--connections", "1000", "--memory", "1GiB"});
    EXPECT_EQ(refused.status, 4);
    EXPECT_NE(refused.out.find("no plan for memory"), std::string::npos) << refused.out;
    EXPECT_NE(refused.out.find("as root"), std::string::npos);
    EXPECT_EQ(refused.out.find("kernel included"), std::string::npos);
    EXPECT_EQ(plan({folder.path(), "--rate", "1000"}).status, 0) << "without a word of memory";
    const json told = plan_json({folder.path(), "--rate", "1000"}, 0);
    EXPECT_EQ(told["models"][0]["memory_kernel"], "user_only");
}

TEST(Plan, RefusesWithOneLine) {
    const Folder folder;
    const std::string five = folder.file("five.csv", "n,x\n1,20\n4,78\n8,130\n12,170\n16,190\n");
    const std::string broken = folder.file("broken.csv", "n,x\n1,twenty\n");
    const std::string other = folder.file("other.json", "{\"name\": \"package\"}");
    struct Case {
        Words words;
        int status;
        const char* says;
    };
    for (const Case& c :
         {Case{{five}, 1, "needs at least 6 distinct concurrencies, got 5"},
          Case{{broken}, 1, "line 2: n and x must be numbers"}, Case{{other}, 1, "error: "},
          Case{{folder.path() + "/none.csv"}, 1, "No such file"},
          Case{{folder.path() + "/none"}, 1, "error: "},
          Case{{five, "--slo", "99=5ms"}, 2, "--slo: write a percentile"},
          Case{{five, "--rate", "-5"}, 2, "--rate"},
          Case{{five, "--cores", "4"}, 2, "give --rate or --connections"},
          Case{{five, "--workload", "echo"}, 2, "--workload"},
          Case{{five, "--traffic", five, "--rate", "5"}, 2, "leave out --rate"},
          Case{{five, "--traffic-format", "csv"}, 2, "needs --traffic"},
          Case{{five, "--traffic", broken}, 1, "begins with nothing"},
          Case{{five, "--headroom", "100"}, 2, "--headroom"}, Case{{}, 2, "results"}}) {
        const Ran ran = plan(c.words);
        EXPECT_EQ(ran.status, c.status) << ran.err;
        EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
        EXPECT_NE(ran.err.find(c.says), std::string::npos) << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
        EXPECT_TRUE(ran.out.empty()) << ran.out;
    }
    EXPECT_NE(plan({results(folder), "--workload", "ech"}).err.find("there are: echo"),
              std::string::npos);
}

}  // namespace
}  // namespace echotrio::test
