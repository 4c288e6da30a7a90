// loadgen search, merge and calibrate, as commands: what they find, their files, their statuses.
#include "tests/e2e/loadgen_runs.hpp"
#include "tests/support/machine_fit.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace echotrio::test {
namespace {

class InFolder : public testing::Test {
  protected:
    InFolder() { std::filesystem::create_directories(folder_); }
    ~InFolder() override { std::filesystem::remove_all(folder_); }
    std::string file(const std::string& name) const { return folder_ + "/" + name; }
    static nlohmann::ordered_json read(const std::string& path) {
        std::ifstream in(path);
        return nlohmann::ordered_json::parse(in, nullptr, false);
    }

  private:
    std::string folder_ = testing::TempDir() + "loadgen_files_" + std::to_string(::getpid());
};

using Search = InFolder;
using Merge = InFolder;
using Calibrate = InFolder;

Words short_search(const std::string& url, const std::string& slo) {
    return {"search", url,       "--slo",       slo,        "-c",        "16",       "-d",
            "500ms",  "--probe", "300ms",       "--warmup", "50ms",      "--lowest", "20",
            "--from", "100",     "--precision", "0.3",      "--highest", "800"};
}

TEST_F(Search, StopsAtTheHighestRateThatWasAllowed) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    Server server("coroutine");
    Words words = short_search(server.http("/echo/hi"), "p50=2s");
    words.insert(words.end(), {"--json", file("search.json")});
    const Ran ran = run_loadgen(words);
    const auto json = read(file("search.json"));
    ASSERT_FALSE(json.is_discarded()) << ran.err;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    EXPECT_TRUE(json["cpus"]["generator"].is_number());
    EXPECT_NE(ran.out.find("CPUs        server "), std::string::npos) << ran.out;
    // Fit on the whole is not fit at every moment: the search says when it was not.
    if (!json["generator_limit"].is_null()) GTEST_SKIP() << "inconclusive: " << ran.out;
    if (!json["first_fail"].is_null()) {  // a server that had no CPU for a while is OVERLOADED
        for (const auto& flag : json["first_fail"]["verdict"]["flags"]) {
            if (flag["check"] == "machine") GTEST_SKIP() << "inconclusive: " << flag["what"];
        }
    }
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(json["last_pass"]["rate"], 800);
    EXPECT_TRUE(json["last_pass"]["full"]);
    EXPECT_TRUE(json["first_fail"].is_null());
    EXPECT_NE(ran.out.find("last pass"), std::string::npos);
}

TEST_F(Search, SaysWhenNoRateMeetsTheObjective) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    Server server("coroutine");
    Words words = short_search(server.http("/echo/x?wait=30ms"), "p50=5ms");
    words.insert(words.end(), {"--json", "-"});
    const Ran ran = run_loadgen(words);
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.out;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    // Fit on the whole is not fit at every moment: the search says when it was not.
    if (!json["generator_limit"].is_null()) GTEST_SKIP() << "inconclusive: " << ran.err;
    EXPECT_EQ(ran.status, 4) << ran.err;
    EXPECT_TRUE(json["last_pass"].is_null());
    EXPECT_FALSE(json["steps"].empty());
}

TEST_F(Search, MistakesAndUnreachableTargets) {
    EXPECT_EQ(run_loadgen({"search", "tcp://127.0.0.1:1", "--slo", "soon"}).status, 2);
    EXPECT_EQ(run_loadgen({"search", "tcp://127.0.0.1:1"}).status, 2);
    EXPECT_EQ(run_loadgen({"search", "ftp://nowhere", "--slo", "p99=1s"}).status, 2);
    const Ran ran = run_loadgen({"search", "tcp://127.0.0.1:1", "--slo", "p99=1s"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_TRUE(ran.err.starts_with("error: cannot connect")) << ran.err;
}

// Two shards, one at about 1 ms and one at about 60 ms: the whole is the pool of both, and its
// percentiles are nobody's average.
TEST_F(Merge, TwoGeneratorsAreThePoolOfTheirSamples) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    Server server("coroutine");
    std::vector<loadgen::Child> runs;
    std::vector<std::string> files;
    for (const char* wait : {"1ms", "60ms"}) {
        files.push_back(file(std::string(wait) + ".json"));
        runs.push_back(start_loadgen({"run", server.http(std::string("/echo/x?wait=") + wait), "-c",
                                      "8", "-R", "200", "-d", "1s", "--warmup", "100ms",
                                      "--start-at", "+1s", "--json", files.back(), "--quiet"}));
    }
    std::vector<Measured> parts;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const int status = finish(runs[i]).status;
        parts.push_back(measured({status, read(files[i]).dump(), ""}));
    }
    const Ran ran = run_loadgen({"merge", files[0], files[1], "--json", file("whole.json")});
    const Measured whole = measured({ran.status, read(file("whole.json")).dump(), ran.err});
    loadgen::Histogram pool = parts[0].result.latency;
    pool.add(parts[1].result.latency);
    EXPECT_TRUE(whole.result.latency == pool);
    EXPECT_EQ(whole.result.requests, parts[0].result.requests + parts[1].result.requests);
    EXPECT_EQ(whole.result.accounting.scheduled,
              parts[0].result.accounting.scheduled + parts[1].result.accounting.scheduled);
    EXPECT_EQ(whole.result.connections.served, 16);
    EXPECT_EQ(whole.json["command"]["connections"], 16);
    EXPECT_EQ(whole.result.server.has_value(), false);
    ASSERT_FALSE(whole.json["intervals"].empty());
    EXPECT_TRUE(whole.json["intervals"][0]["p50_us"].is_null()) << "percentiles do not add up";
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    const double average = (*parts[0].result.latency_us.p90 + *parts[1].result.latency_us.p90) / 2;
    EXPECT_GT(*whole.result.latency_us.p90, average);
}

TEST_F(Merge, WindowsThatDoNotOverlapAreRefused) {
    Server server("fault");
    for (const char* name : {"a.json", "b.json"}) {
        run_loadgen({"run", server.tcp(), "-n", "50", "--json", file(name), "--quiet"});
    }
    const Ran ran = run_loadgen({"merge", file("a.json"), file("b.json")});
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.err.find("do not overlap"), std::string::npos) << ran.err;
}

TEST_F(Merge, FilesThatAreNoResultsAreNamed) {
    std::ofstream(file("half.json")) << "{\"schema_version\": 1, \"requ";
    std::ofstream(file("other.json")) << "{\"schema_version\": 9}";
    for (const std::string& name : {file("half.json"), file("other.json"), file("missing.json")}) {
        const Ran ran = run_loadgen({"merge", name});
        EXPECT_EQ(ran.status, 1);
        EXPECT_NE(ran.err.find(name), std::string::npos) << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    }
}

TEST_F(Calibrate, FindsTheInjectedDelayAndStall) {
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    const Ran ran = run_loadgen({"calibrate", "-d", "1500ms", "--json", file("calibration.json")});
    const auto json = read(file("calibration.json"));
    ASSERT_FALSE(json.is_discarded()) << ran.err;
    EXPECT_EQ(ran.status, json["valid"].get<bool>() ? 0 : 3);
    EXPECT_EQ(json["two_cpus"].is_object(), json["cpus"]["apart"].get<bool>());
    EXPECT_NE(ran.out.find("CPUs      null server "), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("two CPUs  "), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.find("!machine") != std::string::npos, !json["flags"].empty()) << ran.out;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    EXPECT_GE(json["ceiling_rps"], json["measured_rps"]);
    EXPECT_GE(json["held_p50_us"], 1990);
    EXPECT_GT(json["error_p50_us"], 0);
    EXPECT_GE(json["stall"]["length_ms"], 149);
    EXPECT_GT(json["stall"]["expected_p95_us"], 60'000);
    EXPECT_GT(json["stall"]["measured_p95_us"], 40'000);
    EXPECT_NE(ran.out.find("ceiling"), std::string::npos);
    if (const auto& waking = json["waking"]; !waking.is_null()) {
        EXPECT_GT(waking["spin_p50_us"], 0);
        EXPECT_DOUBLE_EQ(
            waking["waking_us"].get<double>(),
            waking["sleep_p50_us"].get<double>() - waking["spin_p50_us"].get<double>());
    }
}

}  // namespace
}  // namespace echotrio::test
