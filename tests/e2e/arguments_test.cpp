// What people type: commands, numbers, URLs, headers and file names, right and nearly right.
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace echotrio::test {
namespace {

namespace fs = std::filesystem;

struct Folder {
    std::string path;
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "echotrio-args-XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    ~Folder() { fs::remove_all(path); }
};

struct Case {
    Words arguments;
    int status;
    const char* message;  // part of the one line
};

void expect_one_line(const Case& c) {
    const Ran ran = run_loadgen(c.arguments);
    EXPECT_EQ(ran.status, c.status) << ran.err;
    EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_NE(ran.err.find(c.message), std::string::npos) << ran.err;
}

TEST(Arguments, MistakesAreNamed) {
    const std::string url = "http://127.0.0.1:1/echo";
    for (const Case& c : {
             Case{{"bogus"}, 2, "'bogus' is no command; the commands are calibrate"},
             Case{{"claim"}, 2, "did you mean claims?"},
             Case{{}, 2, "a command is missing: one of calibrate"},
             Case{{"run", url, "--conections", "5"}, 2, "did you mean --connections?"},
             Case{{"run", url, "-n", "-1"}, 2, "--requests: write a whole number"},
             Case{{"run", url, "-c", "010"}, 2, "--connections: write a whole number"},
             Case{{"run", url, "-c", "0x10"}, 2, "--connections: write a whole number"},
             Case{{"run", url, "-n", "99999999999999999999"}, 2, "is out of range"},
             Case{{"run", url, "-R", ""}, 2, "--rate: "},
             Case{{"run", url, "--shard", ""}, 2, "--shard: "},
             Case{{"run", url, "--observer", ""}, 2, "--observer: "},
             Case{{"run", url, "--start-at", ""}, 2, "--start-at: "},
             Case{{"run", url, "--json", ""}, 2, "--json: needs the name of a file"},
             Case{{"run", url, "--idle-strategy", "busy"}, 2, "sleep"},
             Case{{"compare", "--idle-strategy", "busy"}, 2, "--idle-strategy"},
             Case{{"run", url, "--ceiling", "nan"}, 2, "--ceiling: write a number"},
             Case{{"run", url, "--body", "abc", "-H", "Content-Length: 4"}, 2, "is 3 here"},
             Case{{"run", url, "--body", "abc", "-H", "Transfer-Encoding: chunked"}, 2, "--header"},
             Case{{"run", url, "-H", "Foo Bar: x"}, 2, "'Foo Bar' is no field name"},
             Case{{"run", url, "--json", "/nonexistent/x.json"}, 2, "--json: cannot write"},
             Case{{"run", url, "--hdr", "/nonexistent/x.hdr"}, 2, "--hdr: cannot write"},
             Case{{"search", url, "--slo", "p99=1ms", "--json", "/"}, 2, "--json: cannot write"},
             Case{{"calibrate", "--json", "/nonexistent/x"}, 2, "--json: cannot write"},
             Case{{"claims", "--json", "/nonexistent/x"}, 2, "--json: cannot write"},
             Case{{"report", "x", "--out", "/nonexistent/x"}, 2, "--out: cannot write"},
             Case{{"wait", "foo://x"}, 2, "URL: "},
             Case{{"merge", "/"}, 1, "cannot read /: Is a directory"},
         }) {
        expect_one_line(c);
    }
}

TEST(Arguments, NumbersOfTheServersAreDecimalToo) {
    for (const char* model : {"echo-prefork", "echo-threads", "echo-coroutine"}) {
        for (const char* number : {"-1", "010", "1e3"}) {
            auto child = loadgen::Child::start(
                {.argv = {program(model), "--port", "0", "--max-connections", number}});
            ASSERT_TRUE(child);
            EXPECT_EQ(child->wait(std::chrono::seconds(10)), 2) << model << ' ' << number;
        }
    }
}

TEST(Arguments, AUrlWithoutASchemeIsHttpAndThatIsSaid) {
    const Server server("coroutine");
    const std::string bare = server.http("/echo/hi").substr(std::string("http://").size());
    const Ran ran = run_loadgen({"run", bare, "-n", "50", "--quiet", "--json", "-"});
    EXPECT_NE(ran.err.find("taken as http://" + bare), std::string::npos) << ran.err;
    EXPECT_EQ(nlohmann::json::parse(ran.out).at("requests"), 50);
    EXPECT_EQ(measure({"HTTP://" + bare, "-n", "50"}).json.at("requests"), 50);
}

// The server answers 400 to a head with the same field twice or a false length.
TEST(Arguments, AHeaderOfTheUserReplacesOurs) {
    const Server server("coroutine");
    for (const char* header :
         {"Content-Length: 3", "content-length:3", "Host: example.org", "Connection: keep-alive"}) {
        const Measured run = measure({server.http("/echo"), "--body", "abc", "-H", header, "-n",
                                      "50", "--requests-per-connection", "5"});
        EXPECT_EQ(run.json.at("errors").at("status"), 0) << header;
        EXPECT_EQ(run.json.at("requests"), 50) << header;
    }
}

TEST(Arguments, TheSummaryIsNotLostWithItsFile) {
    const Server server("coroutine");
    const Ran ran =
        run_loadgen({"run", server.http("/echo/hi"), "-n", "50", "--json", "/dev/full"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.out.find("replies/s"), std::string::npos) << ran.out;
    EXPECT_NE(ran.err.find("cannot write /dev/full"), std::string::npos) << ran.err;
}

// localhost has two addresses and the server is on the second one.
TEST(Arguments, EveryAddressOfAHostIsTried) {
    const Folder folder;
    std::ofstream(folder.path + "/hosts") << "::1 localhost\n127.0.0.1 localhost\n";
    const std::string mount = "unshare --mount sh -c 'mount --bind " + folder.path +
                              "/hosts /etc/hosts && exec \"$@\"' sh ";
    if (std::system((mount + "true 2>/dev/null").c_str()) != 0) {
        GTEST_SKIP() << "needs the right to mount";
    }
    const Server server("coroutine", {"--host", "127.0.0.1"});
    const std::string url = "://localhost:" + std::to_string(server.where().port) + "/";
    for (const std::string& words :
         {"run http" + url + " -n 50 --quiet --json " + folder.path + "/out.json >/dev/null",
          "wait http" + url + "healthz --for 2s", "wait tcp" + url + " --for 2s"}) {
        const int status = std::system((mount + program("loadgen") + " " + words).c_str());
        EXPECT_NE(WEXITSTATUS(status), 1) << words;
    }
    const auto json = nlohmann::json::parse(std::ifstream(folder.path + "/out.json"));
    EXPECT_EQ(json.at("requests"), 50);
    EXPECT_EQ(json.at("errors").at("connect"), 0);
}

}  // namespace
}  // namespace echotrio::test
