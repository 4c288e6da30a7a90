// Addresses as people write them.
#include "common/net/socket.hpp"

#include <gtest/gtest.h>

namespace echotrio::net {
namespace {

TEST(Address, HostAndPortAreReadAndPrinted) {
    for (const char* text : {"127.0.0.1:7001", "[::1]:80", "localhost:65535"}) {
        const auto where = parse_host_port(text);
        ASSERT_TRUE(where) << text;
        EXPECT_EQ(format_host_port(*where), text);
    }
    EXPECT_EQ(parse_host_port("[::1]:80")->host, "::1");
}

TEST(Address, WrongTextsSayWhatToWrite) {
    for (const char* text : {"", "localhost", ":80", "localhost:", "localhost:65536",
                             "localhost:80x", "::1:80", "[::1]", "[]:80", "localhost:-1"}) {
        const auto where = parse_host_port(text);
        ASSERT_FALSE(where) << text;
        EXPECT_NE(where.error().message.find("host:port"), std::string::npos);
    }
}

TEST(Address, UnknownHostsAreNamed) {
    const auto address = resolve("no.such.host.invalid", 80);
    ASSERT_FALSE(address);
    EXPECT_NE(address.error().message.find("no.such.host.invalid"), std::string::npos);
    EXPECT_TRUE(resolve("127.0.0.1", 80));
    EXPECT_TRUE(resolve("::1", 80));
}

}  // namespace
}  // namespace echotrio::net
