// A supervisor with workers that do as a test says: how it starts or does not, what it replaces,
// and what it ends with. Each runs in a process of its own, as a death test.
#include "common/supervise/supervisor.hpp"

#include "tests/unit/supervise/board.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <set>

namespace echotrio::supervise {
namespace {

using Body = std::function<int(Board&, const WorkerSetup&)>;

Options workers(int count) {
    Options options;
    options.settings.model = "test";
    options.listen = {"127.0.0.1", 0};
    options.pool.start = count;
    options.drain_timeout = std::chrono::seconds(20);
    return options;
}

Options fixed(int count) {
    Options options = workers(count);
    options.pool = {count, count, count, count};
    options.socket_each = true;
    return options;
}

[[noreturn]] void serve(const Options& options, const Body& body) {
    Board board(static_cast<std::size_t>(2 * options.pool.max_workers));
    auto signals = net::SignalFd::block({SIGTERM, SIGINT, SIGHUP, SIGCHLD});
    auto set = WorkerSet::create(options, board,
                                 [&](const WorkerSetup& setup) { return body(board, setup); });
    std::_Exit(run(options, *std::move(signals), *std::move(set)));
}

// Accepts nothing, until SIGTERM kills it.
int wait_for_the_end(Board& board, const WorkerSetup& setup) {
    report_started(board.slot(setup.slot), setup.started);
    net::SignalFd::unblock_all();
    while (true) ::pause();
}

// SIGTERM to this process after so many milliseconds.
void end_after(int ms) {
    std::signal(SIGALRM, [](int) { std::raise(SIGTERM); });
    const itimerval once{{0, 0}, {ms / 1000, ms % 1000 * 1000}};
    ::setitimer(ITIMER_REAL, &once, nullptr);
}

TEST(SupervisorDeathTest, WorkersThatCrashAtTheirStartStopTheServerWithTheReason) {
    const Body crash = [](Board&, const WorkerSetup&) -> int { std::abort(); };
    EXPECT_EXIT(serve(workers(3), crash), testing::ExitedWithCode(1),
                "error: workers cannot start: worker [0-9]+ was killed by signal 6 \\(Aborted\\)");
}

TEST(SupervisorDeathTest, AnExitStatusIsAReasonToo) {
    const Body leave = [](Board&, const WorkerSetup&) { return 3; };
    EXPECT_EXIT(serve(workers(1), leave), testing::ExitedWithCode(1),
                "error: workers cannot start: worker [0-9]+ exited with status 3");
}

TEST(SupervisorDeathTest, OneOfManyThatCannotStartIsEnough) {
    const Body body = [](Board& board, const WorkerSetup& setup) {
        if (setup.slot == 2) std::abort();
        return wait_for_the_end(board, setup);
    };
    EXPECT_EXIT(serve(workers(4), body), testing::ExitedWithCode(1), "error: workers cannot start");
}

// Workers that reach accept and die then: the server goes on, and does not fork in a loop.
TEST(SupervisorDeathTest, WorkersThatDieAtOnceAreReplacedWithPauses) {
    const Body body = [](Board& board, const WorkerSetup& setup) {
        report_started(board.slot(setup.slot), setup.started);
        if (board.pool().spawned.get() > 40) ::kill(::getppid(), SIGKILL);  // a loop
        return 1;
    };
    const auto some_ticks = [&] {
        end_after(2500);
        serve(workers(4), body);
    };
    const auto not_killed = [](int status) { return WIFEXITED(status); };
    EXPECT_EXIT(some_ticks(), not_killed, "exited with status 1");
}

// A fixed number, each with its listening socket: all that are missing come back, each to a socket
// that nobody serves.
TEST(SupervisorDeathTest, AFixedNumberIsKept) {
    constexpr std::size_t kCount = 4;
    const Body body = [](Board& board, const WorkerSetup& setup) -> int {
        const auto lives = [&](std::size_t slot) { return board.slot(slot).counters.opened.get(); };
        board.slot(setup.slot).counters.opened.add();
        board.slot(setup.slot).counters.requests.set(static_cast<std::uint64_t>(setup.listener));
        report_started(board.slot(setup.slot), setup.started);
        if (lives(setup.slot) == 1 && setup.slot > 0) ::kill(::getpid(), SIGKILL);
        ::signal(SIGTERM, [](int) { ::_exit(0); });
        net::SignalFd::unblock_all();
        while (setup.slot == 1 && lives(2) + lives(3) < 4) ::usleep(1000);
        std::set<std::uint64_t> sockets;
        for (std::size_t i = 0; i < kCount; ++i) {
            sockets.insert(board.slot(i).counters.requests.get());
        }
        if (setup.slot == 1 && sockets.size() == kCount) ::kill(::getppid(), SIGTERM);
        while (true) ::pause();
    };
    EXPECT_EXIT(serve(fixed(kCount), body), testing::ExitedWithCode(0), "killed by signal 9");
}

TEST(SupervisorDeathTest, AWorkerThatFailsAtTheDrainIsNoGoodEnd) {
    const Body body = [](Board& board, const WorkerSetup& setup) -> int {
        ::signal(SIGTERM, [](int) { ::_exit(1); });  // it cut somebody off
        net::SignalFd::unblock_all();
        report_started(board.slot(setup.slot), setup.started);
        if (setup.slot == 1) ::kill(::getppid(), SIGTERM);
        while (true) ::pause();
    };
    EXPECT_EXIT(serve(fixed(2), body), testing::ExitedWithCode(1), "exited with status 1");
}

// By a signal from elsewhere, so that no exit status tells.
int die_at_the_drain(Board& board, const WorkerSetup& setup) {
    ::signal(SIGTERM, [](int) { ::kill(::getpid(), SIGKILL); });
    net::SignalFd::unblock_all();
    report_started(board.slot(setup.slot), setup.started);
    if (setup.slot == 1) ::kill(::getppid(), SIGTERM);
    while (true) ::pause();
}

TEST(SupervisorDeathTest, AWorkerKilledAtTheDrainWithAConnectionOpenIsNoGoodEnd) {
    const Body body = [](Board& board, const WorkerSetup& setup) {
        board.slot(setup.slot).counters.opened.add();
        return die_at_the_drain(board, setup);
    };
    EXPECT_EXIT(serve(fixed(2), body), testing::ExitedWithCode(1), "killed by signal 9");
}

TEST(SupervisorDeathTest, AWorkerKilledAtTheDrainWithNoneOpenHasCutNobodyOff) {
    EXPECT_EXIT(serve(fixed(2), die_at_the_drain), testing::ExitedWithCode(0),
                "killed by signal 9");
}

// A supervisor that had no CPU until the time of the drain was over has cut nobody off, if all had
// ended in time.
TEST(SupervisorDeathTest, ALateLookAtADrainThatIsOverIsNoBadEnd) {
    Options options = fixed(1);
    options.drain_timeout = std::chrono::milliseconds(100);
    const Body body = [](Board& board, const WorkerSetup& setup) -> int {
        ::signal(SIGTERM, [](int) {
            const pid_t supervisor = ::getppid();
            ::kill(supervisor, SIGSTOP);
            if (::fork() == 0) {
                ::usleep(300'000);
                ::kill(supervisor, SIGCONT);
            }
            ::_exit(0);
        });
        net::SignalFd::unblock_all();
        report_started(board.slot(setup.slot), setup.started);
        ::kill(::getppid(), SIGTERM);
        while (true) ::pause();
    };
    EXPECT_EXIT(serve(options, body), testing::ExitedWithCode(0), "");
}

// Whoever reads the scoreboard may do so as soon as a worker serves.
TEST(SupervisorDeathTest, AWorkerThatServesIsOnTheScoreboard) {
    const Body body = [](Board& board, const WorkerSetup& setup) {
        if (board.slot(setup.slot).pid.load() != ::getpid()) ::kill(::getppid(), SIGKILL);
        if (setup.slot == 99) ::kill(::getppid(), SIGTERM);
        return wait_for_the_end(board, setup);
    };
    EXPECT_EXIT(serve(fixed(100), body), testing::ExitedWithCode(0), "");
}

template <class Condition>
void wait_until(const Condition& condition) {
    while (!condition()) ::usleep(1000);
}

int alive(Board& board) {
    int count = 0;
    for (std::size_t i = 0; i < board.size(); ++i) count += board.slot(i).pid.load() != 0 ? 1 : 0;
    return count;
}

// Says in `requests` on which socket it serves, until it is told to leave.
void serve_quietly(Slot& slot, const WorkerSetup& setup) {
    ::signal(SIGTERM, [](int) { ::_exit(0); });
    slot.counters.requests.set(static_cast<std::uint64_t>(setup.listener));
    net::SignalFd::unblock_all();
    report_started(slot, setup.started);
}

// Each reload starts two more, of which the second one dies. Then one of the former two dies.
int reload_in_vain(Board& board, const WorkerSetup& setup) {
    if (setup.slot == 3) std::abort();
    Slot& slot = board.slot(setup.slot);
    serve_quietly(slot, setup);
    if (setup.slot == 0) {
        wait_until([&] { return board.slot(1).state.load() == State::idle; });
        for (std::uint64_t reload = 1; reload <= 3; ++reload) {
            ::kill(::getppid(), SIGHUP);
            wait_until([&] { return board.pool().spawned.get() == 2 + 2 * reload; });
            wait_until([&] { return alive(board) == 2; });
        }
        Slot& other = board.slot(1);
        const auto socket = other.counters.requests.get();
        const pid_t former = other.pid.load();
        ::kill(former, SIGKILL);
        wait_until([&] { return other.pid.load() != former && other.state.load() == State::idle; });
        const bool same = other.counters.requests.get() == socket && alive(board) == 2;
        ::kill(::getppid(), same ? SIGTERM : SIGKILL);
    }
    while (true) ::pause();
}

TEST(SupervisorDeathTest, AReloadThatIsGivenUpLeavesNoWorkerOfIt) {
    Options shared = fixed(2);
    shared.socket_each = false;
    for (const Options& options : {fixed(2), shared}) {
        EXPECT_EXIT(serve(options, reload_in_vain), testing::ExitedWithCode(0), "reload given up");
    }
}

// Where each has a socket a reload starts as many as there are sockets, however many are busy: a
// further one would stay.
TEST(SupervisorDeathTest, AReloadBindsNoFurtherSocket) {
    Options options = fixed(2);
    options.pool = {.start = 2, .min_spare = 1, .max_spare = 2, .max_workers = 8};
    const Body body = [](Board& board, const WorkerSetup& setup) -> int {
        if (setup.slot == 4) ::kill(::getppid(), SIGKILL);
        Slot& slot = board.slot(setup.slot);
        serve_quietly(slot, setup);
        if (setup.slot == 1) slot.state.store(State::busy);
        if (setup.slot == 0) {  // busy at last, so that nobody is missed before the reload
            wait_until([&] { return board.slot(1).state.load() == State::busy; });
            slot.state.store(State::busy);
            ::kill(::getppid(), SIGHUP);
        }
        if (setup.slot == 2) {  // until the former ones have retired
            wait_until([&] { return alive(board) == 2 && board.slot(0).pid.load() == 0; });
            ::kill(::getppid(), SIGTERM);
        }
        while (true) ::pause();
    };
    EXPECT_EXIT(serve(options, body), testing::ExitedWithCode(0), "generation 1 serves");
}

}  // namespace
}  // namespace echotrio::supervise
