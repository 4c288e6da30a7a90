// `--python` of claims and compare: what is refused and how, and the real python3 beside the
// models.
#include "tests/e2e/loadgen_runs.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace echotrio::test {
namespace {

std::string script(const std::string& dir, const std::string& text) {
    const std::string file = dir + "/python3";
    std::ofstream(file) << "#!/bin/sh\n" << text << "\n";
    ::chmod(file.c_str(), 0755);
    return file;
}

class Pythons : public testing::Test {
  protected:
    void SetUp() override { ASSERT_NE(::mkdtemp(dir_.data()), nullptr); }
    void TearDown() override { std::filesystem::remove_all(dir_); }
    std::string dir_ = "/tmp/echotrio-python-XXXXXX";
};

void expect_refused(const Words& arguments, const std::string& part) {
    for (const char* command : {"claims", "compare"}) {
        Words words{command};
        words.insert(words.end(), arguments.begin(), arguments.end());
        const Ran ran = run_loadgen(words);
        EXPECT_EQ(ran.status, 2) << ran.err;
        EXPECT_TRUE(ran.err.starts_with("error: --python: ")) << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
        EXPECT_NE(ran.err.find(part), std::string::npos) << ran.err;
        EXPECT_EQ(ran.out, "");
    }
}

TEST_F(Pythons, WhatIsNoneIsRefusedInOneLine) {
    expect_refused({"--python", dir_ + "/nothing"}, "No such file");
    expect_refused({"--python", script(dir_, "echo hello; echo again >&2")}, "is not a Python");
    expect_refused({"--python", script(dir_, "exit 1")}, "is not a Python");
}

TEST_F(Pythons, AnOldOneIsRefusedWithItsVersion) {
    expect_refused({"--python", script(dir_, "echo echotrio cpython 3.7.16 0 /old/python3")},
                   "CPython 3.7.16: the servers need 3.8 or later");
}

TEST_F(Pythons, WithoutTheirServersItIsSaidWhereTheyBelong) {
    const Ran ran = shell("ECHOTRIO_PYTHON_SERVERS=" + dir_ + " exec " + program("loadgen") +
                          " claims --python python3");
    EXPECT_EQ(ran.status, 2);
    EXPECT_NE(ran.err.find(dir_), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("ECHOTRIO_PYTHON_SERVERS"), std::string::npos) << ran.err;
}

TEST_F(Pythons, APredictionIsOfSomePython) {
    const Ran ran = run_loadgen({"claims", "--only", "prediction"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_NE(ran.err.find("--python"), std::string::npos) << ran.err;
}

// That rests on counts and so is judged on any machine; what needs another pool is not testable.
TEST_F(Pythons, ClaimsAreJudgedForTheRealOneToo) {
    if (!has_python_twins()) GTEST_SKIP() << "no Python of 3.8 or later was found";
    const std::string only =
        "process-contains-faults,shared-process-shares-faults,process-resources-follow-need";
    const Ran ran = run_loadgen({"claims", "--quick", "--quiet", "--json", "-", "--seed", "1",
                                 "--python", "python3", "--only", only});
    ASSERT_EQ(ran.status, 0) << ran.err;
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.out;
    ASSERT_EQ(json.at("claims").size(), 3U);
    for (const auto& claim : json.at("claims")) {
        ASSERT_EQ(claim.at("subjects").size(), 1U);
        const auto& subject = claim.at("subjects")[0];
        for (const char* key : {"name", "verdict", "evidence", "agrees", "reason", "ratios"}) {
            EXPECT_TRUE(subject.contains(key)) << key;
        }
        const auto& reason = subject.at("reason").get_ref<const std::string&>();
        EXPECT_NE(subject.at("name").get_ref<const std::string&>().find("3."), std::string::npos);
        if (claim.at("id") == "process-resources-follow-need") {
            EXPECT_EQ(subject.at("verdict"), "not_testable") << reason;
            EXPECT_EQ(subject.at("agrees"), "not_testable");
            EXPECT_NE(reason.find("fixed pool"), std::string::npos) << reason;
        } else if (!reason.starts_with("the machine was busy")) {
            EXPECT_EQ(subject.at("verdict"), "supported") << reason;
            EXPECT_EQ(subject.at("agrees"), "agrees") << reason;
        }
    }
    EXPECT_FALSE(json.contains("prediction"));
}

TEST_F(Pythons, StandBesideTheModelsInAComparison) {
    if (!has_python_twins()) GTEST_SKIP() << "no Python of 3.8 or later was found";
    const Ran plan = run_loadgen(
        {"compare", "--python", "python3", "--workloads", "http", "--plan", "--seed", "1"});
    ASSERT_EQ(plan.status, 0) << plan.err;
    for (const char* part : {"py-prefork 3.", "py-threads 3.", "py-asyncio 3.", "threads.py",
                             "whether the models predict Python"}) {
        EXPECT_NE(plan.out.find(part), std::string::npos) << part << "\n" << plan.out;
    }
}

}  // namespace
}  // namespace echotrio::test
