// loadgen run --replay and --record: what a server gets is what was recorded, at the recorded
// times.
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace echotrio::test {
namespace {

class Replay : public testing::Test {
  protected:
    void SetUp() override {
        std::string name =
            (std::filesystem::temp_directory_path() / "echotrio-replay-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        dir_ = name;
    }
    void TearDown() override {
        std::error_code ignored;
        std::filesystem::remove_all(dir_, ignored);
    }
    std::string path(const std::string& name) const { return dir_ + "/" + name; }
    std::string file(const std::string& name, const std::string& text) const {
        std::ofstream(path(name)) << text;
        return path(name);
    }
    std::string text(const std::string& name) const {
        std::ostringstream all;
        all << std::ifstream(path(name)).rdbuf();
        return all.str();
    }

  private:
    std::string dir_;
};

using Counts = std::map<std::string, int>;
Counts counts_of(const std::string& lines) {
    Counts counts;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) ++counts[line];
    return counts;
}

// "offset in ns, method, path, bytes" of each line of a record.
Words arrivals(const std::string& record) {
    Words all;
    std::istringstream in(record);
    std::int64_t first = -1;
    for (std::string line; std::getline(in, line);) {
        const auto json = nlohmann::json::parse(line);
        const std::string digits = line.substr(8, line.find_first_of(",}") - 8);
        const std::size_t point = digits.find('.');
        const std::int64_t at = std::stoll(digits.substr(0, point)) * 1'000'000'000 +
                                std::stoll(digits.substr(point + 1));
        if (first < 0) first = at;
        all.push_back(std::to_string(at - first) + json.value("method", " -") +
                      json.value("path", " -") + std::to_string(json.value("bytes", -1)));
    }
    return all;
}

TEST_F(Replay, TheServerGetsWhatTheLogHolds) {
    const Server server = Server::of({"python3", "-B", ECHOTRIO_RECORDING_SERVER, path("seen")});
    std::string log;
    Counts expected;
    for (int i = 0; i < 100; ++i) {
        const char* const method = i % 5 == 0 ? "POST" : i % 7 == 0 ? "HEAD" : "GET";
        const std::string target = "/item/" + std::to_string(i % 11) + "?q=%20";
        log += "10.0.0.1 - - [31/Jan/2026:12:00:0" + std::to_string(9 - i / 10) + " +0000] \"" +
               method + " " + target + " HTTP/1.1\" 200 17 \"-\" \"curl\"\n";
        ++expected[std::string(method) + " " + target + (i % 5 == 0 ? " 100" : " 0")];
    }
    log += "10.0.0.1 - - [31/Jan/2026:12:00:09 +0000] \"CONNECT a:1 HTTP/1.1\" 200 17\nbroken\n";
    const Measured run = measure({server.http("/"), "--replay", file("access.log", log), "--speed",
                                  "5x", "-c", "4", "-t", "2", "--size", "100"});
    EXPECT_EQ(run.result.accounting.scheduled, 100);
    EXPECT_EQ(run.result.accounting.completed, 100);
    EXPECT_EQ(counts_of(text("seen")), expected);
    EXPECT_NEAR(run.result.duration_s, 2, 0.01);
    const auto& replay = run.json["command"]["replay"];
    EXPECT_EQ(replay["format"], "log");
    EXPECT_EQ(replay["requests"], 100);
    EXPECT_EQ(replay["speed"], 5);
    EXPECT_EQ(replay["spread"], true);
    EXPECT_EQ(replay["out_of_order"], 90);
    EXPECT_EQ(replay["skipped"]["method"]["first"], 101);
    EXPECT_EQ(replay["skipped"]["malformed"]["count"], 1);
    EXPECT_TRUE(run.json["command"]["rate"].is_null());
    EXPECT_NE(run.err.find("spread evenly"), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("skipped: 1 line not understood (line 102)"), std::string::npos);
}

TEST_F(Replay, BodiesHaveTheirRecordedBytes) {
    const Server server = Server::of({"python3", "-B", ECHOTRIO_RECORDING_SERVER, path("seen")});
    const std::string csv =
        "time,method,path,bytes\n0.0,POST,/a,70000\n0.01,PUT,/b,0\n0.02,GET,/c,900\n"
        "0.03,POST,/a,1\n0.03,DELETE,/d,\n";
    const Measured run = measure({server.http("/"), "--replay", file("r.csv", csv)});
    EXPECT_EQ(run.result.accounting.completed, 5);
    EXPECT_EQ(counts_of(text("seen")), (Counts{{"POST /a 70000", 1},
                                               {"PUT /b 0", 1},
                                               {"GET /c 0", 1},
                                               {"POST /a 1", 1},
                                               {"DELETE /d 0", 1}}));
}

TEST_F(Replay, ARunsOwnRecordIsTheSameArrivalsToTheNanosecond) {
    const Server server("coroutine");
    const std::vector<Words> loads{
        {server.http("/"), "-R", "400", "--class", "a:3:/echo/a", "--class", "b:1:/echo/b", "-t",
         "2"},
        {server.http("/echo"), "-R", "200", "--arrival", "constant", "--size", "33"},
        {server.http("/echo/closed"), "--think", "5ms"},
        {server.tcp(), "-R", "300", "--size", "50"}};
    for (const Words& load : loads) {
        Words first = load;
        first.insert(first.end(),
                     {"-c", "4", "-d", "300ms", "--warmup", "50ms", "--record", path("first")});
        const Measured run = measure(first);
        const Words recorded = arrivals(text("first"));
        EXPECT_EQ(recorded.size(), run.result.accounting.scheduled) << load[0];
        const Measured again = measure(
            {load[0], "--replay", path("first"), "-c", "4", "-t", "3", "--record", path("again")});
        EXPECT_EQ(again.result.accounting.scheduled, recorded.size());
        EXPECT_EQ(arrivals(text("again")), recorded) << load[0];
    }
}

TEST_F(Replay, ALoopGoesOnUntilTheDuration) {
    const Server server("coroutine");
    std::string csv = "time,path\n";
    for (int i = 0; i < 10; ++i) csv += "5.0" + std::to_string(i) + ",/echo/x\n";  // every 10 ms
    const std::string record = file("r.csv", csv);
    const Measured run = measure({server.http("/"), "--replay", record, "--loop", "-d", "500ms"});
    EXPECT_EQ(run.result.accounting.scheduled, 50);
    const Measured once = measure({server.http("/"), "--replay", record});
    EXPECT_EQ(once.result.accounting.scheduled, 10);
    EXPECT_NEAR(once.result.duration_s, 0.1, 0.01);
    const Measured half =
        measure({server.http("/"), "--replay", record, "--warmup", "50ms", "--speed", "0.5"});
    EXPECT_EQ(half.result.accounting.scheduled, 7) << "two a 50 ms before the window";
    EXPECT_EQ(half.result.total.scheduled, 10);
}

// At this speed the window is over before a thread can look at the clock.
TEST_F(Replay, AWindowShorterThanAThreadsWakingLosesNothing) {
    const Server server("coroutine");
    const std::string record =
        file("r.csv", "time,path\n1.0,/echo/a\n1.01,/echo/b\n1.02,/echo/c\n");
    for (const char* threads : {"1", "2"}) {
        const Measured run = measure({server.http("/"), "--replay", record, "--speed", "1000000x",
                                      "-c", "2", "-t", threads, "--timeout", "30s"});
        EXPECT_EQ(run.result.accounting.scheduled, 3);
    }
}

TEST_F(Replay, SeveralGeneratorsShareARecordAndAreMerged) {
    const Server server("coroutine");
    std::string csv = "time\n";
    for (int i = 0; i < 101; ++i) csv += std::to_string(i / 100.0) + "\n";
    const std::string record = file("r.csv", csv);
    Words merge{"merge", "--quiet", "--json", "-"};
    std::vector<loadgen::Child> runs;
    for (const char* shard : {"1/2", "2/2"}) {
        merge.push_back(path(std::string("part") + shard[0]));
        runs.push_back(
            start_loadgen({"run", server.tcp(), "--replay", record, "--shard", shard, "-c", "2",
                           "--start-at", "+1s", "--json", merge.back(), "--quiet"}));
    }
    for (loadgen::Child& run : runs) {
        const Ran ran = finish(run);
        EXPECT_TRUE(ran.status == 0 || ran.status == 3) << ran.err;
    }
    const Ran merged = run_loadgen(merge);
    const auto whole = nlohmann::json::parse(merged.out, nullptr, false);
    ASSERT_FALSE(whole.is_discarded()) << merged.err;
    EXPECT_EQ(whole["accounting"]["scheduled"], 101);
    EXPECT_EQ(whole["accounting"]["completed"], 101);
    EXPECT_EQ(whole["command"]["replay"]["requests"], 101);
}

TEST_F(Replay, ARecordComesThroughAPipe) {
    const Server server("coroutine");
    const std::string record = file("r.csv", "time,path\n1.0,/echo/x\n1.1,/echo/y\n");
    const Ran ran = shell(program("loadgen") + " run " + server.http("/") +
                          " --replay - --quiet --json - < " + record);
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.err;
    EXPECT_EQ(json["accounting"]["completed"], 2);
    EXPECT_EQ(json["command"]["replay"]["file"], "-");
}

TEST_F(Replay, WhatCanNotBeIsSaidInOneLine) {
    const std::string record = file("r.csv", "time,path\n1.0,/echo/x\n");
    const std::string nothing = file("nothing", "hello\n");
    const std::string far = file("far.csv", "time\n0.0\n1764031200.0\n");
    const std::string url = "http://127.0.0.1:1/";
    struct Case {
        Words arguments;
        int status;
        std::string word;
    };
    const std::vector<Case> cases{
        {{"--replay", record, "-R", "5"}, 2, "--rate: "},
        {{"--replay", record, "--arrival", "poisson"}, 2, "--arrival: "},
        {{"--replay", record, "--class", "a:1:/"}, 2, "--class: "},
        {{"--replay", record, "--think", "1ms"}, 2, "--think: "},
        {{"--replay", record, "-n", "5"}, 2, "--requests: "},
        {{"--replay", record, "--loop"}, 2, "--loop: "},
        {{"--replay", record, "--speed", "0"}, 2, "--speed: "},
        {{"--replay", record, "--speed", "2y"}, 2, "--speed: "},
        {{"--replay", record, "--speed", "2xx"}, 2, "--speed: "},
        {{"--replay", record, "--replay-format", "xml"}, 2, "--replay-format: "},
        {{"--replay", ""}, 2, "--replay: "},
        {{"--speed", "2x"}, 2, "needs --replay"},
        {{"--loop"}, 2, "needs --replay"},
        {{"--record", "-"}, 2, "--record: "},
        {{"--replay", path("none")}, 1, "cannot read"},
        {{"--replay", path("")}, 1, "cannot read"},
        {{"--replay", nothing}, 1, "begins with nothing"},
        {{"--replay", record, "--replay-format", "log"}, 1, "no request to send"},
        {{"--replay", record, "--warmup", "2s"}, 1, "warm-up"},
        {{"--replay", far}, 1, "wrong time"},
    };
    for (const Case& one : cases) {
        Words words{"run", url};
        words.insert(words.end(), one.arguments.begin(), one.arguments.end());
        const Ran ran = run_loadgen(words);
        EXPECT_EQ(ran.status, one.status) << ran.err;
        EXPECT_NE(ran.err.find(one.word), std::string::npos) << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
        EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
    }
}

}  // namespace
}  // namespace echotrio::test
