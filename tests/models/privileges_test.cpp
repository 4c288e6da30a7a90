// --user: a server that was started as root binds a privileged port and serves as somebody else.
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace echotrio::test {
namespace {

// A word of /proc/PID/status; NAME is the line's name.
std::string status_word(pid_t pid, std::string_view name) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(fmt::format("{}:\t", name))) return line.substr(name.size() + 2);
    }
    return {};
}

class Privileges : public testing::TestWithParam<const char*> {};

TEST_P(Privileges, AreGivenUpOnceThePortIsBound) {
    const passwd* const nobody = ::getpwnam("nobody");
    if (::getuid() != 0 || nobody == nullptr) GTEST_SKIP() << "needs root, and a user 'nobody'";
    // Somebody else may listen on a port; below 1024 the kernel does not pick a free one.
    int port = 1023;
    auto server = Server::start(GetParam(), {"--user", "nobody", "--port", std::to_string(port)});
    while (!server && server.error().message.find("in use") != std::string::npos && port > 900) {
        server = Server::start(GetParam(), {"--user", "nobody", "--port", std::to_string(--port)});
    }
    ASSERT_TRUE(server) << server.error().message;
    const std::string ids = fmt::format("{0}\t{0}\t{0}\t{0}", nobody->pw_uid);
    EXPECT_EQ(status_word(server->pid(), "Uid"), ids);
    EXPECT_EQ(status_word(server->pid(), "CapEff"), "0000000000000000");
    EXPECT_EQ(status_word(server->pid(), "NoNewPrivs"), "1");
    const auto reply = get(server->where(), "/echo/hi");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "hi");
    EXPECT_EQ(server->stop(), 0);
}

TEST_P(Privileges, AnUnknownUserIsAnErrorAndNothingIsServed) {
    const auto server = Server::start(GetParam(), {"--user", "no-such-user"});
    ASSERT_FALSE(server);
    EXPECT_NE(server.error().message.find("status 1: error: --user: cannot become 'no-such-user'"),
              std::string::npos)
        << server.error().message;
}

INSTANTIATE_TEST_SUITE_P(Models, Privileges, testing::Values("prefork", "threads", "coroutine"),
                         [](const auto& test) { return std::string(test.param); });

// The kernel shares a port among sockets of one user: who has become another can add none.
TEST(PrivilegesOfPrefork, APoolWithASocketEachCannotGrow) {
    const auto server = Server::start("prefork", {"--user", "nobody", "--accept", "reuseport"});
    ASSERT_FALSE(server);
    EXPECT_NE(server.error().message.find("status 2: error: --user"), std::string::npos)
        << server.error().message;
}

TEST(PrivilegesOfPrefork, AFixedPoolWithASocketEachReloadsAndReplaces) {
    if (::getuid() != 0 || ::getpwnam("nobody") == nullptr) GTEST_SKIP() << "needs root and nobody";
    Server server("prefork", {"--user", "nobody", "--accept", "reuseport", "--start-workers", "2",
                              "--max-workers", "2"});
    server.signal(SIGHUP);
    ASSERT_TRUE(server.wait_for_log("generation 1 serves"));
    const auto reloaded =
        server.stats_when([](const auto& s) { return s["workers"]["retiring"] == 0; });
    ASSERT_EQ(reloaded["pids"].size(), 3U) << reloaded;
    ::kill(reloaded["pids"][1].get<pid_t>(), SIGKILL);
    const auto replaced =
        server.stats_when([](const auto& s) { return s["workers"]["spawned_total"] == 5; });
    EXPECT_EQ(replaced["workers"]["spawned_total"], 5) << "no more than it takes";
    EXPECT_EQ(server.log().find("cannot"), std::string::npos) << server.log();
    EXPECT_EQ(server.stop(), 0);
}

TEST(PrivilegesOfCoroutine, ALoopThatDiesIsReplaced) {
    if (::getuid() != 0 || ::getpwnam("nobody") == nullptr) GTEST_SKIP() << "needs root and nobody";
    Server server("coroutine", {"--user", "nobody", "--processes", "2"});
    ::kill(server.stats()["pids"][1].get<pid_t>(), SIGKILL);
    const auto replaced = server.stats_when([](const auto& s) {
        return s["processes"]["spawned_total"] == 3 && s["processes"]["alive"] == 2;
    });
    EXPECT_EQ(replaced["processes"]["alive"], 2);
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
