// --server: any command as a subject, the odd ones too, and nothing of them left.
#include "loadgen/design/plan.hpp"
#include "loadgen/results/results_file.hpp"
#include "tests/e2e/loadgen_runs.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

class AnyServer : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "echotrio-server-XXXXXX").string();
        dir_ = ::mkdtemp(name.data());
        out_ = dir_ + "/out";
    }
    void TearDown() override {
        EXPECT_TRUE(test::wait_until_gone(pids())) << "something of a server is left";
        fs::remove_all(dir_);
    }

    std::string command(const std::string& mode) const {
        return fmt::format("python3 -B {} {} {{port}} {}/pids", ECHOTRIO_ODD_SERVER, mode, dir_);
    }
    // All processes of odd servers that there have been.
    std::vector<pid_t> pids() const {
        std::ifstream file(dir_ + "/pids");
        std::vector<pid_t> all;
        for (pid_t pid = 0; file >> pid;) all.push_back(pid);
        return all;
    }
    // What `more` says stands in the place of what is said here.
    test::Words arguments(const std::string& mode, const test::Words& more = {}) const {
        test::Words words{"compare",  "--server", "odd=" + command(mode), "--out", out_,
                          "--no-wrk", "-q"};
        const std::vector<std::pair<std::string, std::string>> usual{
            {"-d", "500ms"},    {"--warmup", "20ms"}, {"-r", "1"},
            {"--retries", "0"}, {"-c", "4"},          {"--ready-timeout", "20s"}};
        for (const auto& [flag, value] : usual) {
            if (std::find(more.begin(), more.end(), flag) != more.end()) continue;
            words.insert(words.end(), {flag, value});
        }
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    test::Ran compare(const std::string& mode, const test::Words& more = {}) const {
        return test::run_loadgen(arguments(mode, more));
    }
    // The only trial of a comparison that went through, valid or not on a loaded machine.
    Trial only_trial(const test::Ran& ended) const {
        EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
        const auto experiment = read_experiment(out_);
        EXPECT_TRUE(experiment);
        EXPECT_EQ(experiment->trials.size(), 1U);
        return experiment && !experiment->trials.empty() ? experiment->trials[0] : Trial{};
    }
    void expect_error(const test::Ran& ended, int status, const std::string& words) const {
        EXPECT_EQ(ended.status, status) << ended.err;
        EXPECT_TRUE(ended.err.starts_with("error: ")) << ended.err;
        EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
        EXPECT_NE(ended.err.find(words), std::string::npos) << ended.err;
        EXPECT_FALSE(fs::exists(out_));
    }

    std::string dir_, out_;
};

TEST_F(AnyServer, IsMeasuredBesideAModel) {
    const test::Ran ended = compare("plain", {"--models", "threads"});
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    ASSERT_EQ(experiment->trials.size(), 2U);
    for (const Trial& trial : experiment->trials) {
        EXPECT_EQ(trial.point.level.workload, "page");
        EXPECT_GT(trial.result.requests, 0U);
        EXPECT_EQ(trial.result.errors.status, 0U);
        ASSERT_TRUE(trial.result.server);
        EXPECT_GT(trial.result.server->time_to_ready_s.value_or(0), 0);
        EXPECT_FALSE(trial.result.server->died);
        const bool odd = trial.point.variant == "odd";
        EXPECT_EQ(trial.server_stats.is_null(), odd);  // its own waits are unknown
        EXPECT_EQ(trial.server_command.front(), odd ? "python3" : "echo-threads");
    }
    EXPECT_NE(ended.out.find("From start to ready"), std::string::npos);
    const auto plan = plan_from_json(experiment->settings);
    ASSERT_TRUE(plan);
    const auto& server = plan->variants[1].server;
    ASSERT_TRUE(server);
    EXPECT_FALSE(server->speaks_our_protocol);
    EXPECT_EQ(server->argv[4], "{port}");
    std::ifstream csv(out_ + "/trials.csv");
    std::string head;
    std::getline(csv, head);
    EXPECT_NE(head.find("server_time_to_ready_us"), std::string::npos) << head;
}

TEST_F(AnyServer, ThatSpeaksOurProtocolTakesEveryWorkload) {
    const std::string server =
        "mine=" + test::program("echo-coroutine") + " --host {host} --port $PORT --port {port}";
    const test::Ran shell = test::run_loadgen({"compare", "--server", server, "--plan"});
    EXPECT_EQ(shell.status, 1);  // no shell: $PORT stays what it is
    EXPECT_NE(shell.err.find("mine: ended with status 2 before it was ready"), std::string::npos)
        << shell.err;
    const std::string right =
        "mine=" + test::program("echo-coroutine") + " --host {host} --port {port}";
    const test::Ran ended = test::run_loadgen(
        {"compare", "--server", right, "--workloads", "echo,http", "--out", out_, "-d", "60ms",
         "--warmup", "20ms", "-r", "1", "--retries", "0", "--no-wrk", "-q", "-c", "4"});
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment);
    EXPECT_EQ(experiment->trials.size(), 2U);
    for (const Trial& trial : experiment->trials) {
        EXPECT_EQ(trial.server_stats.value("model", ""), "coroutine");
        for (const Finding& reason : trial.result.verdict.reasons) {
            EXPECT_EQ(reason.what.find("the server counted"), std::string::npos) << reason.what;
        }
    }
}

TEST_F(AnyServer, ThatForksAwayTwiceIsMeasuredAndEnded) {
    for (const char* mode : {"daemon", "listening-daemon"}) {
        fs::remove_all(out_);
        const Trial trial = only_trial(compare(mode));
        ASSERT_TRUE(trial.result.server) << mode;
        EXPECT_GT(trial.result.requests, 0U);
        EXPECT_FALSE(trial.result.server->died);
        EXPECT_EQ(trial.result.server->processes, 1U);
        EXPECT_GT(trial.result.server->memory.at("rss_sum").value_or(0), 1e6);
    }
}

TEST_F(AnyServer, ThatLeavesADaemonBesideItIsMeasuredWhole) {
    const Trial trial = only_trial(compare("helper-daemon", {"--stop", "TERM/200ms"}));
    ASSERT_TRUE(trial.result.server);
    EXPECT_EQ(trial.result.server->processes, 2U);
}

TEST_F(AnyServer, ThatIgnoresTheRequestToLeaveIsKilled) {
    EXPECT_GT(only_trial(compare("stubborn", {"--stop", "TERM/100ms"})).result.requests, 0U);
}

TEST_F(AnyServer, ThatTakesItsPortLateIsWaitedFor) {
    const Trial trial = only_trial(compare("late"));
    EXPECT_GT(trial.result.requests, 0U);
    ASSERT_TRUE(trial.result.server);
    EXPECT_GE(trial.result.server->time_to_ready_s.value_or(0), 1.5);  // it sleeps that long
    // Meanwhile nobody's connect may take its port: it is none of those.
    int first_of_connects = 0;
    std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first_of_connects;
    ASSERT_EQ(trial.server_command.size(), 6U);  // python3 -B FILE MODE PORT PIDS
    if (first_of_connects <= 10'000) return;     // nothing left below them
    EXPECT_LT(std::stoi(trial.server_command[4]), first_of_connects);
}

TEST_F(AnyServer, ThatWritesMuchKeepsABoundedLog) {
    const Trial trial =
        only_trial(compare("talkative", {"--ready", "log:the last line", "--ready-timeout", "2m"}));
    ASSERT_FALSE(trial.server_log.empty());
    const auto size = fs::file_size(out_ + "/" + trial.server_log);
    EXPECT_GE(size, 64U << 20U);  // of the 100 MB
    EXPECT_LT(size, 65U << 20U);
}

TEST_F(AnyServer, ThatWritesForEverIsEnded) {
    EXPECT_GT(only_trial(compare("floods")).result.requests, 0U);
}

TEST_F(AnyServer, ThatDiesInATrialSaysHow) {
    const test::Ran ended = compare("dies", {"-d", "2s"});
    EXPECT_EQ(ended.status, 3) << ended.err;
    const Trial trial = only_trial(ended);
    ASSERT_FALSE(trial.result.verdict.valid);
    std::string whats;
    for (const Finding& reason : trial.result.verdict.reasons) whats += reason.what + '\n';
    EXPECT_NE(whats.find("it ended with status 7; it wrote: that was too much for me"),
              std::string::npos)
        << whats;
    ASSERT_FALSE(trial.server_log.empty());
    std::ifstream log(out_ + "/" + trial.server_log);
    std::string line;
    std::getline(log, line);
    EXPECT_EQ(line, "that was too much for me");
}

TEST_F(AnyServer, FailuresAreOneLine) {
    expect_error(compare("fails"), 1,
                 "odd: ended with status 3 before it was ready; it wrote: no configuration found");
    expect_error(compare("never", {"--ready-timeout", "300ms"}), 1,
                 "odd: not ready within 300ms: nothing listens on port");
    expect_error(compare("other-port", {"--ready-timeout", "5s"}), 1,
                 "let its command take {port}");
    expect_error(compare("broken-page"), 1, "GET / is answered with 404, not 200");
    expect_error(compare("plain", {"--ready", "log:never said", "--ready-timeout", "300ms"}), 1,
                 "odd: did not write 'never said' within 300ms");
    expect_error(compare("plain", {"--workloads", "http"}), 2, "does not speak our protocol");
}

TEST_F(AnyServer, APortOfSomebodyElseIsNotLoaded) {
    Child child = test::start_loadgen(arguments("stolen"));
    net::HostPort where{"127.0.0.1", 0};
    EXPECT_TRUE(test::eventually([&] {
        std::ifstream(dir_ + "/pids.port") >> where.port;
        return where.port != 0;
    }));
    const auto listener = net::listen_tcp(where, 16);
    ASSERT_TRUE(listener) << listener.error().message;
    const test::Ran ended = test::finish(child);
    expect_error(ended, 1, fmt::format("odd: port {} is taken by somebody else", where.port));
    EXPECT_NE(ended.err.find(fmt::format("(PID {})", ::getpid())), std::string::npos) << ended.err;
}

TEST_F(AnyServer, MistakesAreOneLineAndStatus2) {
    const std::vector<std::pair<test::Words, std::string>> rows = {
        {{"--server", "gunicorn"}, "write NAME=COMMAND"},
        {{"--server", "=x"}, "write NAME=COMMAND"},
        {{"--server", "threads=x"}, "built-in model"},
        {{"--server", "a b=x"}, "a name has"},
        {{"--server", std::string(50, 'a') + "=x"}, "a name has"},
        {{"--server", "a="}, "there is no command"},
        {{"--server", "a=x 'y"}, "' is not closed"},
        {{"--server", "a=x {prot}"}, "there is no {prot}"},
        {{"--server", "a=x", "--server", "a=y"}, "twice"},
        {{"--server", "a=x", "--ready", "http"}, "ready: write tcp"},
        {{"--server", "a=x", "--stop", "NICELY"}, "stop: write a signal"},
        {{"--server", "a=x", "--path", "x"}, "path: begins with /"},
        {{"--server", "a=x", "--expect-status", "2"}, "--expect-status"},
    };
    for (const auto& [words, what] : rows) {
        test::Words all{"compare"};
        all.insert(all.end(), words.begin(), words.end());
        expect_error(test::run_loadgen(all), 2, what);
    }
    expect_error(test::run_loadgen({"compare", "--server", "a=/no/such/program"}), 1,
                 "a: cannot start /no/such/program: No such file or directory");
    expect_error(test::run_loadgen({"run", "--server", "a=x", "http://127.0.0.1:80/"}), 2,
                 "leave the URL out");
    const std::vector<std::pair<std::string, std::string>> settings = {
        {"--ready", "/"}, {"--ready-timeout", "1s"}, {"--path", "/a"}, {"--stop", "INT"}};
    for (const auto& [flag, value] : settings) {
        for (const char* command : {"run", "search"}) {
            test::Words words{command, "http://127.0.0.1:80/", flag, value};
            if (words[0] == "search") words.insert(words.end(), {"--slo", "p50=1s"});
            expect_error(test::run_loadgen(words), 2,
                         flag + ": is of a server that is started here: give --server");
        }
    }
}

TEST_F(AnyServer, StandsInAFile) {
    const std::string file = dir_ + "/odd.toml";
    fs::create_directory(dir_ + "/sub");
    std::ofstream(file) << "repetitions = 1\nretries = 0\nno-wrk = true\nconnections = [2]\n"
                           "duration = \"60ms\"\nwarmup = \"20ms\"\n"
                           "[server.one]\ncommand = \""
                        << command("plain")
                        << "\"\nready = \"/healthz\"\nstop = \"INT/5s\"\npath = \"/a\"\n"
                           "env = { MODE = \"{port}\" }\n"
                           "[server.two]\ncwd = \"sub\"\ncommand = [\"python3\", \"-B\", \""
                        << ECHOTRIO_ODD_SERVER << "\", \"plain\", \"{port}\", \"" << dir_
                        << "/pids\"]\n[mine]\npath = \"/b\"\nconnections = [3]\n";
    const test::Ran ended =
        test::run_loadgen({"compare", "--experiment", file, "--out", out_, "-q"});
    EXPECT_TRUE(ended.status == 0 || ended.status == 3) << ended.err;
    const auto experiment = read_experiment(out_);
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_EQ(experiment->trials.size(), 2U);
    const auto plan = plan_from_json(experiment->settings);
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->variants.size(), 2U);
    const Subject& one = *plan->variants[0].server;
    EXPECT_EQ(one.ready.kind, ReadyRule::Kind::path);
    EXPECT_EQ(one.stop.signal, SIGINT);
    EXPECT_EQ(one.path, "/a");
    EXPECT_EQ(one.dir, dir_);
    EXPECT_EQ(one.env.at(0).second, "{port}");
    EXPECT_EQ(plan->variants[1].server->cwd, dir_ + "/sub");
    fs::remove_all(out_);
    // The flag is of the servers; a workload keeps its own.
    const test::Ran other =
        test::run_loadgen({"compare", "--experiment", file, "--out", out_, "-q", "--path", "/c"});
    EXPECT_TRUE(other.status == 0 || other.status == 3) << other.err;
    const auto again = read_experiment(out_);
    ASSERT_TRUE(again) << again.error().message;
    const auto changed = plan_from_json(again->settings);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->variants[0].server->path, "/c");
    EXPECT_EQ(changed->workloads.at(0).load.target.path, "/b");

    for (const auto& [text, what] : std::vector<std::pair<std::string, std::string>>{
             {"[server.x]\npath = \"/\"\n", "[server.x]: command: is missing"},
             {"[server.x]\ncommand = \"a\"\ncwd = \"none\"\n", "there is no folder"},
             {"[server.x]\ncommand = \"a\"\nnonsense = 1\n", "no setting 'nonsense'"},
             {"[server.x]\ncommand = \"a\"\nenv = [\"A\"]\n", "env: write"},
             {"[server]\nx = 1\n", "write a section [server.NAME]"}}) {
        std::ofstream(file, std::ios::trunc) << text;
        fs::remove_all(out_);
        expect_error(test::run_loadgen({"compare", "--experiment", file, "--out", out_}), 2, what);
    }
}

TEST_F(AnyServer, RunAndSearchStartIt) {
    const test::Measured run = test::measure(
        {"--server", "odd=" + command("daemon"), "-c", "2", "-d", "500ms", "--warmup", "20ms"});
    EXPECT_GT(run.result.requests, 0U);
    ASSERT_TRUE(run.result.server);
    EXPECT_EQ(run.result.server->processes, 1U);
    EXPECT_EQ(run.json.at("command").at("server").at("path"), "/");
    const test::Measured raw = test::measure(
        {"tcp://", "--server", "mine=" + test::program("echo-threads") + " --port {port}", "-c",
         "2", "-d", "500ms", "--warmup", "20ms"});
    EXPECT_GT(raw.result.requests, 0U);
    EXPECT_EQ(raw.result.errors.mismatch, 0U);
    const test::Ran search = test::run_loadgen(
        {"search", "--server", "odd=" + command("plain"), "--slo", "p50=2s", "--from", "50",
         "--highest", "50", "-c", "2", "-d", "200ms", "--probe", "100ms", "--warmup", "20ms"});
    EXPECT_TRUE(search.status == 0 || search.status == 3) << search.err;
}

TEST_F(AnyServer, KilledOrInterruptedLeavesNothing) {
    for (const int number : {SIGKILL, SIGINT}) {
        for (const char* mode : {"daemon", "helper-daemon", "stubborn", "floods"}) {
            fs::remove_all(out_);
            Child child =
                test::start_loadgen(arguments(mode, {"-d", "30s", "--stop", "TERM/100ms"}));
            // After the first meeting, in a trial.
            EXPECT_TRUE(test::eventually([&] { return fs::exists(out_ + "/trials.jsonl"); }));
            EXPECT_TRUE(test::eventually([&] {
                const auto all = pids();
                return std::any_of(all.begin(), all.end(), test::runs);
            }));
            child.signal(number);
            EXPECT_TRUE(child.wait(std::chrono::seconds(30))) << mode;
            EXPECT_TRUE(test::wait_until_gone(pids())) << mode << ' ' << number;
        }
    }
}

TEST_F(AnyServer, KilledOrInterruptedOutsideATrialLeavesNothing) {
    const auto one = [&](const std::string& name, const std::string& mode, test::Words more) {
        test::Words words{name, "--server", "odd=" + command(mode), "-d", "30s"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    };
    struct Case {
        const char* where;
        test::Words words;
        std::size_t starts;  // how many of it have been started by then
    };
    const std::vector<Case> cases = {
        {"the meeting", arguments("mute"), 1},
        {"never ready", arguments("never"), 1},
        {"not yet ready", arguments("late"), 1},
        {"the probe", arguments("greets", {"--workloads", "steady", "-d", "30s"}), 2},
        {"run", one("run", "daemon", {}), 2},  // the daemon's line is its second
        {"search", one("search", "plain", {"--slo", "p50=2s", "--probe", "30s"}), 1},
    };
    for (const Case& row : cases) {
        for (const int number : {SIGKILL, SIGINT}) {
            fs::remove_all(out_);
            fs::remove(dir_ + "/pids");
            Child child = test::start_loadgen(row.words);
            EXPECT_TRUE(test::eventually([&] { return pids().size() >= row.starts; })) << row.where;
            child.signal(number);
            EXPECT_TRUE(child.wait(std::chrono::seconds(30))) << row.where << ' ' << number;
            EXPECT_TRUE(test::wait_until_gone(pids())) << row.where << ' ' << number;
        }
    }
}

TEST_F(AnyServer, InterruptedItIsAskedToLeave) {
    const std::string file = dir_ + "/pids.file";
    // In a trial, and before it is ready.
    for (const test::Words& more : {test::Words{"-d", "30s"}, {"--ready", "log:never said"}}) {
        fs::remove_all(out_);
        Child child = test::start_loadgen(arguments("tidy", more));
        const bool in_trial = more[0] == "-d";
        if (in_trial) {
            EXPECT_TRUE(test::eventually([&] { return fs::exists(out_ + "/trials.jsonl"); }));
        }
        EXPECT_TRUE(test::eventually([&] { return fs::exists(file); }));
        child.signal(SIGINT);
        EXPECT_TRUE(child.wait(std::chrono::seconds(30)));
        EXPECT_FALSE(fs::exists(file)) << more[0];
    }
    // And when it is not ready in time.
    expect_error(compare("tidy", {"--ready", "log:never said", "--ready-timeout", "500ms"}), 1,
                 "did not write");
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(AnyServer, ASecondInterruptEndsTheGrace) {
    Child child = test::start_loadgen(arguments("stubborn", {"-d", "30s", "--stop", "TERM/10m"}));
    EXPECT_TRUE(test::eventually([&] { return !pids().empty(); }));
    // Two that come at once are one.
    EXPECT_TRUE(test::eventually([&] {
        child.signal(SIGINT);
        return child.wait(std::chrono::milliseconds(100)).has_value();
    }));
}

}  // namespace
}  // namespace echotrio::loadgen
