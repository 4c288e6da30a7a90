// results.json and the journal: there and back, and what is said of files that are not ours.
#include "loadgen/results/results_file.hpp"

#include "loadgen/findings/results_json.hpp"
#include "loadgen/report/companions.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/result_json.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class ResultsFile : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "echotrio-results-XXXXXX").string();
        dir_ = ::mkdtemp(name.data());
    }
    void TearDown() override { fs::remove_all(dir_); }
    std::string write(const std::string& text) const {
        const std::string path = dir_ + "/results.json";
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    std::string message(const std::string& text) const {
        const auto read = read_experiment(write(text));
        return read ? "(was read)" : read.error().message;
    }
    std::string dir_;
};

Json sample_json() {
    const Experiment experiment = sample_experiment();
    return results_to_json(experiment, digest(experiment).comparisons);
}

TEST_F(ResultsFile, HasTheContractsKeys) {
    const Json json = sample_json();
    for (const char* key : {"schema_version", "environment", "seed", "trials", "comparisons"}) {
        EXPECT_TRUE(json.contains(key)) << key;
    }
    const Json& trial = json["trials"][0];
    EXPECT_TRUE(trial["connections"].is_number());
    for (const char* key : {"model", "workload", "repetition", "requests", "throughput_rps",
                            "latency_us", "accounting", "errors", "generator", "server", "verdict",
                            "command", "connection_counts"}) {
        EXPECT_TRUE(trial.contains(key)) << key;
    }
    EXPECT_FALSE(json["comparisons"].empty());
}

TEST_F(ResultsFile, ComesBack) {
    const Experiment before = sample_experiment();
    write(to_text(sample_json()));
    const auto after = read_experiment(dir_);
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_EQ(results_to_json(*after, digest(*after).comparisons), sample_json());
    EXPECT_EQ(after->trials.size(), before.trials.size());
    EXPECT_EQ(after->trials[0].result.latency, before.trials[0].result.latency);
}

TEST_F(ResultsFile, ReadsASingleRun) {
    Json run = result_to_json(sample_experiment().trials[0].result);
    run["command"] = {{"connections", 64}};
    write(run.dump());
    const auto read = read_experiment(dir_ + "/results.json");
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->trials.size(), 1U);
    EXPECT_EQ(read->trials[0].point.level.connections, 64U);
}

TEST_F(ResultsFile, NamesWhatIsWrong) {
    const std::string whole = to_text(sample_json());
    EXPECT_NE(message(whole.substr(0, whole.size() / 2)).find("cut short"), std::string::npos);
    EXPECT_NE(message("").find("cut short"), std::string::npos);
    EXPECT_NE(message("[1, 2]").find("not results"), std::string::npos);
    EXPECT_NE(message("{\"a\": 1}").find("schema_version"), std::string::npos);
    Json newer = sample_json();
    newer["schema_version"] = kSchemaVersion + 1;
    EXPECT_NE(message(newer.dump()).find("newer"), std::string::npos);
    Json broken = sample_json();
    broken["trials"][2].erase("requests");
    EXPECT_NE(message(broken.dump()).find("trial 3"), std::string::npos);
    broken = sample_json();
    broken["trials"][0]["model"] = 7;
    EXPECT_NE(message(broken.dump()).find("trial 1"), std::string::npos);
    EXPECT_NE(read_experiment(dir_ + "/nothing.json").error().message.find("nothing.json"),
              std::string::npos);
}

TEST_F(ResultsFile, WhatLiesBesideIsRead) {
    const std::string results = write(to_text(sample_json()));
    const auto none = read_companions(dir_);
    ASSERT_TRUE(none);
    EXPECT_FALSE(none->claims || none->plan);
    const Companions sample = sample_companions();
    ASSERT_TRUE(
        write_file(dir_ + "/claims.json", to_text(claims_to_json(*sample.claims, nullptr, 1))));
    CapacityPlan plan;
    plan.demand = sample.plan->demand;
    plan.demand.objective = *parse_objective("p99=5ms");
    ASSERT_TRUE(
        write_file(dir_ + "/plan.json", to_text(capacity_to_json(plan, {"x", "http", {}}))));
    for (const std::string& named : {dir_, dir_ + "/", results}) {
        const auto found = read_companions(named);
        ASSERT_TRUE(found) << found.error().message;
        ASSERT_TRUE(found->claims && found->plan);
        ASSERT_EQ(found->claims->claims.size(), sample.claims->claims.size());
        EXPECT_EQ(found->claims->claims[1].verdict, ClaimVerdict::refuted);
        EXPECT_EQ(found->claims->claims[0].evidence, sample.claims->claims[0].evidence);
        EXPECT_EQ(claims_to_json(*found->claims, nullptr, 1),
                  claims_to_json(*sample.claims, nullptr, 1));
        EXPECT_EQ(found->plan->workload, "http");
        EXPECT_EQ(demand_text(found->plan->demand), demand_text(plan.demand));
    }
    auto older = claims_to_json(*sample.claims, nullptr, 1);
    for (auto& claim : older["claims"]) {
        claim.erase("figures");
        claim.erase("picture");
    }
    const auto without = claims_from_json(older);
    ASSERT_TRUE(without) << without.error().message;
    EXPECT_EQ(without->claims[0].evidence, sample.claims->claims[0].evidence);
    EXPECT_FALSE(claim_chart(without->claims[0]));
    fs::rename(results, dir_ + "/mine.json");  // no folder of results any more
    EXPECT_FALSE(read_companions(dir_ + "/mine.json")->claims);
}

TEST_F(ResultsFile, WhatLiesBesideAndIsWrongIsNamed) {
    write(to_text(sample_json()));
    Json claims = claims_to_json(*sample_companions().claims, nullptr, 1);
    const std::string whole = to_text(claims);
    const auto says = [&](const char* name, const std::string& text) {
        std::ofstream(dir_ + "/" + name, std::ios::binary) << text;
        const auto read = read_companions(dir_);
        fs::remove(dir_ + "/" + name);
        const std::string message = read ? "(was read)" : read.error().message;
        EXPECT_NE(message.find(name), std::string::npos) << message;
        return message;
    };
    EXPECT_NE(says("claims.json", whole.substr(0, 99)).find("cut short"), std::string::npos);
    EXPECT_NE(says("claims.json", "{}").find("schema_version"), std::string::npos);
    EXPECT_NE(says("claims.json", to_text(sample_json())).find("not what"), std::string::npos);
    EXPECT_NE(says("plan.json", whole).find("not what loadgen plan"), std::string::npos);
    claims["claims"][1]["verdict"] = "perhaps";
    EXPECT_NE(says("claims.json", to_text(claims)).find("perhaps"), std::string::npos);
    claims["claims"][1]["verdict"] = 7;
    EXPECT_NE(says("claims.json", to_text(claims)), "");
    claims["schema_version"] = kSchemaVersion + 1;
    EXPECT_NE(says("claims.json", to_text(claims)).find("newer"), std::string::npos);
    EXPECT_NE(message(whole).find("holds claims, no results"), std::string::npos);
}

TEST_F(ResultsFile, IsWrittenWholeOrNotAtAll) {
    const std::string path = dir_ + "/out.json";
    ASSERT_TRUE(write_file(path, "first"));
    ASSERT_TRUE(write_file(path, "second"));
    std::string text;
    std::getline(std::ifstream(path), text);
    EXPECT_EQ(text, "second");
    EXPECT_EQ(std::distance(fs::directory_iterator(dir_), {}), 1);
    const auto failed = write_file(dir_ + "/no/such/folder.json", "x");
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("cannot write"), std::string::npos);
}

TEST_F(ResultsFile, TheJournalContinues) {
    const Experiment whole = sample_experiment();
    Experiment begun = whole;
    begun.trials.clear();
    const std::string folder = dir_ + "/run";
    {
        auto journal = Journal::create(folder, begun);
        ASSERT_TRUE(journal) << journal.error().message;
        for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(journal->append(whole.trials[i]));
    }
    EXPECT_FALSE(Journal::create(folder, begun));  // does not overwrite
    EXPECT_NE(read_experiment(folder).error().message.find("--resume"), std::string::npos);
    std::ofstream(folder + "/trials.jsonl", std::ios::app) << "{\"model\": \"thre";  // cut short
    Experiment resumed;
    {
        auto journal = Journal::resume(folder, resumed);
        ASSERT_TRUE(journal) << journal.error().message;
        EXPECT_EQ(resumed.trials.size(), 3U);
        EXPECT_EQ(resumed.seed, whole.seed);
        ASSERT_TRUE(journal->append(whole.trials[3]));
    }
    Experiment again;
    auto journal = Journal::resume(folder, again);
    ASSERT_TRUE(journal) << journal.error().message;
    EXPECT_EQ(again.trials.size(), 4U);
    journal->remove();
    EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(ResultsFile, NothingToResumeIsAnError) {
    Experiment experiment;
    EXPECT_NE(Journal::resume(dir_, experiment).error().message.find("nothing to resume"),
              std::string::npos);
    std::ofstream(dir_ + "/trials.jsonl") << "not json\n";
    EXPECT_FALSE(Journal::resume(dir_, experiment));
}

}  // namespace
}  // namespace echotrio::loadgen
