// How prefork starts, or does not.
#include "servers/prefork/supervisor.hpp"
#include "tests/models/prefork_load.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

namespace echotrio::test {
namespace {

using prefork::WorkerSet;
using prefork::WorkerSetup;

// Runs a supervisor whose workers do `body`; a process of its own (a death test) calls it.
[[noreturn]] void supervise(const WorkerSet::Body& body, int start) {
    prefork::Options options;
    options.listen = {"127.0.0.1", 0};
    options.pool.start = start;
    options.drain_timeout = std::chrono::milliseconds(100);
    auto signals = net::SignalFd::block({SIGTERM, SIGINT, SIGHUP, SIGCHLD});
    auto workers = WorkerSet::create(options, body);
    prefork::Supervisor supervisor(options, *std::move(signals), *std::move(workers));
    const auto finished = supervisor.run();
    fmt::print(stderr, "{}\n", finished ? "in order" : "error: " + finished.error().message);
    std::_Exit(finished ? 0 : 1);
}

TEST(PreforkStartDeathTest, WorkersThatCrashAtTheirStartStopTheServerWithTheReason) {
    const WorkerSet::Body crash = [](const WorkerSetup&) -> int { std::abort(); };
    EXPECT_EXIT(supervise(crash, 3), testing::ExitedWithCode(1),
                "error: workers cannot start: worker [0-9]+ was killed by signal 6 \\(Aborted\\)");
}

TEST(PreforkStartDeathTest, AnExitStatusIsAReasonToo) {
    const WorkerSet::Body leave = [](const WorkerSetup&) { return 3; };
    EXPECT_EXIT(supervise(leave, 1), testing::ExitedWithCode(1),
                "error: workers cannot start: worker [0-9]+ exited with status 3");
}

TEST(PreforkStartDeathTest, OneOfManyThatCannotStartIsEnough) {
    const WorkerSet::Body body = [](const WorkerSetup& setup) {
        if (setup.slot == 2) std::abort();
        ::pause();
        return 0;
    };
    EXPECT_EXIT(supervise(body, 4), testing::ExitedWithCode(1), "error: workers cannot start");
}

// Workers that reach accept and die then: the server goes on, and does not fork in a loop.
TEST(PreforkStartDeathTest, WorkersThatDieAtOnceAreReplacedWithPauses) {
    const WorkerSet::Body body = [](const WorkerSetup& setup) {
        setup.board.slot(setup.slot).state.store(prefork::State::idle);
        ::eventfd_write(setup.started, 1);
        if (setup.board.pool().spawned.get() > 40) ::kill(::getppid(), SIGKILL);  // a loop
        return 1;
    };
    const auto run = [&] {
        // SIGALRM ends it: some ticks of the pool
        std::signal(SIGALRM, [](int) { std::raise(SIGTERM); });
        const itimerval some_ticks{{0, 0}, {2, 500'000}};
        ::setitimer(ITIMER_REAL, &some_ticks, nullptr);
        supervise(body, 4);
    };
    EXPECT_EXIT(run(), testing::ExitedWithCode(0), "exited with status 1(.|\n)*in order");
}

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
