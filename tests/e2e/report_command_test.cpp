// `loadgen report`: every form of one file, and two files laid over each other.
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

test::Ran report(test::Words arguments) {
    arguments.insert(arguments.begin(), "report");
    return test::run_loadgen(arguments);
}

class Report : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "echotrio-report-XXXXXX").string();
        dir_ = ::mkdtemp(name.data());
        file_ = dir_ + "/before.json";
        const test::Ran made = test::run_program({test::program("sample_results")});
        ASSERT_EQ(made.status, 0) << made.err;
        std::ofstream(file_) << made.out;
        fs::copy(file_, dir_ + "/after.json");
    }
    void TearDown() override { fs::remove_all(dir_); }
    std::string dir_, file_;
};

TEST_F(Report, EveryForm) {
    EXPECT_NE(report({file_}).out.find("What the figures say"), std::string::npos);
    EXPECT_TRUE(report({file_, "--format", "markdown"}).out.starts_with("# "));
    EXPECT_TRUE(report({file_, "--format", "csv"}).out.starts_with("workload,model,"));
    EXPECT_TRUE(report({file_, "--format", "html"}).out.starts_with("<!doctype"));
}

TEST_F(Report, TheEndingOfTheFileChoosesTheForm) {
    for (const char* ending : {".html", ".md", ".csv", ".txt"}) {
        const std::string out = dir_ + "/out" + ending;
        EXPECT_EQ(report({file_, "--out", out}).status, 0);
        EXPECT_GT(fs::file_size(out), 1000U) << ending;
    }
}

TEST_F(Report, TwoFilesAreLaidOverEachOther) {
    const test::Ran ended = report({file_, dir_ + "/after.json"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_NE(ended.out.find("Changes: after over before"), std::string::npos);
    EXPECT_NE(ended.out.find("0 of "), std::string::npos);  // both are the same
    EXPECT_NE(ended.out.find("threads (before)"), std::string::npos);
    EXPECT_NE(ended.out.find("threads (after)"), std::string::npos);
}

TEST_F(Report, ClassesOfOnesOwnHaveALatencyInTheTable) {
    const std::string file = dir_ + "/classes.toml", out = dir_ + "/out";
    std::ofstream(file) << "models = [\"coroutine\"]\nrepetitions = 1\nretries = 0\nno-wrk = true\n"
                           "duration = \"200ms\"\nwarmup = \"20ms\"\n"
                           "[mine]\npath = \"/echo/hi\"\nconnections = [2]\n"
                           "class = [\"reads:9:/echo/a\", \"writes:1:/echo/b\"]\n";
    const test::Ran ended = test::run_loadgen({"compare", "--experiment", file, "--out", out});
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    // As wide as it is: a narrow terminal leaves columns out. A p99 takes more samples.
    const test::Ran table = report({out, "--format", "markdown"});
    EXPECT_NE(table.out.find("p50"), std::string::npos) << table.out;
    EXPECT_EQ(table.out.find("small"), std::string::npos) << table.out;
}

TEST_F(Report, WhatLiesBesideResultsIsShown) {
    fs::rename(file_, dir_ + "/results.json");
    const std::string alone = report({dir_}).out;
    EXPECT_EQ(alone.find("refuted"), std::string::npos);
    std::ofstream(dir_ + "/claims.json")
        << test::run_program({test::program("sample_results"), "claims"}).out;
    const test::Ran plan = test::run_loadgen(
        {"plan", dir_, "--rate", "50000", "--connections", "20000", "--json", dir_ + "/plan.json"});
    EXPECT_EQ(plan.status, 0) << plan.err;
    for (const char* format : {"console", "markdown", "html"}) {
        const std::string both = report({dir_, "--format", format}).out;
        EXPECT_NE(both.find("refuted"), std::string::npos) << format;
        EXPECT_NE(both.find("Capacity: for 50,000 requests/s"), std::string::npos) << format;
        EXPECT_NE(both.find("coroutine: 2 instances"), std::string::npos) << format;
    }
    std::ofstream(dir_ + "/plan.json") << "{\"schema_version\": 99}";
    const test::Ran newer = report({dir_});
    EXPECT_EQ(newer.status, 1);
    EXPECT_NE(newer.err.find("plan.json: written by a newer loadgen"), std::string::npos)
        << newer.err;
}

TEST_F(Report, WhatIsNoResultIsNamed) {
    std::ofstream(dir_ + "/cut.json") << "{\"schema_version\": 1, \"trials\": [";
    const test::Ran cut = report({dir_ + "/cut.json"});
    EXPECT_EQ(cut.status, 1);
    EXPECT_NE(cut.err.find("error: "), std::string::npos);
    EXPECT_NE(cut.err.find("cut.json"), std::string::npos);
    EXPECT_EQ(report({dir_ + "/missing"}).status, 1);
    EXPECT_EQ(report({}).status, 2);
    EXPECT_EQ(report({file_, "--format", "pdf"}).status, 2);
}

}  // namespace
}  // namespace echotrio::loadgen
