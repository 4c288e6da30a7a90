// loadgen tune as a program: what it writes, how it ends, and mistakes.
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

namespace echotrio::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Folder {
    std::string path;
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "echotrio-tune-XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    ~Folder() { fs::remove_all(path); }
};

TEST(Tune, TunesModelsWritesReportsAndConfigurations) {
    const Folder folder;
    const std::string& dir = folder.path;
    const Words usual{"--vary",   "workers=2,4", "--slo",       "p50=1s", "-d", "200ms",
                      "--warmup", "50ms",        "--precision", "0.5",    "-r", "1",
                      "--budget", "30s",         "--quiet",     "-c",     "16"};
    Words words{"tune", "--model", "prefork --wait 5ms", "--out", dir, "--emit", "k8s"};
    words.insert(words.end(), usual.begin(), usual.end());
    const Ran ran = run_loadgen(words);
    if (ran.status == 3) GTEST_SKIP() << "the machine is busy: " << ran.err;
    ASSERT_EQ(ran.status, 0) << ran.err;
    EXPECT_NE(ran.out.find("kind: HorizontalPodAutoscaler"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("{name: WORKERS, value: "), std::string::npos) << ran.out;
    for (const char* file : {"/report.html", "/report.md", "/tune.json"}) {
        EXPECT_GT(fs::file_size(dir + file), 1000U) << file;
    }
    std::ifstream in(dir + "/tune.json");
    const Json json = Json::parse(in, nullptr, false);
    ASSERT_FALSE(json.is_discarded());
    EXPECT_EQ(json["kind"], "tune");
    EXPECT_TRUE(json["best"]["workers"] == 2 || json["best"]["workers"] == 4);
    EXPECT_GE(json["trials"].size(), 2U);
    EXPECT_EQ(json["command"]["vary"]["workers"], Json({"2", "4"}));
    const auto& trial = json["trials"][0];
    EXPECT_TRUE(trial["verdict"].is_object());
    EXPECT_EQ(trial["accounting"]["scheduled"].get<std::uint64_t>(),
              trial["accounting"]["sent"].get<std::uint64_t>() +
                  trial["accounting"]["unsent"].get<std::uint64_t>());
    // All settings of a round meet the same arrivals, and another round others.
    std::set<int> rounds;
    std::set<std::uint64_t> seeds;
    std::set<std::pair<int, std::uint64_t>> both;
    for (const Json& one : json["trials"]) {
        rounds.insert(one["round"].get<int>());
        seeds.insert(one["seed"].get<std::uint64_t>());
        both.emplace(one["round"], one["seed"]);
    }
    EXPECT_EQ(seeds.size(), rounds.size());
    EXPECT_EQ(both.size(), rounds.size());
}

TEST(Tune, SaysWhatCameNearestWhereNothingMeetsTheObjective) {
    const Ran ran = run_loadgen({"tune", "--model", "threads --wait 30ms", "--vary",
                                 "max-threads=50,100", "--slo", "p50=5ms", "-d", "300ms",
                                 "--warmup", "50ms", "--quiet", "--json", "-"});
    if (ran.status == 3) GTEST_SKIP() << "the machine is busy: " << ran.err;
    EXPECT_EQ(ran.status, 4) << ran.err;
    const Json json = Json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.out;
    EXPECT_TRUE(json["best"].is_null());
    EXPECT_NE(json["answer"].get<std::string>().find("nearest was max-threads "), std::string::npos)
        << json["answer"];
    EXPECT_TRUE(json["rule_of_thumb"].is_null());
}

TEST(Tune, ABudgetEndsItWithWhatIsKnown) {
    const Ran ran =
        run_loadgen({"tune", "--model", "coroutine", "--vary", "yield-every=1ms,2ms", "--slo",
                     "p50=2s", "-d", "300ms", "--warmup", "50ms", "--budget", "2s", "--json", "-"});
    const Json json = Json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.err;
    EXPECT_TRUE(ran.status == 0 || ran.status == 3 || ran.status == 4) << ran.status;
    EXPECT_FALSE(json["search"]["complete"].get<bool>());
    EXPECT_EQ(json["search"]["stopped"], "the time was over");
}

TEST(Tune, MistakesAreNamed) {
    struct Case {
        Words more;
        const char* message;
    };
    const std::string server = "python3 x.py {port} {workers}";
    const std::string vary = "workers=1..4";
    for (const Case& c : {
             Case{{"--vary", vary, "--slo", "p99=1s"}, "--server: is missing"},
             Case{{"--server", server, "--slo", "p99=1s"}, "--vary: is missing"},
             Case{{"--server", server, "--vary", vary}, "--slo is required"},
             Case{{"--server", server, "--vary", vary, "--slo", "soon"}, "--slo: "},
             Case{{"--server", "", "--vary", vary, "--slo", "p99=1s"}, "--server: "},
             Case{{"--server", server + " {thread}", "--vary", vary, "--slo", "p99=1s"},
                  "--server: there is no {thread}: --vary thread=..."},
             Case{{"--server", server, "--vary", vary, "--vary", "threads=1,2", "--slo", "p99=1s"},
                  "--vary: {threads} is not in the command"},
             Case{{"--server", server, "--vary", "workers=16..1", "--slo", "p99=1s"},
                  "16..1 runs downwards"},
             Case{{"--server", server, "--vary", "workers=", "--slo", "p99=1s"},
                  "there is no value"},
             Case{{"--server", server + " {a}", "--vary", "workers=1..200", "--vary", "a=1..200",
                   "--slo", "p99=1s"},
                  "--vary: 40000 settings in all"},
             Case{{"--server", server, "--vary", vary, "--vary", vary, "--slo", "p99=1s"},
                  "workers is there twice"},
             Case{{"--server", server, "--model", "prefork", "--vary", vary, "--slo", "p99=1s"},
                  "--model"},
             Case{{"--model", "forks", "--vary", vary, "--slo", "p99=1s"},
                  "--model: there is no model 'forks'"},
             Case{{"--server", server, "--vary", vary, "--slo", "p99=1s", "--cpus", "4096"},
                  "--cpus: 4096 are more than"},
             Case{{"--server", server, "--vary", vary, "--slo", "p99=1s", "-d", "3s", "--budget",
                   "3s"},
                  "--budget: 3s is less than one trial takes"},
             Case{{"--model", "threads", "--vary", "max-threads=1,2", "--slo", "p99=1s", "--emit",
                   "gunicorn"},
                  "--vary: max-threads: --emit gunicorn knows no such setting"},
             Case{{"--server", server, "--vary", vary, "--slo", "p99=1s", "--emit", "env", "--json",
                   "/dev/stdout"},
                  "--emit: standard output is for --json"},
             Case{{"--server", server, "--vary", vary, "--slo", "p99=1s", "--emit", "toml"},
                  "--emit"},
             Case{{"--server", server, "--vary", vary, "--slo", "p99=1s", "--memory", "2Gb"},
                  "--memory"},
             Case{{"--server", server, "--vary", vary, "--slo", "p99=1s", "--emit", "env", "--json",
                   "-"},
                  "--emit: standard output is for --json"},
         }) {
        Words words{"tune"};
        words.insert(words.end(), c.more.begin(), c.more.end());
        const Ran ran = run_loadgen(words);
        EXPECT_EQ(ran.status, 2) << ran.err;
        EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
        EXPECT_NE(ran.err.find(c.message), std::string::npos) << c.message << ": " << ran.err;
    }
}

TEST(Tune, AServerThatCannotBeStartedIsOneLine) {
    const Ran ran =
        run_loadgen({"tune", "--server", "sh -c 'echo no such app >&2; exit 3; {workers}'",
                     "--vary", "workers=1,2", "--slo", "p99=1s"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_NE(ran.err.find("no such app"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace echotrio::test
