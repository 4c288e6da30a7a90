// URLs and request classes.
#include "loadgen/engine/run.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

TEST(Target, UrlsThatAreUnderstood) {
    const struct {
        const char* url;
        Scheme scheme;
        const char* host;
        std::uint16_t port;
        const char* path;
    } cases[] = {
        {"tcp://127.0.0.1:7001", Scheme::tcp, "127.0.0.1", 7001, "/"},
        {"tcp://[::1]:7001/", Scheme::tcp, "::1", 7001, "/"},
        {"http://localhost:8080", Scheme::http, "localhost", 8080, "/"},
        {"http://localhost", Scheme::http, "localhost", 80, "/"},
        {"http://[::1]", Scheme::http, "::1", 80, "/"},
        {"http://[::1]:81/a", Scheme::http, "::1", 81, "/a"},
        {"http://h:1/echo/x?cpu=2ms&wait=1s", Scheme::http, "h", 1, "/echo/x?cpu=2ms&wait=1s"},
        {"http://h:1?x=1", Scheme::http, "h", 1, "/?x=1"},
        {"http://h:1/a#part", Scheme::http, "h", 1, "/a"},
        {"HTTP://h", Scheme::http, "h", 80, "/"},
        {"Tcp://h:1", Scheme::tcp, "h", 1, "/"},
        {"127.0.0.1:7003", Scheme::http, "127.0.0.1", 7003, "/"},
        {"localhost/a?b=http://c", Scheme::http, "localhost", 80, "/a?b=http://c"},
        {"[::1]:81", Scheme::http, "::1", 81, "/"},
    };
    for (const auto& c : cases) {
        const auto target = parse_target(c.url);
        ASSERT_TRUE(target) << c.url << ": " << target.error().message;
        EXPECT_EQ(target->scheme, c.scheme) << c.url;
        EXPECT_EQ(target->where.host, c.host) << c.url;
        EXPECT_EQ(target->where.port, c.port) << c.url;
        EXPECT_EQ(target->path, c.path) << c.url;
    }
}

TEST(Target, OthersAreRefusedInOneLine) {
    for (const char* url : {"", "HTTPS://h", "https://h", "ftp://h", "tcp://h", "tcp://h:1/x",
                            "tcp://h:0", "http://", "http://:80", "http://h:99999", "http://u@h:1",
                            "http://h:1/a b", "http://h:1/a\nb", "http://::1/"}) {
        const auto target = parse_target(url);
        ASSERT_FALSE(target) << url;
        EXPECT_EQ(target.error().message.find('\n') == std::string::npos,
                  std::string(url).find('\n') == std::string::npos);
    }
}

TEST(Target, TheHostFieldHasNoDefaultPort) {
    EXPECT_EQ(host_field({"localhost", 80}), "localhost");
    EXPECT_EQ(host_field({"localhost", 8080}), "localhost:8080");
    EXPECT_EQ(host_field({"::1", 80}), "[::1]");
    EXPECT_EQ(host_field({"::1", 81}), "[::1]:81");
}

TEST(RequestClasses, NameWeightPath) {
    const auto one = parse_class("slow:2.5:/echo/x?cpu=20ms&t=1:2");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->name, "slow");
    EXPECT_EQ(one->weight, 2.5);
    EXPECT_EQ(one->path, "/echo/x?cpu=20ms&t=1:2");
    for (const char* text :
         {"", "a", "a:1", ":1:/", "a:0:/", "a:-1:/", "a:x:/", "a:1:x", "a:1:/ "}) {
        EXPECT_FALSE(parse_class(text)) << text;
    }
}

}  // namespace
}  // namespace echotrio::loadgen
