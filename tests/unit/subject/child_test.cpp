// Programs that we start: what they say comes back, and none outlives us.
#include "loadgen/subject/child.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace echotrio::loadgen {
namespace {

constexpr Nanos kPatience = std::chrono::seconds(20);

Result<Child> shell(const std::string& script) {
    return Child::start({.argv = {"sh", "-c", script}});
}

TEST(Child, GivesItsOutputAndStatus) {
    auto child = shell("echo one; echo two; echo three; echo oops >&2; exit 7");
    ASSERT_TRUE(child) << child.error().message;
    EXPECT_EQ(child->read_line(kPatience).value(), "one");
    EXPECT_EQ(child->read_all(kPatience).value(), "two\nthree\n");
    EXPECT_EQ(child->wait(kPatience), 7);
    EXPECT_EQ(child->stderr_text(), "oops\n");
    const auto more = child->read_line(kPatience);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().message, "it ended with status 7: oops");
}

TEST(Child, SaysWhyItCannotStart) {
    const auto child = Child::start({.argv = {"/no/such/program"}});
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().message, "cannot start /no/such/program: No such file or directory");
}

TEST(Child, WaitsNoLongerThanAsked) {
    auto child = shell("echo ready; exec sleep 600");
    ASSERT_TRUE(child);
    EXPECT_EQ(child->read_line(kPatience).value(), "ready");
    EXPECT_FALSE(child->wait(Nanos(0)));
    EXPECT_FALSE(child->read_line(std::chrono::milliseconds(1)));
    EXPECT_FALSE(child->read_all(std::chrono::milliseconds(1)));
    EXPECT_EQ(child->stop(kPatience), 128 + SIGTERM);
}

TEST(Child, IsKilledWhenItIgnoresTheRequest) {
    auto child = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    ASSERT_TRUE(child);
    ASSERT_TRUE(child->read_line(kPatience));
    EXPECT_EQ(child->stop(std::chrono::milliseconds(50)), 128 + SIGKILL);
}

TEST(Child, EndsWithItsOwner) {
    pid_t pid = 0;
    {
        auto child = shell("exec sleep 600");
        ASSERT_TRUE(child);
        pid = child->pid();
        Child moved = std::move(*child);
        EXPECT_EQ(::kill(pid, 0), 0);
    }
    EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Child, DiesWithUsEvenWhenWeAreKilled) {
    // A process of our own starts a child, says its pid, and is killed.
    int channel[2];
    ASSERT_EQ(::pipe(channel), 0);
    const pid_t middle = ::fork();
    if (middle == 0) {
        auto child = shell("echo ready; exec sleep 600");
        const pid_t pid = child && child->read_line(kPatience) ? child->pid() : -1;
        [[maybe_unused]] const auto n = ::write(channel[1], &pid, sizeof pid);
        ::pause();
    }
    pid_t pid = 0;
    ASSERT_EQ(::read(channel[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    ASSERT_GT(pid, 0);
    ::kill(middle, SIGKILL);
    ::waitpid(middle, nullptr, 0);
    const TimePoint deadline = now() + kPatience;
    const auto state = [&] { return std::filesystem::exists("/proc/" + std::to_string(pid)); };
    // It is not our child: whoever adopts it may leave a zombie, which /proc still shows.
    while (now() < deadline && state() && ::kill(pid, 0) == 0) {
        const auto exe = "/proc/" + std::to_string(pid) + "/exe";
        std::error_code gone;
        if (std::filesystem::read_symlink(exe, gone).empty()) break;
        ::usleep(1000);
    }
    EXPECT_LT(now(), deadline);
}

TEST(Child, HasSignalsAsIfNobodyHadTouchedThem) {
    std::signal(SIGTERM, SIG_IGN);
    std::signal(SIGINT, SIG_IGN);
    auto child = shell("kill -TERM $$; echo ignored");
    auto other = shell("kill -INT $$; echo ignored");
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGINT, SIG_DFL);
    ASSERT_TRUE(child && other);
    EXPECT_EQ(child->wait(kPatience), 128 + SIGTERM);
    EXPECT_EQ(other->wait(kPatience), 128 + SIGINT);
}

TEST(Child, IsPinnedAndGetsItsEnvironment) {
    auto child = Child::start({.argv = {"sh", "-c", "nproc; echo $ECHOTRIO_WORD"},
                               .cpus = {0},
                               .environment = {{"ECHOTRIO_WORD", "word"}}});
    ASSERT_TRUE(child);
    EXPECT_EQ(child->read_all(kPatience).value(), "1\nword\n");
}

}  // namespace
}  // namespace echotrio::loadgen
