// The robustness table against the live servers: every answer, and what became of the connection.
// Where nginx is installed, it says what it makes of the cases on which servers should agree.
#include "tests/contract/fixture.hpp"
#include "tests/support/replies.hpp"
#include "tests/support/robustness_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace echotrio::test {
namespace {

const std::string kProbe = "GET /echo/probe HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

// What a client gets that sends the whole input at once and then its end.
struct Seen {
    std::string bytes;
    Client::State state = Client::State::open;
};

Seen converse_with(const net::HostPort& where, const std::string& input, bool end) {
    Client client(where);
    EXPECT_TRUE(client.connected());
    client.send(input);
    if (end) client.finish();
    Seen seen;
    seen.bytes = client.receive_all();
    seen.state = client.state(Nanos(0));
    return seen;
}

// A connection that stays open must still be in step: a last request gets its own answer on it.
void check(const net::HostPort& where, const RobustnessCase& c) {
    SCOPED_TRACE(c.name);
    if (c.statuses.empty()) {
        const Seen seen = converse_with(where, c.input, true);
        EXPECT_TRUE(seen.bytes == c.input);
        EXPECT_EQ(seen.state, Client::State::ended);
        return;
    }
    if (c.statuses == std::vector<int>{100}) {  // the body is still to come, so nothing may follow
        Client client(where);
        client.send(c.input);
        const auto reply = client.reply(false, true);
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, 100);
        EXPECT_EQ(client.state(Nanos(0)), Client::State::open);
        return;
    }
    const Seen seen = converse_with(where, c.closes ? c.input : c.input + kProbe, false);
    const auto replies = all_replies(seen.bytes);
    std::vector<int> expected = c.statuses;
    if (!c.closes) {
        expected.push_back(200);
        ASSERT_FALSE(replies.empty());
        EXPECT_EQ(replies.back().body, "probe");
    }
    EXPECT_EQ(statuses_of(seen.bytes), expected) << seen.bytes.substr(0, 2000);
    EXPECT_EQ(seen.state, Client::State::ended) << "not reset, and not left open";
}

class LiveRobustness : public Contract {};

TEST_P(LiveRobustness, Table) {
    start({"--max-request", std::to_string(kTableMaxRequest)});
    const auto cases = robustness_cases();
    for (const RobustnessCase& c : cases) check(where(), c);
    // whatever came, the server's books are in order
    const auto stats =
        server().stats_when([](const auto& s) { return s["connections"]["now"] == 1; });
    EXPECT_EQ(stats["connections"]["now"], 1) << stats;
    EXPECT_GE(stats["connections"]["total"], cases.size());
    const auto errors =
        std::accumulate(cases.begin(), cases.end(), 0L, [](long sum, const RobustnessCase& c) {
            return sum + std::count_if(c.statuses.begin(), c.statuses.end(),
                                       [](int status) { return status >= 400; });
        });
    // and the two or more whose body never came count as broken off
    EXPECT_GE(stats["errors"]["bad_requests"].get<long>(), errors) << stats;
    EXPECT_EQ(stats["errors"]["timeouts"], 0) << stats;
}

INSTANTIATE_FOR_ALL_SERVERS(LiveRobustness);

// A folder of its own, removed at the end.
class Scratch {
  public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "echotrio-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Scratch() { std::filesystem::remove_all(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

// A port that was free a moment ago.
std::uint16_t free_port() {
    const auto listener = net::listen_tcp({"127.0.0.1", 0}, 1);
    return net::local_address(listener.value().get()).value().port;
}

TEST(Oracle, NginxAgrees) {
    if (!installed("nginx")) GTEST_SKIP() << "nginx is not installed";
    const Scratch scratch;
    const net::HostPort where{"127.0.0.1", free_port()};
    const std::string dir = scratch.path().string();
    std::ofstream(scratch.path() / "nginx.conf") << fmt::format(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\n"
        "events {{}}\n"
        "http {{ access_log off; client_body_temp_path {0}/body;\n"
        " proxy_temp_path {0}/p; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u;\n"
        " scgi_temp_path {0}/s;\n"
        " server {{ listen 127.0.0.1:{1}; location / {{ return 200 \"ok\"; }} }} }}\n",
        dir, where.port);
    auto nginx = start_program({"nginx", "-p", dir, "-c", "nginx.conf", "-e", dir + "/error.log"});
    const bool up = eventually([&] { return get(where, "/") || nginx.wait(Nanos(0)); });
    if (nginx.wait(Nanos(0))) GTEST_SKIP() << "nginx does not start here: " << nginx.stderr_text();
    ASSERT_TRUE(up);
    int compared = 0;
    for (const RobustnessCase& c : robustness_cases()) {
        if (!c.oracle) continue;
        SCOPED_TRACE(c.name);
        const Seen seen = converse_with(where, c.closes ? c.input : c.input + kProbe, false);
        // nginx says 400 where we may say 501 or 505: what counts is accepted or refused
        std::vector<bool> accepted;
        std::string_view rest = seen.bytes;
        for (std::size_t at = rest.find("HTTP/1.1 "); at != rest.npos;
             at = rest.find("HTTP/1.1 ", at + 9)) {
            accepted.push_back(rest[at + 9] < '4');
        }
        std::vector<bool> expected;
        for (const int status : c.statuses) expected.push_back(status < 400);
        if (!c.closes) expected.push_back(true);
        EXPECT_EQ(accepted, expected) << seen.bytes;
        ++compared;
    }
    EXPECT_GE(compared, 50);
    EXPECT_EQ(nginx.stop(std::chrono::seconds(5)), 0);
}

}  // namespace
}  // namespace echotrio::test
