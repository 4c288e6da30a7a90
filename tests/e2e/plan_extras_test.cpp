// `loadgen plan` with a price list, a growth and an autoscaler, on results that are known by hand.
#include "loadgen/findings/results_json.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"
#include "tests/e2e/plan_runs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace echotrio::test {
namespace {

using nlohmann::json;

std::string points() {
    return std::string(ECHOTRIO_TEST_DATA) + "/usl/raytracer.csv";
}

TEST(PlanPrices, AreThoseOfWhatIsNeededAndASpare) {
    const Folder folder;
    const json told = plan_json({results(folder), "--rate", "100000", "--prices", ECHOTRIO_PRICES});
    const json& costs = told["costs"];
    EXPECT_EQ(costs["currency"], "EUR");
    EXPECT_EQ(costs["hours_per_month"], 730);
    EXPECT_EQ(costs["spare"], 1);
    double before = 0;
    for (const json& option : costs["options"]) {
        const double hour = option["cost_per_hour"]["value"];
        EXPECT_GE(hour, before);
        before = hour;
        EXPECT_NEAR(
            hour, (option["instances"].get<double>() + 1) * option["price_per_hour"].get<double>(),
            1e-9);
        EXPECT_NEAR(option["cost_per_month"]["value"].get<double>(), 730 * hour, 1e-6);
        EXPECT_LE(option["cost_per_month"]["ci95"][0], option["cost_per_month"]["value"]);
        EXPECT_GE(option["cost_per_month"]["ci95"][1], option["cost_per_month"]["value"]);
    }
    const json& cheapest = costs["options"][0];
    EXPECT_EQ(cheapest["model"], "coroutine");
    EXPECT_EQ(cheapest["kind"], "tiny");
    EXPECT_EQ(cheapest["instances"], 3);  // 100,000 / (55,062 x 0.7) = 2.59
    EXPECT_EQ(cheapest["processes"], 1);
    EXPECT_EQ(costs["options"].size(), 14U) << "two models on seven kinds";
}

TEST(PlanPrices, AreSaidInWordsWithWhatIsAssumed) {
    const Folder folder;
    const Ran ran = plan({results(folder), "--rate", "100000", "--prices", ECHOTRIO_PRICES});
    EXPECT_EQ(ran.status, 0) << ran.err;
    for (const char* words :
         {"What it costs", "coroutine on 3 + 1 spare of tiny, 1 process each: 35.04 EUR a month",
          "730 hours", "may cost no more", "assumed: a vCPU does what a CPU of the machine did",
          "that they do not slow each other is assumed", "EXTRAPOLATED"}) {
        EXPECT_NE(ran.out.find(words), std::string::npos) << words << "\n" << ran.out;
    }
}

TEST(PlanPrices, WhatNothingCarriesEndsWithFour) {
    const Folder folder;
    const std::string from = results(folder);
    const std::string small =
        folder.file("small.csv", "name,vcpu,gib,price_per_hour\nnone,1,0.001,0.01\n");
    const Ran ran = plan({from, "--connections", "1000", "--prices", small});
    EXPECT_EQ(ran.status, 4) << ran.err;
    EXPECT_NE(ran.out.find("no kind of instance in the price list carries the demand"),
              std::string::npos)
        << ran.out;
    const json unmet =
        plan_json({from, "--rate", "10", "--slo", "p99=10us", "--prices", ECHOTRIO_PRICES}, 4);
    EXPECT_FALSE(unmet.contains("costs"));
}

TEST(PlanPrices, MistakesInTheListAreOneLine) {
    const Folder folder;
    const std::string from = results(folder);
    const std::string head = "name,vcpu,gib,price_per_hour,currency\n";
    struct Case {
        std::string text;
        const char* says;
    };
    for (const Case& c :
         {Case{"", "it is empty"}, Case{head, "there are no rows"},
          Case{"name,vcpu,gib,price\na,1,1,1\n", "unknown column 'price'"},
          Case{head + "a,1,1,0,EUR\n", "line 2: price_per_hour must be a number"},
          Case{head + "a,-1,1,1,EUR\n", "line 2: vcpu"},
          Case{head + "a,1,1,1,EUR\nb,1,1,1,USD\n", "line 3: currency 'USD'"},
          Case{head + "a,1,1,1,EUR\na,1,1,1,EUR\n", "line 3: 'a' stands there twice"},
          Case{head + "\"a,1,1,1,EUR\n", "line 2: a quoted cell does not end"}}) {
        const std::string file = folder.file("prices.csv", c.text);
        const Ran ran = plan({from, "--rate", "1000", "--prices", file});
        EXPECT_EQ(ran.status, 2) << ran.err;
        EXPECT_TRUE(ran.err.starts_with("error: --prices: " + file)) << ran.err;
        EXPECT_NE(ran.err.find(c.says), std::string::npos) << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
        EXPECT_TRUE(ran.out.empty()) << ran.out;
    }
}

TEST(PlanExtras, RefuseWithOneLine) {
    const Folder folder;
    const std::string from = results(folder);
    struct Case {
        Words words;
        const char* says;
    };
    for (const Case& c :
         {Case{{from, "--prices", ECHOTRIO_PRICES}, "give --rate or --connections"},
          Case{{from, "--rate", "9", "--prices", from + "/none.csv"}, "--prices: "},
          Case{{from, "--rate", "9", "--prices", ""}, "--prices: name a file"},
          Case{{from, "--rate", "9", "--prices", from}, "--prices: "},
          Case{{from, "--growth", "20%/month"}, "give --rate or --connections"},
          Case{{from, "--rate", "9", "--growth", "20%"}, "--growth: write a percentage"},
          Case{{from, "--rate", "9", "--growth", ""}, "--growth: write a percentage"},
          Case{{from, "--rate", "9", "--growth", "-2%/day"}, "--growth: must be above 0 %"},
          Case{{from, "--rate", "9", "--emit", "helm"}, "--emit"},
          Case{{from, "--connections", "9", "--emit", "hpa"}, "give --rate too"},
          Case{{from, "--rate", "9", "--ramp", "5%/min"}, "--ramp is of --emit hpa"},
          Case{{from, "--rate", "9", "--emit", "hpa", "--ramp", "5"}, "--ramp: write a percentage"},
          Case{{from, "--rate", "9", "--emit", "hpa", "--hpa-sync", "15"}, "--hpa-sync"},
          Case{{from, "--rate", "9", "--emit", "hpa", "--hpa-sync", "0"}, "must be above 0"},
          Case{{from, "--rate", "9", "--emit", "hpa", "--json", "-"}, "both write to standard"},
          Case{{from, "--rate", "9", "--prices", ECHOTRIO_PRICES, "--cores", "2"}, "leave out"},
          Case{{from, "--rate", "9", "--prices", ECHOTRIO_PRICES, "--memory", "1GiB"}, "leave out"},
          Case{{points(), "--rate", "9", "--prices", ECHOTRIO_PRICES}, "do not tell CPUs"},
          Case{{points(), "--rate", "9", "--emit", "hpa"}, "do not tell CPUs"}}) {
        const Ran ran = plan(c.words);
        EXPECT_EQ(ran.status, 2) << ran.err;
        EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
        EXPECT_NE(ran.err.find(c.says), std::string::npos) << c.says << ": " << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
        EXPECT_TRUE(ran.out.empty()) << ran.out;
    }
}

TEST(PlanGrowth, SaysWhenItIsOutgrown) {
    const Folder folder;
    const std::string from = results(folder);
    const json told = plan_json({from, "--rate", "100000", "--growth", "20%/month"});
    const json& growth = told["growth"];
    EXPECT_EQ(growth["per"], "month");
    EXPECT_NEAR(growth["percent"].get<double>(), 20, 1e-9);
    const json& three = growth["outgrown"][0];
    EXPECT_EQ(three["instances"], 3);
    const double capacity = told["models"][0]["capacity_rps"]["value"];
    EXPECT_NEAR(three["months_to_headroom"]["value"].get<double>(),
                std::log(3 * 0.7 * capacity / 100'000) / std::log(1.2), 1e-6);
    EXPECT_EQ(growth["outgrown"][1]["months_to_capacity"]["value"], 0) << "one is not enough today";
    EXPECT_EQ(growth["steps"][0]["instances"], 3);
    EXPECT_TRUE(growth["steps"][0]["cost_per_month"].is_null());

    const Ran ran =
        plan({from, "--rate", "100000", "--growth", "20%/month", "--prices", ECHOTRIO_PRICES});
    EXPECT_EQ(ran.status, 0) << ran.err;
    for (const char* words :
         {"When it is outgrown, at 20 % per month", "3 x tiny, the cheapest today",
          "a single huge, the largest for it", "in 0.8 months", "today"}) {
        EXPECT_NE(ran.out.find(words), std::string::npos) << words << "\n" << ran.out;
    }
    const Ran of_points = plan({points(), "--rate", "100", "--growth", "5%/year"});
    EXPECT_EQ(of_points.status, 0) << of_points.err;
    EXPECT_NE(of_points.out.find("as measured"), std::string::npos) << of_points.out;
}

TEST(PlanAutoscaler, IsAManifestThatFitsTheSchema) {
    const Folder folder;
    const std::string from = results(folder), kept = folder.path() + "/plan.json";
    const Ran ran =
        plan({from, "--rate", "400000", "--emit", "hpa", "--ramp", "20%/min", "--json", kept});
    ASSERT_EQ(ran.status, 0) << ran.err;
    for (const char* words :
         {"apiVersion: autoscaling/v2", "kind: HorizontalPodAutoscaler", "name: coroutine",
          "averageUtilization: 69", "resources: {requests: {cpu: 1000m}}",
          "the slowest of 40 measured starts", "\n  minReplicas: 7\n"}) {
        EXPECT_NE(ran.out.find(words), std::string::npos) << words << "\n" << ran.out;
    }
    const auto text = loadgen::read_result_file(kept);
    ASSERT_TRUE(text);
    const json scaling = json::parse(*text)["autoscaling"];
    EXPECT_EQ(scaling["model"], "coroutine");
    EXPECT_NEAR(scaling["reaction_s"]["all"].get<double>(), 55.25, 1e-9);
    EXPECT_NEAR(scaling["rise_rps"].get<double>(), 400'000 * 0.2 / 60 * 55.25, 1e-6);
    EXPECT_NE(ran.out.find("minReplicas: " + scaling["min_replicas"].dump()), std::string::npos);
    EXPECT_NE(ran.out.find("maxReplicas: " + scaling["max_replicas"].dump()), std::string::npos);

    if (run_program({"/usr/bin/python3", "-c", "import kubernetes, yaml"}).status != 0) {
        GTEST_SKIP() << "no python3-kubernetes: the manifest was not held against the schema";
    }
    const std::string file = folder.file("hpa.yaml", ran.out);
    const Ran checked = run_program({"/usr/bin/python3", "-B", ECHOTRIO_MANIFEST_CHECK, file});
    EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
    std::string broken = ran.out;
    broken.replace(broken.find("\n  minReplicas:"), 14, "\n  minReplicaz");
    EXPECT_NE(run_program({"/usr/bin/python3", "-B", ECHOTRIO_MANIFEST_CHECK,
                           folder.file("broken.yaml", broken)})
                  .status,
              0)
        << "the check sees a mistake";
}

TEST(PlanExtras, AreInAReportThatHasThePlan) {
    const Folder folder;
    const std::string from = results(folder), kept = folder.path() + "/plan.json";
    const Ran ran = plan({from, "--rate", "100000", "--prices", ECHOTRIO_PRICES, "--growth",
                          "5%/month", "--json", kept});
    ASSERT_EQ(ran.status, 0) << ran.err;
    const auto report = [&](const char* format) {
        return run_loadgen({"report", folder.path(), "--format", format});
    };
    for (const char* format : {"console", "markdown", "html"}) {
        const Ran told = report(format);
        EXPECT_EQ(told.status, 0) << told.err;
        for (const char* words :
             {"What it costs",
              "coroutine on 3 + 1 spare of tiny, 1 process each: 35.04 EUR a month",
              "When it is outgrown, at 5 % per month", "the cheapest today"}) {
            EXPECT_NE(told.out.find(words), std::string::npos) << format << ": " << words;
        }
    }
    EXPECT_EQ(plan({from, "--rate", "100000", "--emit", "hpa", "--json", kept}).status, 0);
    EXPECT_NE(report("html").out.find("An autoscaler for it"), std::string::npos);
    json changed = json::parse(*loadgen::read_result_file(kept));
    changed["autoscaling"]["ramp"]["per"] = "moon";
    folder.file("plan.json", changed.dump());
    const Ran wrong = report("html");
    EXPECT_EQ(wrong.status, 1);
    EXPECT_NE(wrong.err.find("plan.json: autoscaling: write a percentage"), std::string::npos)
        << wrong.err;
}

TEST(PlanAutoscaler, IsRefusedWhereItWouldBeAGuess) {
    const Folder folder;
    auto experiment = loadgen::read_experiment(results(folder));
    ASSERT_TRUE(experiment);
    const Ran unmet = plan({folder.path(), "--rate", "10", "--slo", "p99=10us", "--emit", "hpa"});
    EXPECT_EQ(unmet.status, 4);
    EXPECT_TRUE(unmet.out.empty()) << unmet.out;
    for (auto& trial : experiment->trials) {
        if (trial.point.level.workload == "echo") trial.result.server.reset();
    }
    folder.file("results.json", loadgen::to_text(loadgen::results_to_json(*experiment, {})));
    const Ran unseen = plan({folder.path(), "--rate", "1000", "--emit", "hpa"});
    EXPECT_EQ(unseen.status, 1);
    EXPECT_NE(unseen.err.find("how much CPU"), std::string::npos) << unseen.err;
}

}  // namespace
}  // namespace echotrio::test
