// Starting: the ready line, help, and every way in which it can't be done.
#include "tests/contract/fixture.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

namespace echotrio::test {
namespace {

class Starting : public Contract {
  protected:
    Ran run(const std::string& arguments) const {
        return shell("exec " + program("echo-" + model()) + " " + arguments);
    }
    // One line "error: ..." with `part` in it, and nothing on standard output.
    static void expect_error(const Ran& result, int status, const std::string& part) {
        EXPECT_EQ(result.status, status) << result.err;
        EXPECT_TRUE(result.err.starts_with("error: ")) << result.err;
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
        EXPECT_EQ(result.out, "");
    }
};

TEST_P(Starting, ReadyLine) {
    start();
    int port = 0;
    int pid = 0;
    const std::string format = "ready model=" + model() + " host=127.0.0.1 port=%d pid=%d";
    const std::string& line = server().ready_line();
    ASSERT_EQ(std::sscanf(line.c_str(), format.c_str(), &port, &pid), 2) << line;
    EXPECT_EQ(pid, server().pid());
    EXPECT_EQ(
        get({"127.0.0.1", static_cast<std::uint16_t>(port)}, "/healthz").value_or(Reply{}).body,
        "ok");
}

// Some parents ignore SIGCHLD, some start their children with everything blocked.
TEST_P(Starting, WhateverItsParentDidToSignals) {
    if (shell("env --ignore-signal --block-signal true").status != 0) {
        GTEST_SKIP() << "env can't ignore or block signals here";
    }
    for (const int signal : {SIGTERM, SIGINT}) {
        Server server(model(), {}, {.command = {"env", "--ignore-signal", "--block-signal"}});
        if (model().ends_with("prefork")) {
            const auto pids = [](const nlohmann::json& stats) {
                return stats["pids"].get<std::vector<int>>();
            };
            const std::vector<int> before = pids(server.stats());
            const int victim = before.back();
            ::kill(victim, SIGKILL);
            const auto after = pids(server.stats_when([&](const auto& stats) {
                const std::vector<int> now = pids(stats);
                return now.size() >= before.size() &&
                       std::find(now.begin(), now.end(), victim) == now.end();
            }));
            EXPECT_EQ(after.size(), before.size()) << "it is replaced";
            EXPECT_EQ(std::count(after.begin(), after.end(), victim), 0);
        }
        server.signal(signal);
        EXPECT_EQ(server.wait(), 0) << server.log();
    }
}

TEST_P(Starting, HelpAndVersion) {
    const auto help = run("--help");
    EXPECT_EQ(help.status, 0);
    for (const char* flag :
         {"--host", "--port", "--backlog", "--cpu", "--wait", "--protocol", "--max-connections",
          "--idle-timeout", "--request-timeout", "--max-request", "--drain-timeout", "--cpus"}) {
        EXPECT_NE(help.out.find(flag), std::string::npos) << flag;
    }
    // an interpreter has a cost of its own and is given none
    const bool is_model = !model().starts_with("py-");
    EXPECT_EQ(help.out.find("--base-cost") != std::string::npos, is_model);
    for (const char* flag : {"--keep-alive", "--heap", "--touch"}) {
        EXPECT_EQ(help.out.find(flag) != std::string::npos, model().ends_with("prefork")) << flag;
    }
    const auto version = run("--version");
    EXPECT_EQ(version.status, 0);
    EXPECT_NE(version.out.find(ECHOTRIO_VERSION), std::string::npos) << version.out;
}

TEST_P(Starting, BadFlagsSayWhichAndHow) {
    expect_error(run("--no-such-flag"), 2, "--no-such-flag");
    expect_error(run("--port 99999"), 2, "--port");
    expect_error(run("--port abc"), 2, "--port");
    expect_error(run("--cpu 5"), 2, "--cpu");
    expect_error(run("--wait 11s"), 2, "--wait");
    expect_error(run("--idle-timeout nan"), 2, "--idle-timeout");
    expect_error(run("--protocol gopher"), 2, "--protocol");
    expect_error(run("--max-connections 0"), 2, "--max-connections");
    expect_error(run("--max-request 10"), 2, "--max-request");
    expect_error(run("--drain-timeout -1s"), 2, "--drain-timeout");
    expect_error(run("--cpus 9999"), 2, "--cpus");
    expect_error(run("--backlog 0"), 2, "--backlog");
    expect_error(run("--base-cost 5"), 2, "--base-cost");
    expect_error(run("--base-cost 11s"), 2, "--base-cost");
    expect_error(run("stray"), 2, "stray");
}

TEST_P(Starting, BadFlagsOfAPoolSayWhichAndHow) {
    if (!model().ends_with("prefork")) GTEST_SKIP() << "it is no pool";
    for (const char* wrong : {"0", "yes", "-1", "1.5", "''", "99999999999999999999"}) {
        expect_error(run(fmt::format("--keep-alive {}", wrong)), 2, "--keep-alive");
    }
    expect_error(run("--heap 1parsec"), 2, "--heap");
    expect_error(run("--heap 2000GiB"), 2, "--heap");
    expect_error(run("--heap 1MiB --touch 1.5"), 2, "--touch");
    expect_error(run("--heap 1MiB --touch half"), 2, "--touch");
    expect_error(run("--touch 0.5"), 2, "--touch: there is nothing to touch: give --heap SIZE");
}

TEST_P(Starting, AnOccupiedPortIsSaid) {
    const auto taken = net::listen_tcp({"127.0.0.1", 0}, 1);
    ASSERT_TRUE(taken);
    const auto port = net::local_address(taken->get())->port;
    expect_error(run(fmt::format("--port {}", port)), 1, fmt::format("127.0.0.1:{}", port));
}

TEST_P(Starting, AHostNameThatIsNoneIsSaid) {
    expect_error(run("--port 0 --host no-such-host.invalid"), 1, "no-such-host.invalid");
}

TEST_P(Starting, AnAddressOfAnotherMachineIsSaid) {
    expect_error(run("--port 0 --host 192.0.2.1"), 1, "192.0.2.1");
}

TEST_P(Starting, APortWithoutPermissionIsSaid) {
    int first_free = 1024;
    std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first_free;
    if (first_free <= 81) GTEST_SKIP() << "here everybody may listen on any port";
    std::string as_nobody;
    if (::geteuid() == 0) {
        as_nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all ";
        if (shell(as_nobody + program("echo-" + model()) + " --version").status != 0) {
            GTEST_SKIP() << "the program can't be run as another user here";
        }
    }
    expect_error(shell("exec " + as_nobody + program("echo-" + model()) + " --port 81"), 1, "81");
}

TEST_P(Starting, Ipv6) {
    if (!net::listen_tcp({"::1", 0}, 1)) GTEST_SKIP() << "no IPv6 here";
    start({"--host", "::1"});
    EXPECT_EQ(where().host, "::1");
    EXPECT_EQ(get(where(), "/echo/six").value_or(Reply{}).body, "six");
}

INSTANTIATE_FOR_ALL_SERVERS(Starting);

}  // namespace
}  // namespace echotrio::test
