// The servers while their calls fail: what can go on goes on, what can't is turned away and
// counted, and every fault really happened.
#include "tests/faults/fault_log.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

namespace echotrio::test {
namespace {

enum class Outcome {
    nothing_lost,  // every client is served as if nothing had happened
    some_lost,     // the connections that were hit end; the others are served
};

struct Case {
    const char* model;
    const char* rule;
    Outcome outcome;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.model << ' ' << c.rule;
}

constexpr int kClients = 60;

// One client's visit: raw echo in pieces, or three HTTP requests, one of them with a large body.
bool visit(const net::HostPort& where, int number) {
    Client client(where);
    if (!client.connected()) return false;
    if (number % 2 == 0) {
        for (int i = 0; i < 5; ++i) {
            const std::string bytes = fmt::format("raw {} of {}", i, number);
            if (!client.send(bytes) || client.receive(bytes.size()) != bytes) return false;
        }
        client.finish();
        return client.receive_all().empty() && client.state(kPatience) == Client::State::ended;
    }
    const std::string body(static_cast<std::size_t>(20'000 + number), 'b');
    const std::string post = fmt::format(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    const std::string_view get = "GET /echo/hi?wait=1ms HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const std::string_view request : {std::string_view(post), get, get}) {
        if (!client.send(request)) return false;
        const auto reply = client.reply();
        if (!reply || reply->status != 200) return false;
        if (reply->body != (request == get ? "hi" : body)) return false;
    }
    return true;
}

class ServerFaults : public testing::TestWithParam<Case> {};

TEST_P(ServerFaults, AreOutlived) {
    const Case& c = GetParam();
    const FaultLog log(c.rule);
    Words arguments;
    if (std::string_view(c.model) == "prefork") {
        arguments = {"--start-workers", "4", "--max-connections-per-worker", "5"};
    }
    const bool of_two = std::string_view(c.model) == "coroutine-x2";
    if (of_two) arguments = {"--processes", "2"};
    Server server(of_two ? "coroutine" : c.model, arguments, {.environment = log.environment()});
    int served = 0;
    for (int i = 0; i < kClients; ++i) served += visit(server.where(), i) ? 1 : 0;
    EXPECT_GT(log.faults(), 0U) << "the fault was never met";
    if (c.outcome == Outcome::nothing_lost) {
        EXPECT_EQ(served, kClients);
    } else {
        EXPECT_GT(served, 0);
        EXPECT_GE(static_cast<unsigned long>(served) + log.faults(),
                  static_cast<unsigned long>(kClients))
            << "a fault costs one connection at most";
    }
    EXPECT_EQ(server.stop(), 0) << server.log();
}

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const char* model : {"prefork", "threads", "coroutine", "coroutine-plain"}) {
        for (const char* rule : {"recv=EINTR/3", "recv=short/20", "send=EINTR/3", "send=short/2",
                                 "accept4=EINTR/2", "accept4=ECONNABORTED/3"}) {
            all.push_back({model, rule, Outcome::nothing_lost});
        }
        for (const char* rule :
             {"recv=ECONNRESET/7", "send=EPIPE/7", "send=ECONNRESET/9", "accept4=EMFILE/4",
              "accept4=ENFILE/5", "accept4=ENOMEM/5", "accept4=ENOBUFS/5"}) {
            all.push_back({model, rule, Outcome::some_lost});
        }
    }
    // A blocking call says EAGAIN when its time ran out; on the loop it means "not yet".
    for (const char* rule : {"send=EAGAIN/3", "epoll_wait=EINTR/2"}) {
        all.push_back({"coroutine", rule, Outcome::nothing_lost});
    }
    // Who waits for edges must believe a read that finds nothing: no other will tell of what is
    // there. One that leaves bytes (the kernel's does not) costs it the time until it looks again.
    for (const char* model : {"prefork", "threads", "coroutine-plain"}) {
        all.push_back({model, "recv=short/2", Outcome::nothing_lost});
    }
    all.push_back({"coroutine-plain", "recv=EAGAIN/3", Outcome::nothing_lost});
    // Several loops: what their supervisor calls, and what costs a connection of one of them.
    for (const char* rule : {"poll=EINTR/2", "accept4=ECONNABORTED/3", "epoll_wait=EINTR/2"}) {
        all.push_back({"coroutine-x2", rule, Outcome::nothing_lost});
    }
    for (const char* rule : {"recv=ECONNRESET/7", "accept4=EMFILE/4"}) {
        all.push_back({"coroutine-x2", rule, Outcome::some_lost});
    }
    all.push_back({"threads", "poll=EINTR/2", Outcome::nothing_lost});
    all.push_back({"threads", "pthread_create=EAGAIN/3", Outcome::some_lost});
    all.push_back({"prefork", "fork=EAGAIN/2+4", Outcome::nothing_lost});
    all.push_back({"prefork", "fork=ENOMEM/3+4", Outcome::nothing_lost});
    all.push_back({"prefork", "poll=EINTR/2", Outcome::nothing_lost});
    return all;
}

INSTANTIATE_TEST_SUITE_P(Calls, ServerFaults, testing::ValuesIn(cases()), [](const auto& test) {
    std::string name = fmt::format("{}_{}", test.param.model, test.param.rule);
    for (char& letter : name) {
        if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
    }
    return name;
});

// A loop that dies is replaced although fork fails for a while.
TEST(ServerFaults, AForkThatFailsIsTriedAgain) {
    const FaultLog log("fork=EAGAIN/2+1");  // the two at the start succeed, then one fails
    auto server =
        Server::start("coroutine", {"--processes", "2"}, {.environment = log.environment()});
    ASSERT_TRUE(server) << server.error().message;
    const auto pids = server->stats()["pids"];
    ASSERT_EQ(pids.size(), 3U);
    ::kill(pids[1].get<pid_t>(), SIGKILL);
    const auto replaced = server->stats_when([](const auto& s) {
        return s["processes"]["spawned_total"] == 3 && s["processes"]["alive"] == 2;
    });
    EXPECT_EQ(replaced["processes"]["alive"], 2);
    EXPECT_EQ(log.faults(), 1U);
    EXPECT_EQ(server->stop(), 0);
}

// A refusal for want of a thread is counted as such.
TEST(ServerFaults, RefusalsAreCounted) {
    const FaultLog log("pthread_create=EAGAIN/2");
    Server server("threads", {}, {.environment = log.environment()});
    int refused = 0;
    for (int i = 0; i < 10; ++i) {
        const auto reply = get(server.where(), "/echo/x");
        ASSERT_TRUE(reply);
        if (reply->status == 503) ++refused;
    }
    EXPECT_EQ(static_cast<unsigned long>(refused), log.faults());
    const auto stats = server.stats_when([](const auto&) { return true; });  // not refused itself
    EXPECT_EQ(stats["connections"]["refused"], log.faults());
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
