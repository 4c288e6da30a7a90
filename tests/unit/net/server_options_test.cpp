// The flags that all servers share, and who a server becomes.
#include "common/net/server_options.hpp"

#include "common/base/cli.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace echotrio::net {
namespace {

std::optional<int> parse(ServerOptions& options, std::vector<const char*> arguments) {
    const auto program = cli::program("a server", "echo-test");
    add_server_options(*program, options, "threads", 7002);
    arguments.insert(arguments.begin(), "echo-test");
    return cli::parse(*program, static_cast<int>(arguments.size()), arguments.data());
}

TEST(ServerOptions, WithoutFlagsAreTheModelsOwn) {
    ServerOptions options;
    EXPECT_FALSE(parse(options, {})) << "it goes on";
    EXPECT_EQ(options.listen.host, "127.0.0.1");
    EXPECT_EQ(options.listen.port, 7002);
    EXPECT_EQ(options.settings.model, "threads");
    EXPECT_EQ(options.settings.mode, protocol::Mode::automatic);
    EXPECT_EQ(options.max_connections, std::numeric_limits<std::uint64_t>::max());
    EXPECT_TRUE(options.cpus.empty());
    EXPECT_TRUE(options.user.empty());
}

TEST(ServerOptions, AreWhatTheFlagsSay) {
    ServerOptions options;
    EXPECT_FALSE(parse(options, {"--host",
                                 "::1",
                                 "--port",
                                 "0",
                                 "--backlog",
                                 "7",
                                 "--cpu",
                                 "2ms",
                                 "--wait",
                                 "3s",
                                 "--protocol",
                                 "http",
                                 "--max-connections",
                                 "5",
                                 "--idle-timeout",
                                 "0",
                                 "--request-timeout",
                                 "250ms",
                                 "--max-request",
                                 "4KiB",
                                 "--drain-timeout",
                                 "1m",
                                 "--cpus",
                                 "0",
                                 "--user",
                                 "nobody"}));
    EXPECT_EQ(options.listen.host, "::1");
    EXPECT_EQ(options.listen.port, 0);
    EXPECT_EQ(options.backlog, 7);
    EXPECT_EQ(options.settings.cpu, Nanos(std::chrono::milliseconds(2)));
    EXPECT_EQ(options.settings.wait, Nanos(std::chrono::seconds(3)));
    EXPECT_EQ(options.settings.mode, protocol::Mode::http);
    EXPECT_EQ(options.max_connections, 5U);
    EXPECT_EQ(options.limits.idle, Nanos(0));
    EXPECT_EQ(options.limits.request, Nanos(std::chrono::milliseconds(250)));
    EXPECT_EQ(options.settings.max_request, 4096U);
    EXPECT_EQ(options.drain_timeout, Nanos(std::chrono::minutes(1)));
    EXPECT_EQ(options.cpus, std::vector<int>{0});
    EXPECT_EQ(options.user, "nobody");
}

TEST(BecomeUser, NobodyElseUnlessAsked) {
    EXPECT_TRUE(become_user({}));
}

TEST(BecomeUser, AnUnknownOneIsSaid) {
    ServerOptions options;
    options.user = "no-such-user";
    const Status became = become_user(options);
    ASSERT_FALSE(became);
    EXPECT_EQ(became.error().message, "--user: cannot become 'no-such-user': no such user");
}

TEST(PrintReady, IsTheLineThatOthersWaitFor) {
    ServerOptions options;
    options.settings.model = "coroutine";
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    print_ready(options, {"127.0.0.1", 7003});
    EXPECT_TRUE(testing::internal::GetCapturedStdout().starts_with(
        "ready model=coroutine host=127.0.0.1 port=7003 pid="));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(PrintReady, SaysWhenASilentClientIsWaitedForForEver) {
    ServerOptions options;
    options.settings.model = "threads";
    for (const Nanos request : {Nanos(0), Nanos(1)}) {
        options.limits = {Nanos(0), request};
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        print_ready(options, {"127.0.0.1", 7002});
        testing::internal::GetCapturedStdout();
        EXPECT_EQ(testing::internal::GetCapturedStderr().empty(), request > Nanos(0));
    }
}

}  // namespace
}  // namespace echotrio::net
