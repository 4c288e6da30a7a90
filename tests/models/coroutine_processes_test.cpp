// echo-coroutine --processes N from outside: several loops look like one server, also when one of
// them dies, when the supervisor dies, when all shall end.
#include "tests/models/prefork_load.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

using nlohmann::json;
using Kind = Load::Kind;
using namespace std::chrono_literals;

Server start(int processes, Words more = {}) {
    more.insert(more.end(), {"--processes", std::to_string(processes)});
    return Server("coroutine", more);
}

std::vector<Client> connect(const Server& server, int count) {
    std::vector<Client> clients;
    for (int i = 0; i < count; ++i) {
        clients.emplace_back(server.where());
        EXPECT_TRUE(echoes(clients.back()));
    }
    return clients;
}

TEST(CoroutineProcesses, AreAllThereAtTheReadyLineAndOnePidIsNamed) {
    Server server = start(3);
    const json stats = server.stats();
    EXPECT_EQ(stats["pid"], server.pid());
    EXPECT_EQ(stats["pids"].size(), 4U) << "the supervisor and its three";
    EXPECT_EQ(stats["pids"][0], server.pid());
    EXPECT_EQ(stats["processes"]["alive"], 3);
    EXPECT_EQ(stats["processes"]["spawned_total"], 3);
    EXPECT_EQ(stats["processes"]["dead_total"], 0);
    EXPECT_NE(server.where().port, 0) << "one port for all, although the kernel picked it";
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineProcesses, OneIsTheServerItself) {
    Server server = start(1);
    const json stats = server.stats();
    EXPECT_EQ(stats["pids"], json::array({server.pid()}));
    EXPECT_FALSE(stats.contains("processes"));
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineProcesses, AnyOfThemTellsForAll) {
    Server server = start(4);
    constexpr int kClients = 64;
    const auto clients = connect(server, kClients);
    // each answer may come from another process
    for (int i = 1; i <= 20; ++i) {
        const json stats = server.stats_when([](const json& s) {
            return s["connections"]["now"] == kClients + 1;  // those that asked before are over
        });
        EXPECT_EQ(stats["connections"]["now"], kClients + 1);
        EXPECT_EQ(stats["loop"]["frames"], kClients + 1);
        // all 64 in one of four: 1 in 4^63
        EXPECT_LT(stats["processes"]["most_connections"], kClients);
        EXPECT_GT(stats["processes"]["fairness"], 0.25);
    }
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineProcesses, OneThatIsKilledIsReplacedAndTakesNoCountWithIt) {
    Server server = start(2);
    Load load(server.where(), {Kind::churn, Kind::churn, Kind::raw});
    load.wait_for(100);
    const std::vector<int> before = workers_of(server.stats());
    ASSERT_EQ(before.size(), 2U);
    ::kill(before[0], SIGKILL);
    const json replaced = server.stats_when([](const json& s) {
        return s["processes"]["spawned_total"] == 3 && s["processes"]["alive"] == 2;
    });
    EXPECT_EQ(replaced["processes"]["spawned_total"], 3);
    EXPECT_EQ(replaced["processes"]["dead_total"], 1);
    const std::vector<int> after = workers_of(replaced);
    EXPECT_EQ(std::count(after.begin(), after.end(), before[0]), 0);
    EXPECT_EQ(std::count(after.begin(), after.end(), before[1]), 1) << "the other one lives on";
    load.wait_for(100);
    const Load::Tally seen = load.stop();
    EXPECT_EQ(seen.refused, 0U) << "its listening socket stays, and its queue";
    EXPECT_EQ(seen.wrong, 0U);
    const json stats =
        server.stats_when([](const json& s) { return s["connections"]["now"] == 1; });
    EXPECT_EQ(stats["connections"]["now"], 1) << "the dead process's connections are over";
    // /stats counts those who ask it, once the reply is made
    const auto requests = stats["requests"].get<std::uint64_t>();
    EXPECT_GE(requests, seen.answered);
    EXPECT_TRUE(server.wait_for_log("was killed by signal 9 (Killed)"));
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineProcesses, OneThatHangsIsReplaced) {
    Server server = start(2, {"--request-timeout", "100ms"});
    const std::vector<int> workers = workers_of(server.stats());
    ASSERT_EQ(workers.size(), 2U);
    ::kill(workers[1], SIGSTOP);
    EXPECT_TRUE(server.wait_for_log(fmt::format("worker {} hangs", workers[1])));
    ASSERT_TRUE(wait_until_gone({workers[1]}));
    const json stats = server.stats_when([](const json& s) {
        return s["processes"]["dead_total"] == 1 && s["processes"]["alive"] == 2;
    });
    EXPECT_EQ(stats["processes"]["dead_total"], 1);
    EXPECT_EQ(stats["processes"]["alive"], 2);
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineProcesses, OneThatComputesForLongIsNotTakenForHung) {
    Server server = start(2, {"--request-timeout", "100ms"});
    Client client(server.where());
    client.send("GET /echo/done?cpu=2500ms HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(client.receive_all(100s).ends_with("done"));
    EXPECT_EQ(server.stats()["processes"]["dead_total"], 0);
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineProcesses, ADeadSupervisorLeavesNothing) {
    Server server = start(3);
    const std::vector<int> workers = workers_of(server.stats());
    ASSERT_EQ(workers.size(), 3U);
    const auto clients = connect(server, 8);
    server.signal(SIGKILL);
    EXPECT_TRUE(wait_until_gone(workers));
    EXPECT_FALSE(Client(server.where()).connected());
}

TEST(CoroutineProcesses, FinishWhatIsInFlightAtADrain) {
    Server server = start(2);
    std::vector<Client> clients;
    for (int i = 0; i < 16; ++i) {
        clients.emplace_back(server.where());
        ask(clients.back(), "/echo/late?wait=400ms");
    }
    const json stats =
        server.stats_when([](const json& s) { return s["connections"]["now"] == 17; });
    server.signal(SIGTERM);
    // as a service manager does that stops all processes of a service
    for (const int pid : workers_of(stats)) ::kill(pid, SIGTERM);
    for (Client& client : clients) EXPECT_EQ(client.reply().value_or(Reply{}).body, "late");
    EXPECT_EQ(server.wait(), 0);
    EXPECT_FALSE(Client(server.where()).connected());
    EXPECT_EQ(server.log(), "") << "nothing to complain about";
}

// It would leave who is dealt to it meanwhile waiting until its last connection has ended.
TEST(CoroutineProcesses, ASignalToOneOfThemAloneMeansNothing) {
    Server server = start(2);
    Client held(server.where());
    ask(held, "/echo/late?wait=2s");
    const std::vector<int> before = workers_of(server.stats());
    for (const int pid : before) ::kill(pid, SIGTERM);
    for (int i = 0; i < 40; ++i) {  // to both
        const auto reply = get(server.where(), "/echo/hi");
        ASSERT_TRUE(reply) << i;
        EXPECT_EQ(reply->body, "hi");
    }
    EXPECT_EQ(held.reply().value_or(Reply{}).body, "late");
    EXPECT_EQ(workers_of(server.stats()), before);
    EXPECT_EQ(server.stop(), 0);
}

// Told to stop while that client waits for a reply; the processes that drain.
std::vector<int> drained_beside(Server& server, Client& client) {
    ask(client, "/echo/never?wait=10s");
    server.stats_when([](const json& s) { return s["connections"]["now"] == 2; });
    std::vector<int> workers = workers_of(server.stats());
    server.signal(SIGTERM);
    EXPECT_EQ(client.state(200ms), Client::State::open);
    return workers;
}

TEST(CoroutineProcesses, OneThatIsKilledInTheDrainCutsOff) {
    Server server = start(2, {"--drain-timeout", "1m"});
    Client client(server.where());
    const std::vector<int> workers = drained_beside(server, client);
    for (const int pid : workers) ::kill(pid, SIGKILL);
    EXPECT_EQ(server.wait(), 1);
}

TEST(CoroutineProcesses, ADrainHasAnEnd) {
    Server server = start(2, {"--drain-timeout", "200ms"});
    std::vector<Client> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back(server.where());
        ask(clients.back(), "/echo/never?wait=10s");
    }
    server.stats_when([](const json& s) { return s["connections"]["now"] == 9; });
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 1) << "some were cut off";
}

TEST(CoroutineProcesses, ASecondSignalEndsAllAtOnce) {
    Server server = start(2, {"--drain-timeout", "1m"});
    Client client(server.where());
    const std::vector<int> workers = drained_beside(server, client);
    server.signal(SIGINT);
    EXPECT_EQ(server.wait(), 1);
    EXPECT_TRUE(wait_until_gone(workers));
}

TEST(CoroutineProcesses, ShareTheLimitOfConnections) {
    Server server = start(4, {"--max-connections", "10"});
    auto served = connect(server, 10);  // wherever the kernel put them
    for (int i = 0; i < 10; ++i) {
        Client more(server.where());
        ask(more, "/echo/hi");
        EXPECT_EQ(more.reply().value_or(Reply{}).status, 503) << i;
    }
    served.clear();
    const json stats =
        server.stats_when([](const json& s) { return s["connections"]["now"] == 1; });
    EXPECT_GE(stats["connections"]["refused"], 10) << "and who asked before the last had gone";
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineProcesses, AnOccupiedPortIsNotShared) {
    Server server = start(2);
    const Ran second = run_program({program("echo-coroutine"), "--processes", "2", "--port",
                                    std::to_string(server.where().port)});
    EXPECT_EQ(second.status, 1);
    EXPECT_EQ(second.err.rfind("error: cannot listen on 127.0.0.1:", 0), 0U) << second.err;
    EXPECT_EQ(server.stop(), 0);
}

TEST(CoroutineProcesses, HaveANumberBetween1And256) {
    for (const char* wrong : {"0", "257", "-1", "two", ""}) {
        const Ran ran = run_program({program("echo-coroutine"), "--processes", wrong});
        EXPECT_EQ(ran.status, 2) << wrong;
        EXPECT_EQ(ran.err.rfind("error: --processes", 0), 0U) << ran.err;
    }
}

}  // namespace
}  // namespace echotrio::test
