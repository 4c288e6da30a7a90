// loadgen wait beside servers that are not ready, hang, or have much to say.
#include "common/net/socket.hpp"
#include "tests/e2e/loadgen_runs.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace echotrio::test {
namespace {

using namespace std::chrono_literals;

class Wait : public testing::Test {
  protected:
    net::Fd accept() { return std::move(net::accept_one(listener_.get(), false).connection); }
    std::string url(const char* scheme) const {
        return scheme + net::format_host_port(*net::local_address(listener_.get())) + "/";
    }

    net::Fd listener_ = *net::listen_tcp({"127.0.0.1", 0}, 16);
};

TEST_F(Wait, AConnectionThatHangsIsGivenUpForTheNext) {
    loadgen::Child wait = start_loadgen({"wait", url("http://"), "--for", "30s"});
    const net::Fd silent = accept();
    const net::Fd answered = accept();
    net::write_some(answered.get(), "HTTP/1.1 200 OK\r\n");  // and nothing behind its line
    EXPECT_EQ(finish(wait).status, 0);
}

TEST_F(Wait, AnythingButSuccessIsWaitedThrough) {
    loadgen::Child wait = start_loadgen({"wait", url("http://"), "--for", "30s"});
    for (const char* line :
         {"HTTP/1.1 503 Busy\r\n", "220 smtp.example.org\r\n", "", "HTTP/1.1 204 No Content\r\n"}) {
        const net::Fd connection = accept();
        net::write_some(connection.get(), line);
    }
    EXPECT_EQ(finish(wait).status, 0);
}

TEST_F(Wait, ABodyIsNotReadHoweverLong) {
    loadgen::Child wait = start_loadgen({"wait", url("http://"), "--for", "30s"});
    const net::Fd connection = accept();
    net::set_send_timeout(connection.get(), 100ms);
    net::write_some(connection.get(), "HTTP/1.1 200 OK\r\n\r\n" + std::string(3'000'000, 'x'));
    EXPECT_EQ(finish(wait).status, 0);
}

TEST_F(Wait, TheEndIsToldWithItsReason) {
    listener_.reset();
    const Ran ran = run_loadgen({"wait", "http://127.0.0.1:1/", "--for", "10ms"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.err.find("http://127.0.0.1:1/: 127.0.0.1:1: cannot connect"), std::string::npos)
        << ran.err;
}

// The last try has what the others left of the time: that it ran out of it explains nothing.
TEST_F(Wait, TheReasonIsThatOfWhoWasAnswered) {
    loadgen::Child wait = start_loadgen({"wait", url("http://"), "--for", "900ms"});
    const net::Fd answered = accept();
    net::write_some(answered.get(), "HTTP/1.1 404 Not Found\r\n");
    const net::Fd silent = accept();
    const Ran ran = finish(wait);
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "error: " + url("http://") + ": answered with status 404\n");
}

TEST_F(Wait, ForAConnectionOrForAReply) {
    Server server("coroutine");
    EXPECT_EQ(run_loadgen({"wait", server.tcp(), server.http("/healthz")}).status, 0);
    const Ran missing = run_loadgen({"wait", "--for", "1s", server.http("/nothing")});
    EXPECT_EQ(missing.status, 1);
    EXPECT_NE(missing.err.find("404"), std::string::npos) << missing.err;
    EXPECT_EQ(run_loadgen({"wait", "--for", "300ms", "tcp://127.0.0.1:1"}).status, 1);
    EXPECT_EQ(run_loadgen({"wait", "--for", "300ms", "ftp://x"}).status, 2);
}

// An observer serves a client although others say nothing.
TEST(Observe, SilentConnectionsDelayNobody) {
    Server server("coroutine");
    loadgen::Child observer =
        start_loadgen({"observe", "--pid", std::to_string(server.child().pid()), "--port", "0"});
    const auto line = observer.read_line(10s);
    ASSERT_TRUE(line);
    const std::size_t at = line->find(" port=") + 6;
    const net::HostPort where{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(line->substr(at)))};
    std::vector<net::Fd> silent;
    for (int i = 0; i < 100; ++i) {  // more than it keeps
        silent.push_back(*net::connect_tcp(where, 5s));
        net::write_some(silent.back().get(), "GET /use HTTP");
    }
    const auto answer = [&](std::string_view request) {
        const net::Fd client = *net::connect_tcp(where, 5s);
        net::write_some(client.get(), request);
        net::set_receive_timeout(client.get(), 5s);
        std::string text;
        std::array<char, 4096> piece{};
        for (Io io; (io = net::read_some(client.get(), piece)).kind == Io::Kind::bytes;) {
            text.append(io.bytes);
        }
        return text;
    };
    const TimePoint begin = now();
    const std::string get = answer("GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    // Those that are silent may stay for two seconds each.
    EXPECT_LT(now() - begin, 20s);
    EXPECT_TRUE(get.starts_with("HTTP/1.1 200 OK\r\n")) << get;
    const std::string head = answer("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n")) << head;
    EXPECT_TRUE(answer("POST /use HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 ")) << "no change";
    observer.signal(SIGTERM);
    EXPECT_EQ(observer.wait(10s), 0);
}

}  // namespace
}  // namespace echotrio::test
