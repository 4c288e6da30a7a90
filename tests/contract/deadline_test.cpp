// The time limits, the same for all servers: docs/protocol.md. A machine that is busy makes an end
// late, never early, so what is looked at is that nothing ends before its time, and what ends
// first.
#include "tests/contract/fixture.hpp"

#include <array>
#include <thread>
#include <utility>

namespace echotrio::test {
namespace {

using namespace std::chrono_literals;

class TimeLimits : public Contract {
  protected:
    void start_with(const std::string& idle, const std::string& request) {
        start({"--idle-timeout", idle, "--request-timeout", request, "--max-request", "4KiB"});
    }
    // When the server ended each of them, after `began`; Nanos::max() where it was still open when
    // `enough` of them had ended.
    template <std::size_t kCount>
    std::array<Nanos, kCount> ends(std::array<Client*, kCount> clients, std::size_t enough,
                                   TimePoint began) {
        std::array<Nanos, kCount> ends;
        ends.fill(Nanos::max());
        std::size_t ended = 0;
        while (ended < enough && now() - began < kPatience) {
            for (std::size_t i = 0; i < kCount; ++i) {
                if (ends[i] != Nanos::max()) continue;
                if (clients[i]->state(5ms) == Client::State::open) continue;
                ends[i] = now() - began;
                ++ended;
            }
        }
        EXPECT_EQ(ended, enough);
        return ends;
    }
    static constexpr std::string_view kGet = "GET /echo/hi HTTP/1.1\r\nHost: t\r\n\r\n";
    static constexpr std::string_view kHalf = "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n";
};

TEST_P(TimeLimits, ARequestHasItsOwnHoweverLongSilenceMayBe) {
    start_with("300ms", "1500ms");
    const TimePoint began = now();
    Client quiet(where());
    Client half(where());
    half.send(kHalf);
    const auto [quiet_end, half_end] = ends<2>({&quiet, &half}, 2, began);
    EXPECT_GE(quiet_end, Nanos(300ms));
    EXPECT_GE(half_end, Nanos(1500ms)) << "the idle limit is not a request's";
    EXPECT_EQ(half.reply().value_or(Reply{}).status, 408);
    EXPECT_EQ(quiet.receive_all(), "");
}

TEST_P(TimeLimits, ARequestHasItsOwnHoweverShort) {
    start_with("1500ms", "300ms");
    const TimePoint began = now();
    Client quiet(where());
    Client half(where());
    half.send(kHalf);
    const auto [quiet_end, half_end] = ends<2>({&quiet, &half}, 2, began);
    EXPECT_GE(half_end, Nanos(300ms));
    EXPECT_GE(quiet_end, Nanos(1500ms));
    EXPECT_LT(half_end, quiet_end);
    EXPECT_EQ(half.reply().value_or(Reply{}).status, 408);
}

TEST_P(TimeLimits, WithoutOneForRequestsItIsThatOfSilence) {
    start_with("300ms", "0s");
    const TimePoint began = now();
    Client silent(where());
    silent.send(kHalf);
    Client slow(where());
    Nanos longest{};  // that nothing was sent: who is off the CPU for long is silent
    TimePoint last = now();
    bool open = true;
    for (std::size_t i = 0; open && i < kHalf.size(); ++i) {  // some 600 ms in all
        const TimePoint sent = now();
        open = slow.send(kHalf.substr(i, 1)) && slow.state(15ms) == Client::State::open;
        longest = std::max(longest, now() - std::exchange(last, sent));
    }
    EXPECT_TRUE(open || longest >= Nanos(300ms)) << "bytes came all the time";
    EXPECT_GE(now() - began, Nanos(300ms));
    const auto [silent_end] = ends<1>({&silent}, 1, began);
    EXPECT_GE(silent_end, Nanos(300ms));
    EXPECT_EQ(silent.reply().value_or(Reply{}).status, 408);
}

// The machine may have no CPU for a server until the time is up.
TEST_P(TimeLimits, WhatCameInTimeCountsHoweverLateTheServerGetsToIt) {
    start_with("2s", "2s");
    const auto all = group_of(server().pid());
    const auto tell_all = [&](int signal) {
        for (const pid_t pid : all) ::kill(pid, signal);
    };
    const TimePoint began = now();
    Client fresh(where()), kept(where());
    kept.send(kGet);
    ASSERT_EQ(kept.reply().value_or(Reply{}).body, "hi");
    tell_all(SIGSTOP);
    fresh.send(kGet);
    kept.send(kGet);
    const bool in_time = now() - began < 2s;
    std::this_thread::sleep_for(2500ms);
    tell_all(SIGCONT);
    for (Client* client : {&fresh, &kept}) {
        const auto reply = client->reply();
        EXPECT_TRUE(!in_time || (reply && reply->body == "hi"));
    }
}

TEST_P(TimeLimits, WithoutOneForSilenceOnlyRequestsEnd) {
    start_with("0s", "300ms");
    const TimePoint began = now();
    Client quiet(where());
    Client half(where());
    half.send(kHalf);
    const auto [quiet_end, half_end] = ends<2>({&quiet, &half}, 1, began);
    EXPECT_GE(half_end, Nanos(300ms));
    EXPECT_EQ(quiet_end, Nanos::max());
    EXPECT_EQ(quiet.state(500ms), Client::State::open);
}

TEST_P(TimeLimits, WithNeitherNothingEndsAndTheServerSaysSo) {
    start_with("0s", "0s");
    Client quiet(where());
    Client half(where());
    half.send(kHalf);
    EXPECT_EQ(quiet.state(500ms), Client::State::open);
    EXPECT_EQ(half.state(500ms), Client::State::open);
    const std::string said = server().log();
    EXPECT_NE(said.find("waited for for ever"), std::string::npos) << said;
}

TEST_P(TimeLimits, WhatIsNotTakenIsGivenUpAfterSilence) {
    start({"--idle-timeout", "400ms", "--request-timeout", "60s"});
    Client deaf(where());
    const TimePoint began = now();
    const std::string much(64 * 1024, '\1');
    net::set_send_timeout(deaf.fd(), 200ms);  // once the server stops reading
    while (net::write_some(deaf.fd(), much).kind == Io::Kind::bytes) {
    }
    server().stats_when([](const auto& s) { return s["connections"]["now"] == 1; });
    EXPECT_GE(now() - began, Nanos(400ms));
    EXPECT_EQ(server().stats()["errors"]["timeouts"], 1);
}

TEST_P(TimeLimits, LingeringIsOverAfterSilence) {
    start_with("0s", "0s");
    Client refused(where());
    refused.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n");
    EXPECT_EQ(refused.reply().value_or(Reply{}).status, 413);
    Client last(where());
    const TimePoint began = now();
    last.send("GET /echo/hi HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(last.reply().value_or(Reply{}).status, 200);
    EXPECT_EQ(server().stats()["connections"]["now"], 3);
    const auto alone =
        server().stats_when([](const auto& s) { return s["connections"]["now"] == 1; });
    EXPECT_EQ(alone["connections"]["now"], 1);
    EXPECT_GE(now() - began, Nanos(2s));
}

TEST_P(TimeLimits, WhoIsTurnedAwayAndSaysNothingIsSoonGone) {
    start({"--max-connections", "1", "--idle-timeout", "0s", "--request-timeout", "0s"});
    Client first(where());
    ASSERT_TRUE(first.send("hello"));
    ASSERT_EQ(first.receive(5), "hello");
    const TimePoint began = now();
    Client silent(where());
    const auto [end] = ends<1>({&silent}, 1, began);
    EXPECT_GE(end, Nanos(1s));
}

INSTANTIATE_FOR_ALL_SERVERS(TimeLimits);

}  // namespace
}  // namespace echotrio::test
