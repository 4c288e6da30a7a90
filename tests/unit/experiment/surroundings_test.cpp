// What stands around a trial: the machine's description and one GET.
#include "common/net/socket.hpp"
#include "loadgen/experiment/environment.hpp"
#include "loadgen/subject/fetch.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace echotrio::loadgen {
namespace {

// Answers one connection with `reply`, after having read something.
class OneReply {
  public:
    explicit OneReply(std::string reply) {
        auto listener = net::listen_tcp({"127.0.0.1", 0}, 8);
        where_ = *net::local_address(listener->get());
        thread_ = std::thread([fd = std::move(*listener), text = std::move(reply)] {
            const auto accepted = net::accept_one(fd.get(), false);
            char buffer[1024];
            net::read_some(accepted.connection.get(), buffer);
            for (std::string_view left = text; !left.empty();) {
                const Io io = net::write_some(accepted.connection.get(), left);
                if (io.kind != Io::Kind::bytes) break;
                left.remove_prefix(io.bytes.size());
            }
        });
    }
    ~OneReply() { thread_.join(); }
    const net::HostPort& where() const { return where_; }

  private:
    net::HostPort where_;
    std::thread thread_;
};

constexpr Nanos kPatience = std::chrono::seconds(10);

TEST(Fetch, HandsOverTheBody) {
    OneReply server("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n{\"a\":1}");
    const auto body = fetch(server.where(), "/stats", kPatience);
    ASSERT_TRUE(body) << body.error().message;
    EXPECT_EQ(*body, "{\"a\":1}");
}

TEST(Fetch, OtherAnswersAreErrorsThatQuoteThem) {
    OneReply server("HTTP/1.1 503 Service Unavailable\r\n\r\nno");
    const auto body = fetch(server.where(), "/stats", kPatience);
    ASSERT_FALSE(body);
    EXPECT_NE(body.error().message.find("503"), std::string::npos);
}

TEST(Fetch, TakesNoEndlessReply) {
    OneReply server("HTTP/1.1 200 OK\r\n\r\n" + std::string(3U << 20U, 'x'));
    EXPECT_FALSE(fetch(server.where(), "/stats", kPatience));
}

TEST(Fetch, NothingListens) {
    net::HostPort nowhere;
    {
        const auto listener = net::listen_tcp({"127.0.0.1", 0}, 1);
        nowhere = *net::local_address(listener->get());
    }
    EXPECT_FALSE(fetch(nowhere, "/stats", kPatience));
}

TEST(Environment, NamesMachineAndBuild) {
    const auto json = describe_environment();
    EXPECT_GE(json["cpus_online"], 1);
    EXPECT_FALSE(json["cpus_usable"].empty());
    EXPECT_GT(json["memory_bytes"], 1 << 20);
    EXPECT_TRUE(json["kernel"].get<std::string>().starts_with("Linux"));
    EXPECT_TRUE(json["build"].is_string());
}

}  // namespace
}  // namespace echotrio::loadgen
