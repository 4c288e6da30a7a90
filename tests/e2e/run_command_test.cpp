// loadgen run as a person or a script meets it: exit statuses, one clear line for each mistake,
// output that goes where it was asked to go, an end in order at Ctrl-C.
#include "loadgen/record/hdr_codec.hpp"
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace echotrio::test {
namespace {

using namespace std::chrono_literals;

std::string contents(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A folder that is removed at the end.
struct Folder {
    std::string path = testing::TempDir() + "loadgen_run_" + std::to_string(::getpid());
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
};

TEST(RunCommand, MistakesGetOneLineAndStatusTwo) {
    for (const Words& arguments : {Words{},
                                   Words{"ftp://x"},
                                   Words{"tcp://127.0.0.1:1", "--frob"},
                                   Words{"tcp://127.0.0.1:1", "-c", "0"},
                                   Words{"tcp://127.0.0.1:1", "-c", "many"},
                                   Words{"tcp://127.0.0.1:1", "-d", "10"},
                                   Words{"tcp://127.0.0.1:1", "-d", "0"},
                                   Words{"tcp://127.0.0.1:1", "-R", "-3"},
                                   Words{"tcp://127.0.0.1:1", "-R", "1..2"},
                                   Words{"tcp://127.0.0.1:1", "--size", "0"},
                                   Words{"tcp://127.0.0.1:1", "-n", "5", "-d", "1s"},
                                   Words{"tcp://127.0.0.1:1", "-R", "5", "--think", "1ms"},
                                   Words{"tcp://127.0.0.1:1", "--body", "x"},
                                   Words{"tcp://127.0.0.1:1", "-X", "GET"},
                                   Words{"tcp://127.0.0.1:1", "--start-at", "yesterday"},
                                   Words{"tcp://127.0.0.1:1", "--start-at", "2001-01-01T00:00:00Z"},
                                   Words{"tcp://127.0.0.1:1", "--cpus", "9999"},
                                   Words{"http://127.0.0.1:1/", "-H", "no colon"},
                                   Words{"http://127.0.0.1:1/", "-H", "a: b\r\nc: d"},
                                   Words{"http://127.0.0.1:1/", "--class", "x"},
                                   Words{"http://127.0.0.1:1/", "--body", "@/no/such/file"},
                                   Words{"http://127.0.0.1:1/", "--body", "x", "--size", "5"}}) {
        Words all{"run"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Ran ran = run_loadgen(all);
        EXPECT_EQ(ran.status, 2) << ran.err;
        EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
        EXPECT_EQ(ran.out, "");
    }
}

TEST(RunCommand, WhatCannotRunGetsOneLineAndStatusOne) {
    for (const Words& arguments :
         {Words{"tcp://127.0.0.1:1"}, Words{"tcp://no-such-host.invalid:1"},
          Words{"tcp://127.0.0.1:1", "--pid", "4194303"},
          Words{"tcp://127.0.0.1:1", "-c", "900000"}}) {
        Words all{"run"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Ran ran = run_loadgen(all);
        EXPECT_EQ(ran.status, 1) << ran.err;
        EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
        EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    }
}

TEST(RunCommand, AThreadWithoutMemoryIsOneLineToo) {
    if (sizeof ECHOTRIO_SANITIZERS > 1) GTEST_SKIP() << "a sanitizer wants terabytes of addresses";
    Server server("fault");
    // Enough for the program and its threads, not for the books of so many classes in each.
    Words shell{"/bin/sh", "-c", "ulimit -v 250000; exec \"$0\" \"$@\"", program("loadgen")};
    shell.insert(shell.end(), {"run", server.http("/"), "-n", "100", "-c", "2", "--threads", "2"});
    for (int i = 0; i < 800; ++i) {
        shell.insert(shell.end(), {"--class", "c" + std::to_string(i) + ":1:/"});
    }
    loadgen::Child child = *loadgen::Child::start({shell});
    const Ran ran = finish(child);
    EXPECT_EQ(ran.status, 1);
    EXPECT_TRUE(ran.err.starts_with("error: there is no memory for this run")) << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
}

TEST(RunCommand, ABodyThatIsTooLongIsRefusedUnread) {
    const Folder folder;
    const std::string file = folder.path + "/body";
    std::ofstream(file).put('x');
    std::filesystem::resize_file(file,
                                 (std::uintmax_t{1} << 30U) + 1);  // takes no room on the disk
    const Ran ran = run_loadgen({"run", "http://127.0.0.1:1/", "--body", "@" + file});
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.err, "error: --body: " + file + " is larger than 1GiB\n");
}

TEST(RunCommand, JsonOnStandardOutputIsAlone) {
    Server server("fault");
    const Measured run = measure({server.tcp(), "-n", "50", "-c", "2", "--seed", "77"});
    EXPECT_EQ(run.json["schema_version"], 1);
    EXPECT_EQ(run.json["command"]["seed"], 77);
    EXPECT_EQ(run.json["command"]["connections"], 2);
    EXPECT_FALSE(run.json["environment"]["kernel"].is_null());
    EXPECT_TRUE(run.json["latency_us"].contains("p99_99"));
    EXPECT_NE(run.err.find("replies/s"), std::string::npos) << "the summary goes elsewhere";
    EXPECT_EQ(run.err.find('\x1b'), std::string::npos) << "no colours in a pipe";
}

TEST(RunCommand, QuietIsQuiet) {
    Server server("fault");
    const Ran ran = run_loadgen({"run", server.tcp(), "-n", "50", "--quiet"});
    EXPECT_EQ(ran.out + ran.err, "");
}

TEST(RunCommand, FilesHoldTheSameHistograms) {
    Server server("fault");
    const Folder folder;
    const std::string json = folder.path + "/run.json";
    const std::string hdr = folder.path + "/run.hlog";
    const Ran ran = run_loadgen({"run", server.tcp(), "-c", "4", "-R", "2000", "-d", "300ms",
                                 "--json", json, "--hdr", hdr, "--quiet"});
    const Measured run = measured({ran.status, contents(json), ran.err});
    const auto lines = loadgen::parse_hdr_log(contents(hdr));
    ASSERT_TRUE(lines);
    ASSERT_EQ(lines->size(), 3);
    EXPECT_EQ((*lines)[0].tag, "latency");
    EXPECT_TRUE((*lines)[0].histogram == run.result.latency);
    EXPECT_TRUE((*lines)[1].histogram == run.result.service_time);
    EXPECT_TRUE((*lines)[2].histogram == run.result.lateness);
}

TEST(RunCommand, CtrlCEndsInOrderWithAResult) {
    Server server("coroutine");
    for (const bool in_warmup : {false, true}) {
        loadgen::Child child =
            start_loadgen({"run", server.tcp(), "-c", "4", "-d", "100s", "--warmup",
                           in_warmup ? "100s" : "0", "--json", "-", "-R", "1000"});
        // All are connected; then so much comes as takes longer than its start.
        const auto open =
            server.stats_when([](const auto& stats) { return stats["connections"]["now"] >= 5; });
        const auto before = open["bytes"]["in"].get<std::uint64_t>();
        server.stats_when([&](const auto& stats) {
            return stats["bytes"]["in"].template get<std::uint64_t>() > before + 50'000;
        });
        child.signal(SIGINT);
        const Ran ran = finish(child);
        const auto json = nlohmann::json::parse(ran.out, nullptr, false);
        ASSERT_FALSE(json.is_discarded()) << ran.out << ran.err;
        EXPECT_TRUE(json["interrupted"]);
        EXPECT_LT(json["duration_s"], 30);
        const auto& books = json["total_accounting"];
        EXPECT_EQ(books["scheduled"].get<int>(),
                  books["sent"].get<int>() + books["unsent"].get<int>());
        if (in_warmup) {
            EXPECT_EQ(json["requests"], 0);
            EXPECT_EQ(json["duration_s"], 0);
        } else {
            EXPECT_GT(json["requests"], 10);
        }
    }
}

TEST(RunCommand, StartsAtTheTimeThatWasAsked) {
    Server server("fault");
    const double before =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    const Measured run =
        measure({server.tcp(), "--start-at", "+700ms", "--warmup", "0", "-d", "100ms"});
    EXPECT_GE(run.result.started_unix_s - before, 0.7);
    EXPECT_LT(run.result.started_unix_s - before, 10);
}

}  // namespace
}  // namespace echotrio::test
