// Several generators that meet, make one load and end as one: whole, and in every way in which one
// of them, or a stranger, can spoil it. Each has a loopback address of its own.
#include "tests/e2e/loadgen_runs.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <vector>

namespace echotrio::test {
namespace {

// Addresses that no other test has at this time.
std::string address(int host) {
    const int pid = static_cast<int>(::getpid());
    return fmt::format("127.{}.{}.{}", 1 + pid / 250 % 250, 1 + pid % 250, host);
}

std::uint16_t free_port_of(const std::string& host) {
    const auto listener = net::listen_tcp({host, 0}, 1);
    return net::local_address(listener->get())->port;
}

class Together : public testing::Test {
  protected:
    Together() { std::filesystem::create_directories(folder_); }
    ~Together() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name) const { return folder_ + "/" + name; }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(file(name)) << text;
        return file(name);
    }

    loadgen::Child start(int rank, const Words& more = {}) const {
        Words words{"run",         server_.http("/echo/hi"),
                    "--peers",     fmt::format("{},{},{}", address(1), address(2), address(3)),
                    "--rank",      std::to_string(rank),
                    "--peer-port", std::to_string(port_),
                    "-c",          "7",
                    "--warmup",    "0"};
        if (rank == 1) words.insert(words.end(), {"--json", file("whole.json")});
        words.insert(words.end(), more.begin(), more.end());
        return start_loadgen(words);
    }
    std::vector<loadgen::Child> start_all(const Words& more) const {
        std::vector<loadgen::Child> all;
        for (const int rank : {3, 1, 2}) all.push_back(start(rank, more));
        std::swap(all[0], all[1]);  // by rank
        std::swap(all[1], all[2]);
        return all;
    }
    // Once the load has begun. Each look is a request on a connection of its own.
    void wait_for_load() const {
        std::int64_t before = -1;
        server_.stats_when([&](const nlohmann::json& stats) {
            const auto requests = stats["requests"].get<std::int64_t>();
            const auto beyond = requests - stats["connections"]["total"].get<std::int64_t>();
            if (before < 0) before = beyond;
            return beyond > before + 200;
        });
    }
    // What the leader wrote, with its status.
    Measured whole(int status) const {
        std::ifstream in(file("whole.json"));
        const auto json = nlohmann::ordered_json::parse(in, nullptr, false);
        return measured({status, json.dump(), ""});
    }

    Server server_{"coroutine"};
    std::uint16_t port_ = free_port_of(address(1));

  private:
    std::string folder_ = testing::TempDir() + "loadgen_together_" + std::to_string(::getpid());
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

loadgen::GeneratorPart part(const Measured& whole, std::size_t rank) {
    const auto& all = whole.result.generators;
    return all && rank <= all->size() ? (*all)[rank - 1] : loadgen::GeneratorPart{};
}

const Words kForLong{"-d", "10m"};  // ends before only when it is ended

TEST_F(Together, ThreeGeneratorsAreOneLoadWithOneVerdict) {
    auto all = start_all({"-d", "500ms", "-R", "300"});
    const Ran leader = finish(all[0]);
    const Measured one = whole(leader.status);
    for (int rank : {2, 3}) {
        const Ran member = finish(all[static_cast<std::size_t>(rank) - 1]);
        EXPECT_EQ(member.status, leader.status) << member.err;
        EXPECT_EQ(member.out, "") << "the leader alone tells the result";
        EXPECT_TRUE(has(member.err, "done; the result is with generator 1 of 3")) << member.err;
    }
    EXPECT_TRUE(has(leader.out, "3 generators together: 7 connections, 300 requests/s"))
        << leader.out;
    EXPECT_TRUE(has(leader.out, "generator 3  " + address(3))) << leader.out;
    ASSERT_TRUE(one.result.generators);
    ASSERT_EQ(one.result.generators->size(), 3U);
    std::uint64_t requests = 0;
    for (const loadgen::GeneratorPart& part : *one.result.generators) {
        EXPECT_FALSE(part.lost) << *part.lost;
        requests += *part.requests;
        // one host, one clock: what is measured between its processes is the error
        EXPECT_LE(std::abs(*part.clock_ahead_s), *part.clock_error_s + 1e-6);
    }
    EXPECT_EQ(requests, one.result.requests);
    EXPECT_EQ(one.result.latency_us.count, one.result.accounting.scheduled);
    EXPECT_EQ(one.json["command"]["connections"], 7);
    EXPECT_EQ(one.json["command"]["rate"], "300") << "what was asked for, not a part of it";
    const Ran merged = run_loadgen({"merge", file("whole.json")});
    EXPECT_EQ(merged.status, 1);
    EXPECT_TRUE(has(merged.err, "is of several generators already")) << merged.err;
    const auto& commands = one.json["merged"]["commands"];
    ASSERT_EQ(commands.size(), 3U);
    EXPECT_EQ(commands[0]["connections"], 3);
    EXPECT_EQ(commands[2]["connections"], 2);
    EXPECT_NE(commands[0]["seed"], commands[2]["seed"]);
    EXPECT_EQ(commands[1]["rate"], commands[2]["rate"]);
    EXPECT_FALSE(one.has_reason("generators"));
    const auto stats = server_.stats_when(
        [&](const nlohmann::json& now) { return now["requests"] >= one.result.total.completed; });
    EXPECT_EQ(stats["requests"], one.result.total.completed);
}

TEST_F(Together, OneThatDoesNotComeIsNamed) {
    auto leader = start(1, {"--peer-timeout", "4s"});
    auto member = start(2, {"--peer-timeout", "20s"});
    const std::string why =
        fmt::format("error: did not come within 4s: generator 3 of 3 ({})\n", address(3));
    for (auto* child : {&leader, &member}) {
        const Ran ran = finish(*child);
        EXPECT_EQ(ran.status, 1);
        EXPECT_EQ(ran.err, why);
    }
}

TEST_F(Together, AMemberWithoutALeaderSaysSo) {
    auto member = start(2, {"--peer-timeout", "300ms"});
    const Ran ran = finish(member);
    EXPECT_EQ(ran.status, 1);
    EXPECT_TRUE(has(ran.err, fmt::format("generator 1 of 3 ({}), the leader, did not answer on "
                                         "port {} within 300ms: Connection refused",
                                         address(1), port_)))
        << ran.err;
}

// Killed, its connection ends; stopped, or cut off, nothing ends.
TEST_F(Together, OneThatIsLostInTheRunIsNamedAndTheRestIsInvalid) {
    for (const int signal : {SIGKILL, SIGSTOP}) {
        auto all = start_all(kForLong);
        wait_for_load();
        all[2].signal(signal);
        const Ran leader = finish(all[0]);
        EXPECT_EQ(leader.status, 3) << leader.err;
        EXPECT_EQ(finish(all[1]).status, 3);
        const Measured rest = whole(leader.status);
        EXPECT_TRUE(rest.has_reason("generators"));
        EXPECT_TRUE(has(leader.out, fmt::format("lost generator 3 of 3 ({})", address(3))))
            << leader.out;
        // killed with something unread, its kernel resets the connection
        const std::string why = part(rest, 3).lost.value_or("");
        EXPECT_EQ(why == "no sign of it for 5s", signal == SIGSTOP) << why;
        EXPECT_NE(why, "");
        EXPECT_FALSE(part(rest, 3).requests);
        EXPECT_FALSE(part(rest, 2).lost);
        EXPECT_GT(rest.result.requests, 0U);
        all[2].signal(SIGKILL);
        finish(all[2]);
    }
}

TEST_F(Together, WithoutItsLeaderTheRestEnd) {
    auto all = start_all(kForLong);
    wait_for_load();
    all[0].signal(SIGKILL);
    finish(all[0]);
    for (std::size_t i : {1U, 2U}) {
        const Ran member = finish(all[i]);
        EXPECT_EQ(member.status, 1);
        EXPECT_TRUE(
            has(member.err,
                fmt::format("error: generator 1 of 3 ({}), the leader, was lost: ", address(1))))
            << member.err;
    }
}

TEST_F(Together, AnInterruptedOneEndsAllInOrder) {
    for (const std::size_t who : {0U, 1U}) {
        auto all = start_all(kForLong);
        wait_for_load();
        all[who].signal(SIGINT);
        const Ran leader = finish(all[0]);
        const Measured rest = whole(leader.status);
        for (std::size_t i : {1U, 2U}) EXPECT_EQ(finish(all[i]).status, leader.status);
        EXPECT_TRUE(rest.result.interrupted);
        for (const std::size_t rank : {1U, 2U, 3U}) {
            EXPECT_TRUE(part(rest, rank).requests) << rank;
            EXPECT_EQ(part(rest, rank).lost.value_or(""),
                      rank == who + 1 ? "it was interrupted" : "");
        }
        EXPECT_TRUE(rest.has_reason("generators")) << "whoever was interrupted, " << who + 1;
    }
}

TEST_F(Together, OneThatCannotConnectEndsAll) {
    std::vector<loadgen::Child> all;
    for (const int rank : {1, 2, 3}) {
        all.push_back(
            start_loadgen({"run", "tcp://127.0.0.1:1", "-c", "3", "--peers",
                           fmt::format("{},{},{}", address(1), address(2), address(3)), "--rank",
                           std::to_string(rank), "--peer-port", std::to_string(port_)}));
    }
    for (loadgen::Child& child : all) {
        const Ran ran = finish(child);
        EXPECT_EQ(ran.status, 1);
        EXPECT_TRUE(has(ran.err, "127.0.0.1:1")) << ran.err;
    }
}

TEST_F(Together, WhoWasToldSomethingElseIsRefused) {
    auto leader = start(1);
    auto member = start(2, {"--size", "5"});
    const Ran refused = finish(member);
    const Ran ended = finish(leader);
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(ended.status, 1);
    const std::string why = "its load is not the leader's: give all the same flags\n";
    EXPECT_TRUE(has(refused.err, "the leader, refuses this one: " + why)) << refused.err;
    EXPECT_EQ(ended.err, fmt::format("error: a generator at {}: {}", address(2), why));
}

TEST_F(Together, ARecordOrASpeedOfItsOwnIsRefused) {
    const std::string csv = "time,method,path,bytes\n0,GET,/echo/hi,0\n";
    const std::string one = write("one.csv", csv + "1,GET,/echo/hi,0\n");
    const std::string later = write("later.csv", csv + "2,GET,/echo/hi,0\n");
    const std::string other = write("other.csv", csv + "1,GET,/echo/ho,0\n");
    for (const Words& replay :
         {Words{"--replay", later}, Words{"--replay", other},
          Words{"--replay", one, "--speed", "2x"}, Words{"--replay", one, "--loop"}}) {
        auto leader = start(1, {"--replay", one, "-d", "2s"});
        Words words = replay;
        words.insert(words.end(), {"-d", "2s"});
        auto member = start(2, words);
        const Ran refused = finish(member);
        EXPECT_EQ(finish(leader).status, 1);
        EXPECT_EQ(refused.status, 1);
        EXPECT_TRUE(has(refused.err, "its load is not the leader's")) << refused.err;
    }
}

TEST_F(Together, AWrongTokenIsRefused) {
    const std::string ours = write("ours", "secret\n"), other = write("other", "guess");
    auto leader = start(1, {"--peer-token", ours, "--peer-timeout", "5s"});
    auto member = start(2, {"--peer-token", ours});
    auto guesses = start(3, {"--peer-token", other}), has_none = start(3);
    for (loadgen::Child* stranger : {&guesses, &has_none}) {
        const Ran refused = finish(*stranger);
        EXPECT_EQ(refused.status, 1);
        EXPECT_TRUE(has(refused.err, "refuses this one: its token is not the leader's"))
            << refused.err;
    }
    const Ran ended = finish(leader);
    EXPECT_TRUE(has(ended.err, fmt::format("generator 3 of 3 ({}), refused: its token is not the "
                                           "leader's",
                                           address(3))))
        << ended.err;
    EXPECT_FALSE(has(ended.err, "secret"));
    EXPECT_EQ(finish(member).status, 1);
}

// A connection to the leader from that address, once it listens.
net::Fd stranger_at(const std::string& from, const net::HostPort& leader) {
    net::Fd connection;
    const auto to = net::resolve(leader.host, leader.port), source = net::resolve(from, 0);
    EXPECT_TRUE(eventually([&] {
        auto begun = net::begin_connect(to->front(), &source->front());
        connection = std::move(begun.connection);
        if (begun.error == EINPROGRESS) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            begun.error = net::pending_error(connection.get());
        }
        return begun.error == 0;
    }));
    net::set_nonblocking(connection.get(), false);
    net::set_receive_timeout(connection.get(), kPatience);
    return connection;
}

// Whether the leader ends it, with whatever it says before.
bool is_closed(const net::Fd& connection) {
    std::array<char, 1024> bytes;
    while (true) {
        const Io io = net::read_some(connection.get(), bytes);
        if (io.kind != Io::Kind::bytes) return io.kind == Io::Kind::end || io.error == ECONNRESET;
    }
}

TEST_F(Together, StrangersDoNotDisturb) {
    auto leader = start(1, {"-d", "500ms"});
    const net::HostPort where{address(1), port_};
    EXPECT_TRUE(is_closed(stranger_at(address(9), where))) << "not from there";
    const std::string huge(100'000, 'x');
    for (const std::string& text :
         {std::string("GET / HTTP/1.1\r\n\r\n"), huge, std::string("{\"say\":\"hello\"}\n"),
          std::string("{\"say\":\"beat\"}\n"), std::string(10, '\0') + "\n"}) {
        const net::Fd connection = stranger_at(address(2), where);
        net::write_within(connection.get(), text, kPatience);
        EXPECT_TRUE(is_closed(connection)) << text.substr(0, 20);
    }
    std::vector<net::Fd> silent;
    for (int i = 0; i < 20; ++i) silent.push_back(stranger_at(address(3), where));
    auto second = start(2, {"-d", "500ms"});
    auto third = start(3, {"-d", "500ms"});
    const Ran ended = finish(leader);
    const Measured one = whole(ended.status);
    ASSERT_TRUE(one.result.generators);
    EXPECT_EQ(one.result.generators->size(), 3U);
    EXPECT_FALSE(one.has_reason("generators"));
    EXPECT_EQ(finish(second).status, ended.status);
    EXPECT_EQ(finish(third).status, ended.status);
    for (const net::Fd& connection : silent) EXPECT_TRUE(is_closed(connection));
}

TEST_F(Together, ThePortIsOpenOnlyUntilAllAreHere) {
    auto all = start_all(kForLong);
    wait_for_load();
    EXPECT_FALSE(net::connect_tcp(net::HostPort{address(1), port_}, kPatience));
    all[0].signal(SIGINT);
    for (loadgen::Child& child : all) finish(child);
}

TEST_F(Together, OneOfOneIsAlone) {
    const Measured run =
        measure({server_.tcp(), "--peers", "localhost", "--generators", "1", "-n", "20"});
    EXPECT_EQ(run.result.requests, 20U);
    EXPECT_FALSE(run.result.generators);
}

TEST_F(Together, MistakesAreUsage) {
    const std::string empty = write("empty", "\n");
    const std::vector<std::pair<Words, std::string>> cases = {
        {{"--generators", "3"}, "--generators: needs --peers"},
        {{"--peers", "a,b", "--generators", "3"}, "--generators: --peers lists 2"},
        {{"--peers", "a", "--generators", "1", "--rank", "2"}, "--rank: there are 1"},
        {{"--peers", "a,b", "--rank", "3"}, "--rank: there are 2"},
        {{"--peers", ""}, "--peers: "},
        {{"--peers", "a", "--peer-port", "0"}, "--peer-port: "},
        {{"--peers", "a", "--peer-timeout", "0"}, "--peer-timeout: "},
        {{"--peers", "a", "--peer-token", "/no/such/file"}, "--peer-token: "},
        {{"--peers", "a", "--peer-token", empty}, "--peer-token: "},
        {{"--peers", "a", "--shard", "1/2"}, "--peers"},
        {{"--peers", "a", "--start-at", "+5s"}, "--peers"},
        {{"--peers", "127.0.0.1,127.0.0.2", "--rank", "1", "-c", "1"}, "--connections: "}};
    for (const auto& [words, why] : cases) {
        Words all{"run", "tcp://127.0.0.1:1"};
        all.insert(all.end(), words.begin(), words.end());
        const Ran ran = run_loadgen(all);
        EXPECT_EQ(ran.status, 2) << ran.err;
        EXPECT_TRUE(has(ran.err, why)) << ran.err;
    }
}

}  // namespace
}  // namespace echotrio::test
