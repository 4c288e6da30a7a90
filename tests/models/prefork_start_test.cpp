// How prefork starts, or does not.
#include "tests/models/prefork_load.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

namespace echotrio::test {
namespace {

std::string error_of(Words arguments, int expected_status) {
    arguments.insert(arguments.begin(), program("echo-prefork"));
    const Ran ran = run_program(arguments);
    EXPECT_EQ(ran.status, expected_status);
    return ran.err;
}

TEST(PreforkStart, SaysWhatIsWrongWithItsFlags) {
    EXPECT_EQ(error_of({"--start-workers", "9", "--max-workers", "4"}, 2),
              "error: --start-workers: must be at most --max-workers 4, got 9\n");
    EXPECT_EQ(error_of({"--min-spare", "9", "--max-spare", "4"}, 2),
              "error: --min-spare: must be at most --max-spare 4, got 9\n");
    EXPECT_EQ(error_of({"--max-workers", "0"}, 2).rfind("error: --max-workers", 0), 0U);
    EXPECT_EQ(error_of({"--accept", "none"}, 2).rfind("error: --accept", 0), 0U);
}

TEST(PreforkStart, AnOccupiedPortIsSaidInEachAcceptMode) {
    Server server("prefork", {"--accept", "reuseport"});
    for (const char* mode : {"shared", "lock", "reuseport"}) {
        const std::string error =
            error_of({"--port", std::to_string(server.where().port), "--accept", mode}, 1);
        EXPECT_EQ(error.rfind("error: cannot listen on 127.0.0.1:", 0), 0U) << error;
    }
    EXPECT_EQ(server.stop(), 0);
}

TEST(PreforkStart, ServesAsProcessOneOfAContainer) {
    if (::geteuid() != 0) GTEST_SKIP() << "a pid namespace needs root";
    Server unshare("prefork", {}, {.command = {"unshare", "--pid", "--fork", "--kill-child"}});
    ASSERT_NE(unshare.ready_line().find(" pid=1"), std::string::npos) << unshare.ready_line();
    EXPECT_EQ(get(unshare.where(), "/echo/hi")->body, "hi");

    int server = 0;
    std::ifstream(fmt::format("/proc/{0}/task/{0}/children", unshare.pid())) >> server;
    ASSERT_GT(server, 0);
    // A process whose parent in the namespace ends becomes ours: it is reaped and not taken for one
    // of our workers.
    const Ran orphan = run_program({"nsenter", "--target", std::to_string(server), "--pid", "sh",
                                    "-c", "sh -c 'exit 7' & exit 0"});
    EXPECT_EQ(orphan.status, 0);
    const auto stats = unshare.stats();
    EXPECT_EQ(stats["pid"], 1);
    EXPECT_EQ(stats["workers"]["dead_total"], 0);
    EXPECT_EQ(get(unshare.where(), "/echo/hi")->body, "hi");
    ::kill(server, SIGTERM);
    EXPECT_EQ(unshare.wait(), 0);
}

}  // namespace
}  // namespace echotrio::test
