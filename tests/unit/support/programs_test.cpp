// What tests start others by: that it says what happened, and sees what is left.
#include "tests/support/programs.hpp"

#include "tests/support/server.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

// Says that it is ready and is nothing of the kind; its child outlives it.
const Words kServer{
    "sh", "-c",
    "sleep 600 & echo \"ready model=none host=127.0.0.1 port=1 pid=$$\"; exec sleep 600"};

TEST(Programs, SayHowTheyEnded) {
    const Ran ran = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(ran.out, "out\n");
    EXPECT_EQ(ran.err, "err\n");
    EXPECT_EQ(shell("kill -TERM $$").status, 128 + SIGTERM);
}

TEST(Programs, ThatCannotBeStartedFailTheTest) {
    EXPECT_THROW(start_program({"/no/such/program"}), std::runtime_error);
    EXPECT_FALSE(installed("no-such-program"));
    EXPECT_TRUE(installed("sh"));
}

TEST(Programs, GetTheirEnvironment) {
    auto child = start_program({"sh", "-c", "echo $ECHOTRIO_WORD"}, {{"ECHOTRIO_WORD", "word"}});
    EXPECT_EQ(finish(child).out, "word\n");
}

TEST(Group, HoldsTheProgramAndWhatItStarted) {
    auto leader = start_program(kServer);
    ASSERT_TRUE(leader.read_line(kPatience));
    const auto group = group_of(leader.pid());
    ASSERT_EQ(group.size(), 2U);
    EXPECT_EQ(group[0], leader.pid());
    leader.signal(SIGKILL);
    EXPECT_EQ(leader.wait(kPatience), 128 + SIGKILL);
    EXPECT_FALSE(runs(group[0]));
    EXPECT_TRUE(runs(group[1])) << "left behind";
    EXPECT_EQ(group_of(leader.pid()), std::vector<pid_t>{group[1]}) << "and seen";
    ::kill(group[1], SIGKILL);
    EXPECT_TRUE(wait_until_gone(group));
}

TEST(Servers, KnowWhatTheirReadyLineSays) {
    Server server = Server::of(kServer);
    EXPECT_EQ(server.where().host, "127.0.0.1");
    EXPECT_EQ(server.where().port, 1);
    EXPECT_EQ(server.tcp(), "tcp://127.0.0.1:1");
    EXPECT_EQ(server.http("/x"), "http://127.0.0.1:1/x");
    EXPECT_EQ(server.ready_line(),
              "ready model=none host=127.0.0.1 port=1 pid=" + std::to_string(server.pid()));
    EXPECT_TRUE(server.stats().is_null()) << "nobody answers";
    ::kill(-server.pid(), SIGKILL);  // or its child would be found
}

TEST(Servers, ThatDoNotBecomeReadyFailTheTest) {
    EXPECT_THROW(Server::of({"sh", "-c", "exit 1"}), std::runtime_error);
    EXPECT_THROW(Server::of({"echo", "hello"}), std::runtime_error);
    EXPECT_THROW(Server::of({"echo", "ready host=127.0.0.1"}), std::runtime_error);
    EXPECT_THROW(Server("no-such-model"), std::runtime_error);
    const auto none = Server::start("no-such-model");
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("echo-no-such-model"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::test
