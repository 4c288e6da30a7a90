// A guard keeps together what its command starts, keeps what it writes, and ends it all.
#include "loadgen/subject/guard.hpp"

#include "loadgen/probe/proc_fs.hpp"
#include "loadgen/subject/running_subject.hpp"
#include "tests/support/programs.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace echotrio::loadgen {
namespace {

constexpr Nanos kPatience = std::chrono::seconds(20);

Result<Guard> shell(const std::string& script, const std::string& log = "",
                    std::uint64_t limit = 1U << 20U) {
    return Guard::start({.argv = {"sh", "-c", script}, .log = log, .log_limit = limit}, {});
}

std::vector<pid_t> pids(const Guard& guard) {
    std::vector<pid_t> all;
    for (const ProcStat& process : guard.members()) all.push_back(process.pid);
    return all;
}

TEST(Guard, TellsHowItEnded) {
    auto guard = shell("echo out; echo err >&2; exit 7");
    ASSERT_TRUE(guard) << guard.error().message;
    EXPECT_TRUE(test::eventually([&] { return guard->ended(Nanos(0)).has_value(); }));
    EXPECT_EQ(guard->ended(Nanos(0)), 7);
    EXPECT_TRUE(test::eventually([&] {
        guard->ended(Nanos(0));
        return guard->is_empty();
    }));
    EXPECT_EQ(guard->log_from(0), "out\nerr\n");
    EXPECT_EQ(guard->log_tail(), "out\nerr\n");
}

TEST(Guard, SaysWhyItCannotStart) {
    const auto missing = Guard::start({.argv = {"/no/such/program"}}, {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message, "cannot start /no/such/program: No such file or directory");
    const auto log = shell("true", "/no/such/folder/log");
    ASSERT_FALSE(log);
    EXPECT_NE(log.error().message.find("cannot write /no/such/folder/log"), std::string::npos);
}

TEST(Guard, ThatCannotBePinnedSaysSo) {
    const auto guard = Guard::start({.argv = {"true"}, .cpus = {CPU_SETSIZE - 1}}, {});
    ASSERT_FALSE(guard);
    EXPECT_EQ(guard.error().message,
              "cannot start true: its CPUs are not there for us (Invalid argument)");
}

TEST(Guard, IsNotMetByItsParentsCommandLine) {
    auto guard = shell("exec sleep 600");
    ASSERT_TRUE(guard);
    const auto line = read_text(proc_path(guard->pid(), "cmdline"));
    ASSERT_TRUE(line);
    EXPECT_EQ(line->substr(0, line->find('\0')), "server-guard");
    EXPECT_EQ(line->find_first_not_of('\0', line->find('\0')), std::string::npos) << *line;
}

TEST(Guard, SetsTheScene) {
    bool before = false;
    auto guard = Guard::start(
        {.argv = {"sh", "-c", "echo $PORT; pwd"}, .env = {{"PORT", "8080"}}, .cwd = "/"},
        [&] { before = true; });
    ASSERT_TRUE(guard);
    EXPECT_TRUE(before);
    EXPECT_TRUE(test::eventually([&] { return guard->log_from(0) == "8080\n/\n"; }));
}

TEST(Guard, EndsWhatHasForkedAway) {
    // Daemons in sessions of their own, one of which asks for no mercy.
    auto guard = shell(
        "(setsid sh -c \"trap '' TERM; while :; do sleep 0.05; done\" &) ; "
        "(setsid sleep 600 &) ; exec sleep 600");
    ASSERT_TRUE(guard);
    EXPECT_TRUE(test::eventually([&] { return guard->members().size() >= 3; }));
    const auto members = pids(*guard);
    EXPECT_TRUE(guard->stop(SIGTERM, std::chrono::milliseconds(100)));
    EXPECT_TRUE(test::wait_until_gone(members));
    EXPECT_TRUE(guard->is_empty());
}

TEST(Guard, EndsWhatWritesForEver) {
    auto guard = shell("exec cat /dev/zero");
    ASSERT_TRUE(guard);
    EXPECT_TRUE(test::eventually([&] { return guard->log_tail().size() == 16U << 10U; }));
    EXPECT_TRUE(guard->stop(SIGTERM, kPatience));
    std::vector<pid_t> members;
    {
        auto owned = shell("exec cat /dev/zero");
        ASSERT_TRUE(owned);
        EXPECT_TRUE(test::eventually([&] { return !owned->members().empty(); }));
        members = pids(*owned);
        members.push_back(owned->pid());
    }
    EXPECT_TRUE(test::wait_until_gone(members));
}

TEST(Guard, EndsTheGraceForWhoIsInAHurry) {
    auto guard = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    ASSERT_TRUE(guard);
    EXPECT_TRUE(test::eventually([&] { return guard->log_tail() == "ready\n"; }));
    const auto members = pids(*guard);
    int asked = 0;
    EXPECT_TRUE(guard->stop(SIGTERM, std::chrono::hours(1), [&] { return ++asked > 2; }));
    EXPECT_TRUE(test::wait_until_gone(members));
}

TEST(Guard, EndsWithItsOwner) {
    std::vector<pid_t> members;
    {
        auto guard = shell("(setsid sleep 600 &) ; exec sleep 600");
        ASSERT_TRUE(guard);
        EXPECT_TRUE(test::eventually([&] { return guard->members().size() >= 2; }));
        members = pids(*guard);
        members.push_back(guard->pid());
    }
    EXPECT_TRUE(test::wait_until_gone(members));
}

TEST(Guard, KeepsTheBeginAndTheEndOfALongLog) {
    std::string name = (std::filesystem::temp_directory_path() / "echotrio-log-XXXXXX").string();
    const std::string dir = ::mkdtemp(name.data());
    {
        auto guard = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done",
                           dir + "/log", 1000);
        ASSERT_TRUE(guard);
        EXPECT_TRUE(test::eventually([&] {
            guard->ended(Nanos(0));
            return guard->is_empty();
        }));
        EXPECT_TRUE(guard->log_tail().ends_with("line 19999\n"));
        EXPECT_EQ(last_lines(guard->log_tail()), "line 19997 | line 19998 | line 19999");
    }
    std::stringstream text;
    text << std::ifstream(dir + "/log").rdbuf();
    EXPECT_TRUE(text.str().starts_with("line 0\nline 1\n"));
    EXPECT_NE(text.str().find(" bytes are left out here]\n"), std::string::npos);
    EXPECT_TRUE(text.str().ends_with("line 19999\n"));
    EXPECT_LT(text.str().size(), 1000U + (17U << 10U));
    std::filesystem::remove_all(dir);
}

TEST(LastLines, AreOnePrintableLine) {
    EXPECT_EQ(last_lines(""), "");
    EXPECT_EQ(last_lines("one\n"), "one");
    EXPECT_EQ(last_lines("a\nb\n\n  \nc\n\td\x1b[1m\n"), "b | c | d [1m");
    EXPECT_LE(last_lines(std::string(5000, 'x')).size(), 303U);
}

}  // namespace
}  // namespace echotrio::loadgen
