// Hosts and ports. What servers answer to them is in the robustness table.
#include "common/protocol/authority.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace echotrio::protocol {
namespace {

TEST(Authority, IsAHostAndPerhapsAPort) {
    const auto expect = [](std::string_view text, std::string_view host, std::string_view port) {
        const auto authority = parse_authority(text);
        ASSERT_TRUE(authority) << text;
        EXPECT_EQ(authority->host, host);
        EXPECT_EQ(authority->port, port);
    };
    expect("a", "a", "");
    expect("a:", "a", "");
    expect("a:80", "a", "80");
    expect("127.0.0.1:7003", "127.0.0.1", "7003");
    expect("256.1.1.1", "256.1.1.1", "");  // a name then
    expect("%41%2f:1", "%41%2f", "1");
    expect("[::1]:80", "[::1]", "80");
    expect("[vF.a:!]", "[vF.a:!]", "");
}

TEST(Authority, ReadsEveryIpv6Address) {
    for (const std::string_view good :
         {"::", "::1", "1::", "1::2", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
          "1:2:3:4::5:6:7", "abcd:EF01::", "0000::0001", "::1.2.3.4", "::ffff:255.0.10.99",
          "1:2:3:4:5:6:1.2.3.4", "1::6:1.2.3.4", "1:2:3:4:5::1.2.3.4"}) {
        EXPECT_TRUE(parse_authority("[" + std::string(good) + "]")) << good;
    }
    for (const std::string_view bad : {"",
                                       ":",
                                       ":::",
                                       "1",
                                       "1:",
                                       ":1",
                                       "1:2:3:4:5:6:7",
                                       "1:2:3:4:5:6:7:8:9",
                                       "1::2::3",
                                       "1:2:3:4:5:6:7:8::",
                                       "::1:2:3:4:5:6:7:8",
                                       "1:2:3:4::5:6:7:8",
                                       "12345::",
                                       "g::",
                                       "1::2:",
                                       "::1.2.3",
                                       "::1.2.3.4.5",
                                       "::1.2.3.256",
                                       "::01.2.3.4",
                                       "::1.2.3.4:5",
                                       "::1.2..4",
                                       "1:2:3:4:5:6:7:1.2.3.4",
                                       "1.2.3.4",
                                       "::1%eth0",
                                       "::1 ",
                                       "v1",
                                       "v1.",
                                       "v.a",
                                       "vg.a",
                                       "v1.a@"}) {
        EXPECT_FALSE(parse_authority("[" + std::string(bad) + "]")) << bad;
    }
}

TEST(Authority, IsNothingElse) {
    for (const std::string_view bad :
         {"",       ":",   ":80", "a:b", "a:80:90", "a:-1",     "a: 80",  "u@a",
          "u:p@a",  "@a",  "a/",  "a?",  "a#",      "a b",      "a\\b",   "a\"",
          "a<",     "a|b", "[",   "[]",  "[::1",    "::1]",     "[::1]]", "[::1]80",
          "a[::1]", "%",   "%4",  "%4g", "a%zz",    "\xc3\xa4", "a\x7f"}) {
        EXPECT_FALSE(parse_authority(bad)) << bad;
    }
}

TEST(Authority, PortsThatConnectTakes) {
    for (const auto& [text, valid] : std::initializer_list<std::pair<std::string_view, bool>>{
             {"a:1", true},
             {"a:80", true},
             {"a:0080", true},
             {"a:65535", true},
             {"a", false},
             {"a:", false},
             {"a:0", false},
             {"a:65536", false},
             {"a:99999999999999999999", false}}) {
        EXPECT_EQ(parse_authority(text).value().has_valid_port(), valid) << text;
    }
}

}  // namespace
}  // namespace echotrio::protocol
