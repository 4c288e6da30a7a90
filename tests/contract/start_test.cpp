// Starting: the ready line, help, and every way in which it can't be done.
#include "tests/contract/fixture.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace echotrio::test {
namespace {

class Starting : public Contract {
  protected:
    CommandResult run(const std::string& arguments) const {
        return shell("exec " + server_path(model()) + " " + arguments);
    }
    // One line "error: ..." with `part` in it, and nothing on standard output.
    static void expect_error(const CommandResult& result, int status, const std::string& part) {
        EXPECT_EQ(result.status, status) << result.errors;
        EXPECT_TRUE(result.errors.starts_with("error: ")) << result.errors;
        EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
        EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
        EXPECT_EQ(result.output, "");
    }
};

TEST_P(Starting, ReadyLine) {
    auto child = loadgen::Child::start({.argv = {server_path(model()), "--port", "0"}});
    ASSERT_TRUE(child);
    const auto line = child->read_line(kPatience);
    ASSERT_TRUE(line);
    int port = 0;
    int pid = 0;
    const std::string format = "ready model=" + model() + " host=127.0.0.1 port=%d pid=%d";
    ASSERT_EQ(std::sscanf(line->c_str(), format.c_str(), &port, &pid), 2) << *line;
    EXPECT_EQ(pid, child->pid());
    EXPECT_EQ(
        get({"127.0.0.1", static_cast<std::uint16_t>(port)}, "/healthz").value_or(Reply{}).body,
        "ok");
    EXPECT_EQ(child->stop(kPatience), 0);
}

TEST_P(Starting, HelpAndVersion) {
    const auto help = run("--help");
    EXPECT_EQ(help.status, 0);
    for (const char* flag :
         {"--host", "--port", "--backlog", "--cpu", "--wait", "--protocol", "--max-connections",
          "--idle-timeout", "--request-timeout", "--max-request", "--drain-timeout", "--cpus"}) {
        EXPECT_NE(help.output.find(flag), std::string::npos) << flag;
    }
    const auto version = run("--version");
    EXPECT_EQ(version.status, 0);
    EXPECT_NE(version.output.find(ECHOTRIO_VERSION), std::string::npos) << version.output;
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
    expect_error(run("stray"), 2, "stray");
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
        if (shell(as_nobody + server_path(model()) + " --version").status != 0) {
            GTEST_SKIP() << "the program can't be run as another user here";
        }
    }
    expect_error(shell("exec " + as_nobody + server_path(model()) + " --port 81"), 1, "81");
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
