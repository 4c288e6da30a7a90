// `loadgen compare` from end to end, as small as it gets: the files, the mistakes, the
// interruption.
#include "loadgen/design/plan.hpp"
#include "loadgen/results/results_file.hpp"
#include "loadgen/subject/cpus.hpp"
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;
constexpr Nanos kPatience = std::chrono::seconds(90);

test::Ran compare(test::Words arguments) {
    arguments.insert(arguments.begin(), "compare");
    return test::run_loadgen(arguments);
}

std::size_t count_trials(const std::string& journal) {
    std::ifstream file(journal);
    std::size_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines > 0 ? lines - 1 : 0;
}

// Processes whose parent is `parent`, now.
std::vector<pid_t> children_of(pid_t parent) {
    std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) +
                       "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;) children.push_back(child);
    return children;
}

// Whatever else a loaded machine makes of a trial: what the server counted is what was sent.
void expect_the_server_to_agree(const Experiment& experiment) {
    for (const Trial& trial : experiment.trials) {
        for (const Finding& finding : trial.result.verdict.reasons) {
            EXPECT_EQ(finding.what.find("the server counted"), std::string::npos)
                << trial.point.variant << ": " << finding.what;
        }
    }
}

class Compare : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "echotrio-compare-XXXXXX").string();
        dir_ = ::mkdtemp(name.data());
        out_ = dir_ + "/out";
    }
    void TearDown() override { fs::remove_all(dir_); }
    std::vector<std::string> small(std::vector<std::string> more,
                                   const char* duration = "60ms") const {
        std::vector<std::string> arguments{
            "--out",         out_, "--duration", duration, "--warmup", "20ms", "--seed", "5",
            "--repetitions", "1",  "--retries",  "0",      "--no-wrk"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }
    std::string dir_, out_;
};

TEST_F(Compare, LeavesTheFourFilesAndPrintsTheTable) {
    const test::Ran ended = compare(small({"--workloads", "echo,idle", "--connections", "3,5"}));
    // A loaded machine makes every trial INVALID (3); that is a result too.
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    for (const char* file : {"results.json", "trials.csv", "report.md", "report.html"}) {
        EXPECT_TRUE(fs::exists(out_ + "/" + file)) << file;
    }
    EXPECT_FALSE(fs::exists(out_ + "/trials.jsonl"));
    for (const char* word : {"echo", "idle", "prefork", "threads", "coroutine", "requests/s"}) {
        EXPECT_NE(ended.out.find(word), std::string::npos) << word;
    }
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_TRUE(experiment->complete);
    EXPECT_EQ(experiment->trials.size(), 2U * 2U * 3U);
    for (const Trial& trial : experiment->trials) {
        EXPECT_TRUE(trial.result.accounting.balanced());
        EXPECT_TRUE(trial.result.total.balanced());
        ASSERT_TRUE(trial.result.server) << trial.point.variant;
        EXPECT_TRUE(trial.server_stats.is_object());
        EXPECT_EQ(trial.server_stats["model"], trial.point.variant);
    }
    expect_the_server_to_agree(*experiment);
}

TEST_F(Compare, AVariantIsAServerWithFlagsOfItsOwn) {
    const test::Ran ended =
        compare(small({"--workloads", "http,churn", "--connections", "2", "--models", "threads",
                       "--variant", "no lock=threads --gil off"}));
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_EQ(experiment->trials.size(), 4U);
    EXPECT_NE(ended.out.find("no lock"), std::string::npos);
    expect_the_server_to_agree(*experiment);
}

// It waits for its servers' ends, which a parent that ignores SIGCHLD would take from it.
TEST_F(Compare, DependsOnNoSignalsThatItsParentIgnoredOrBlocked) {
    test::Words argv{"env", "--ignore-signal", "--block-signal", test::program("loadgen"),
                     "compare"};
    for (const std::string& word :
         small({"--workloads", "http", "--connections", "2", "--models", "prefork"})) {
        argv.push_back(word);
    }
    auto child = Child::start({.argv = argv});
    ASSERT_TRUE(child) << child.error().message;
    const test::Ran ended = test::finish(*child);
    if (ended.status == 125) GTEST_SKIP() << "env can't ignore or block signals here";
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    EXPECT_EQ(ended.err.find("Killed"), std::string::npos) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_TRUE(experiment->complete);
}

TEST_F(Compare, ThePlanRunsNothing) {
    const test::Ran ended = compare(small({"--plan"}));
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_NE(ended.out.find("about"), std::string::npos);
    EXPECT_NE(ended.out.find("order of the first round"), std::string::npos);
    EXPECT_FALSE(fs::exists(out_));
}

TEST_F(Compare, ThePlanSaysWhatBoundsIt) {
    const test::Ran ended =
        compare({"--plan", "--workloads", "http,steady", "--precision", "5%", "--budget", "4m"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    for (const char* part :
         {"at most 100 rounds", "after 8 only where an interval is wider than 5 %",
          "at most 4m 00s in all", "at 10 % of the slowest server's capacity",
          "9 short trials find"}) {
        EXPECT_NE(ended.out.find(part), std::string::npos) << part << '\n' << ended.out;
    }
    const test::Ran quick = compare({"--plan", "--quick"});
    EXPECT_NE(quick.out.find("at most 3m 00s in all"), std::string::npos) << quick.out;
}

TEST_F(Compare, ATenthOfTheTrialsMayBeRepeated) {
    const test::Ran many = compare({"--plan", "--workloads", "http", "-r", "50"});
    EXPECT_NE(many.out.find("at most 15 INVALID ones"), std::string::npos) << many.out;
    const test::Ran open = compare({"--plan", "--workloads", "http", "--budget", "4m"});
    EXPECT_NE(open.out.find("at most 3 INVALID ones"), std::string::npos) << open.out;
}

TEST_F(Compare, AWarmUpOfNothingIsOne) {
    const std::string file = dir_ + "/cold.toml";
    std::ofstream(file) << "[http]\nwarmup = \"0s\"\n[echo]\n";
    const test::Ran ended = compare({"--experiment", file, "--plan"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_NE(ended.out.find("each after 0s warm-up"), std::string::npos) << ended.out;
    EXPECT_NE(ended.out.find("each after 250ms warm-up"), std::string::npos) << ended.out;
    const test::Ran flag = compare({"--warmup", "0s", "--plan"});
    EXPECT_EQ(flag.out.find("250ms"), std::string::npos) << flag.out;
}

// The rates are the same for all servers and for all rounds, and stand in the results.
TEST_F(Compare, SteadyRatesAreFixedByAProbe) {
    const test::Ran ended =
        compare(small({"--workloads", "steady", "--connections", "2"}, "500ms"));
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    const auto plan = plan_from_json(experiment->settings);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->capacities.size(), 3U);
    ASSERT_EQ(plan->levels.size(), 2U);
    EXPECT_GE(plan->levels[0].rate, 1);
    EXPECT_NEAR(plan->levels[1].rate / plan->levels[0].rate, 5, 0.6);  // two digits each
    EXPECT_EQ(experiment->trials.size(), 6U);
    for (const Trial& trial : experiment->trials) {
        const auto& levels = plan->levels;
        EXPECT_NE(std::find(levels.begin(), levels.end(), trial.point.level), levels.end());
    }
}

TEST_F(Compare, TheExampleOfAnExperimentIsPlanned) {
    const test::Ran ended = compare({"--experiment", ECHOTRIO_EXAMPLE, "--plan"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    for (const char* part :
         {"225 trials", "seed 2026", "5 repetitions", "echo-threads --gil off", "64 at 2000/s"}) {
        EXPECT_NE(ended.out.find(part), std::string::npos) << part << '\n' << ended.out;
    }
}

TEST_F(Compare, AnExperimentIsAFile) {
    const std::string file = dir_ + "/small.toml";
    std::ofstream(file)
        << "# everything but the folder\n"
           "models = [\"threads\", \"coroutine\"]\nrepetitions = 1\nseed = 9\nretries = 0\n"
           "duration = \"60ms\"\nwarmup = \"20ms\"\nno-wrk = true\nconnections = [2]\n"
           "variant = [\"no lock=threads --gil off\"]\n"
           "[http]\n"
           "[page]\npath = \"/echo/hi?cpu=50us\"\nrates = [200, 400]\n"
           "connections = [3, 1]\n";
    const test::Ran ended = compare({"--experiment", file, "--out", out_, "--models", "coroutine"});
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_EQ(experiment->seed, 9U);
    const auto plan = plan_from_json(experiment->settings);
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_EQ(plan->variants.size(), 2U);  // the flag's model, the file's variant
    EXPECT_EQ(plan->variants[0].label, "coroutine");
    EXPECT_EQ(plan->variants[1].arguments, (std::vector<std::string>{"--gil", "off"}));
    const std::vector<Level> levels{
        {"http", 2}, {"page", 1, 200}, {"page", 1, 400}, {"page", 3, 200}, {"page", 3, 400}};
    EXPECT_EQ(plan->levels, levels);
    EXPECT_EQ(plan->workloads[1].load.target.path, "/echo/hi?cpu=50us");
    EXPECT_EQ(plan->workloads[1].load.duration, std::chrono::milliseconds(60));
    EXPECT_EQ(experiment->trials.size(), 10U);
    for (const Trial& trial : experiment->trials) {
        EXPECT_EQ(trial.command["seed"].is_number(), true);
        EXPECT_NE(trial.command["url"].get<std::string>().find("/echo/hi"), std::string::npos);
    }
    EXPECT_NE(experiment->command_line.find("--models coroutine"), std::string::npos);
    EXPECT_NE(experiment->command_line.find(file), std::string::npos);
}

TEST_F(Compare, MistakesInAnExperimentNameTheSetting) {
    const std::string file = dir_ + "/wrong.toml";
    const std::vector<std::pair<std::string, std::string>> mistakes = {
        {"sede = 1\n", "there is no setting 'sede'"},
        {"repetitions = \"many\"\n", "line 1: --repetitions"},
        {"connections = [0]\n", "--connections"},
        {"duration = 5\n", "--duration"},
        {"seed = 1\nmodels = [\"threads\"]\nseed = 2\n", "line 3: "},
        {"plan = true\n", "plan: can only be a flag"},
        {"budget = 3\n", "--retries 3"},
        {"precision = 5\n", "--precision: write a share"},
        {"[echo]\nduration = \"0s\"\n", "must be above 0"},
        {"[echo]\nseed = 1\n", "[echo] there is no setting 'seed'"},
        {"[echo]\nwarmup = \"soon\"\n", "line 2: [echo] --warmup"},
        {"[echo]\npath = \"/\"\n", "[echo]: is a standard workload"},
        {"[mine]\nconnections = [1]\n", "[mine]: no such workload"},
        {"[mine]\npath = \"/\"\n", "[mine]: give connections"},
        {"[mine]\npath = \"echo\"\nconnections = [1]\n", "[mine]: path: begins with /"},
        {"models = [\"erlang\"]\n", "erlang"},
        {"models = [threads]\n", "a text stands in \"quotes\""},
        {"duration = 60ms\n", "a text stands in \"quotes\""},
        {"models = []\n", "models: the list is empty"},
        {"seed = 2026-01-31\n", "seed: is no text, number"},
        {"connections = [[1], [2]]\n", "connections: is no text, number"},
        {"[echo.more]\nseed = 1\n", "[echo] more: is no text"},
        {"\nconnections = [1,\n2\n", "line 3: "},
        {"seed = 1\nx\n", "line 2: "},
        {"one two\n", "line 1: "},
    };
    for (const auto& [text, word] : mistakes) {
        std::ofstream(file, std::ios::trunc) << text;
        const test::Ran ended = compare({"--experiment", file, "--plan"});
        EXPECT_EQ(ended.status, 2) << text;
        EXPECT_TRUE(ended.err.starts_with("error: ")) << ended.err;
        EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
        EXPECT_NE(ended.err.find(word), std::string::npos) << ended.err;
    }
    const test::Ran missing = compare({"--experiment", dir_ + "/none.toml", "--plan"});
    EXPECT_EQ(missing.status, 2);
    EXPECT_NE(missing.err.find("none.toml: No such file"), std::string::npos) << missing.err;
}

TEST_F(Compare, MemoryIsToldBeforeAtThePeakAndAfter) {
    const test::Ran ended =
        compare(small({"--workloads", "idle", "--connections", "400", "--models", "threads"}));
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    ASSERT_EQ(experiment->trials.size(), 1U);
    const auto& server = experiment->trials[0].result.server;
    ASSERT_TRUE(server);
    const auto stacks = [](const MemoryUse& use) { return use.at("kernel_stacks").value_or(0); };
    // A thread per connection: each has a kernel stack, and takes it with it.
    EXPECT_GE(stacks(server->memory_peak), stacks(server->memory_before) + 400 * 4096);
    EXPECT_GE(stacks(server->memory_peak), stacks(server->memory));
    EXPECT_LT(stacks(server->memory_after), stacks(server->memory_peak) / 2);
    EXPECT_GE(server->memory_peak.at("rss_peak_sum"), server->memory_peak.at("rss_sum"));
    EXPECT_NE(ended.out.find("before, at the peak and after"), std::string::npos) << ended.out;
}

TEST_F(Compare, RunningServersAreTargets) {
    const test::Server server("coroutine");
    const test::Ran ended = compare(small({"--workloads", "http", "--connections", "2", "--targets",
                                           "coroutine=" + net::format_host_port(server.where())},
                                          "500ms"));
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    ASSERT_EQ(experiment->trials.size(), 1U);
    EXPECT_GT(experiment->trials[0].result.requests, 0U);
}

TEST_F(Compare, ThePageOfTargetsIsChosen) {
    const test::Server server("coroutine");
    const test::Ran ended = compare(small({"--workloads", "page", "--connections", "2", "--targets",
                                           "mine=" + net::format_host_port(server.where()),
                                           "--path", "/none", "--expect-status", "404"},
                                          "500ms"));
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    ASSERT_EQ(experiment->trials.size(), 1U);
    const Trial& trial = experiment->trials[0];
    EXPECT_GT(trial.result.requests, 0U);
    EXPECT_EQ(trial.result.errors.status, 0U);
    EXPECT_TRUE(trial.command.at("url").get<std::string>().ends_with("/none"));
}

TEST_F(Compare, MistakesAreOneLineAndStatus2) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes = {
        {{"--workloads", "nonsense"}, "nonsense"},
        {{"--models", "erlang"}, "erlang"},
        {{"--variant", "=x"}, "--variant"},
        {{"--targets", "threads"}, "--targets"},
        {{"--duration", "5"}, "unit"},
        {{"--duration", "0s"}, "--duration: must be above 0"},
        {{"--warmup", "x"}, "--warmup"},
        {{"--connections", "0"}, "--connections"},
        {{"--budget", "3"}, "is --retries 3"},
        {{"--budget", "soon"}, "--budget"},
        {{"--budget", "1s"}, "give at least"},
        {{"--precision", "five"}, "like 5%"},
        {{"--precision", "0%"}, "like 5%"},
        {{"--precision", ""}, "like 5%"},
        {{"--precision", "5%", "-r", "8"}, "at least 9 rounds"},
        {{"--models", "threads,threads"}, "twice"},
        {{"--no-such-flag"}, "--no-such-flag"},
        {{"--path", "/x"}, "give one"},
        {{"--targets", "a=127.0.0.1:1", "--expect-status", "204"}, "write --workloads page"},
        {{"--targets", "a=127.0.0.1:1", "--workloads", "page", "--path", "x"},
         "--path: begins with /"},
    };
    for (const auto& [arguments, word] : mistakes) {
        const test::Ran ended = compare(arguments);
        EXPECT_EQ(ended.status, 2) << word;
        EXPECT_TRUE(ended.err.starts_with("error: ")) << ended.err;
        EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
        EXPECT_NE(ended.err.find(word), std::string::npos) << ended.err;
    }
}

TEST_F(Compare, AnUnwritableFolderIsStatus1) {
    std::ofstream(dir_ + "/file") << "in the way";
    const test::Ran ended = compare({"--out", dir_ + "/file/results", "--workloads", "echo"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_NE(ended.err.find("error: cannot create"), std::string::npos) << ended.err;
    EXPECT_EQ(compare({"--resume", dir_}).status, 1);
}

TEST_F(Compare, AnUnreachableTargetIsAResultNotACrash) {
    const test::Ran ended = compare(
        small({"--workloads", "http", "--connections", "2", "--targets", "threads=127.0.0.1:1"}));
    EXPECT_EQ(ended.status, 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_FALSE(experiment->trials.at(0).result.verdict.valid);
}

TEST_F(Compare, WithoutACapacityTheOtherWorkloadsRun) {
    const auto steady = [&](const std::string& workloads) {
        return compare(small(
            {"--workloads", workloads, "--connections", "2", "--targets", "threads=127.0.0.1:1"}));
    };
    const test::Ran ended = steady("steady,http");
    EXPECT_EQ(ended.status, 3) << ended.err;
    EXPECT_NE(ended.err.find("there is no steady"), std::string::npos) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    ASSERT_EQ(experiment->trials.size(), 1U);
    EXPECT_EQ(experiment->trials[0].point.level.workload, "http");
    const auto plan = plan_from_json(experiment->settings);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->workloads.size(), 1U);
    out_ += "-alone";
    const test::Ran alone = steady("steady");
    EXPECT_EQ(alone.status, 1);
    EXPECT_NE(alone.err.find("could not be probed"), std::string::npos) << alone.err;
}

TEST_F(Compare, AnInterruptionKeepsWhatWasMeasuredAndResumes) {
    test::Words arguments = small({"--workloads", "echo", "--connections", "1,2,3,4,5,6,7,8"});
    arguments.insert(arguments.begin(), "compare");
    Child child = test::start_loadgen(arguments);
    const std::string journal = out_ + "/trials.jsonl";
    const TimePoint deadline = now() + kPatience;
    while (count_trials(journal) < 2 && now() < deadline) ::usleep(10'000);
    const std::vector<pid_t> servers = children_of(child.pid());
    child.signal(SIGINT);
    EXPECT_TRUE(child.read_all(kPatience));
    EXPECT_EQ(child.wait(kPatience), 1);
    EXPECT_TRUE(test::wait_until_gone(servers));
    const std::size_t kept = count_trials(journal);
    EXPECT_GE(kept, 2U);
    EXPECT_LT(kept, 24U);
    const auto part = read_experiment(out_ + "/results.json");
    ASSERT_TRUE(part) << part.error().message;
    EXPECT_FALSE(part->complete);
    EXPECT_EQ(part->trials.size(), kept);

    EXPECT_EQ(compare({"--resume", out_, "--seed", "6"}).status, 2);

    const test::Ran ended = compare({"--resume", out_});
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto whole = read_experiment(out_);
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_TRUE(whole->complete);
    EXPECT_EQ(whole->trials.size(), 24U);
    EXPECT_EQ(whole->seed, part->seed);
    EXPECT_EQ(whole->settings, part->settings);
    const auto plan = plan_from_json(whole->settings);
    ASSERT_TRUE(plan) << plan.error().message;
    const auto order = order_trials(*plan);  // none lost, none twice, as if never interrupted
    ASSERT_EQ(order.size(), whole->trials.size());
    for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(whole->trials[i].point, order[i]);
    for (std::size_t i = 0; i < kept; ++i) {  // these were not made again
        EXPECT_EQ(whole->trials[i].result.started_unix_s, part->trials[i].result.started_unix_s);
    }
}

TEST_F(Compare, CpuWorkHasARowAtOneCpuAndOneAtAllThereAre) {
    const auto usable = usable_cpus();
    const test::Ran planned = compare({"--workloads", "cpu,echo", "--plan"});
    const std::string rows =
        usable.size() < 2 ? "connections 8 on 1 CPU;" : "8 on 1 CPU, 8 on 2 CPUs";
    if (usable.size() < 3) {
        EXPECT_NE(planned.out.find(rows), std::string::npos) << planned.out;
    }
    if (usable.size() == 2) {  // a sweep has the same rows at every number of connections
        const test::Ran sweep = compare({"--workloads", "cpu", "-c", "1,8", "--plan"});
        EXPECT_NE(sweep.out.find("1 on 1 CPU, 1 on 2 CPUs, 8 on 1 CPU, 8 on 2 CPUs"),
                  std::string::npos)
            << sweep.out;
    }
    EXPECT_NE(planned.out.find("1000; 1s"), std::string::npos) << "echo has its share of them";
    EXPECT_NE(planned.out.find("echo-coroutine --processes"), std::string::npos) << planned.out;
    EXPECT_EQ(compare({"--workloads", "echo", "--plan"}).out.find("--processes"),
              std::string::npos);

    const test::Ran ended = compare(small({"--workloads", "cpu", "--models", "threads,coroutine"}));
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_EQ(experiment->trials.size(), usable.size() < 2 ? 2U : 4U);
    for (const Trial& trial : experiment->trials) {
        const CpusHad cpus = trial.cpus();
        EXPECT_EQ(cpus.server, trial.point.level.server_cpus);
        EXPECT_EQ(cpus.apart, cpus.server < usable.size());
        const bool flagged = std::any_of(
            trial.result.verdict.flags.begin(), trial.result.verdict.flags.end(),
            [](const Finding& flag) { return flag.what.starts_with("client and server may run"); });
        EXPECT_EQ(flagged, !*cpus.apart);
        EXPECT_NE(ended.out.find(cpus_short(cpus)), std::string::npos) << ended.out;
    }
    EXPECT_TRUE(experiment->environment.contains("cpu_quota"));
    EXPECT_EQ(experiment->environment["two_cpus_at_once"].is_number(), usable.size() > 1);
}

TEST_F(Compare, TheLoopOncePerCpuIsAVariantWhereCoresAreTheStory) {
    const test::Ran ended =
        compare(small({"--workloads", "cpu,steady", "--connections", "4"}, "500ms"));
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_EQ(plan_from_json(experiment->settings)->capacities.size(), 3U) << ended.err;
    std::size_t of_cpu = 0, seen = 0;
    for (const Trial& trial : experiment->trials) {
        of_cpu += trial.point.level.workload == "cpu" ? 1 : 0;
        if (!trial.point.variant.starts_with("coroutine x ")) continue;
        ++seen;
        EXPECT_EQ(trial.point.level.workload, "cpu");
        ASSERT_TRUE(trial.result.server);
        const std::uint64_t processes = std::stoul(trial.server_command.back());
        EXPECT_GE(processes, 2U);
        EXPECT_EQ(trial.result.server->processes, processes + 1) << "and the supervisor";
        EXPECT_EQ(trial.server_stats["processes"]["alive"], processes);
    }
    EXPECT_TRUE(seen > 0 && of_cpu == 4 * seen) << seen << " of " << of_cpu;
}

}  // namespace
}  // namespace echotrio::loadgen
