// A replay's requests as bytes, on the wire of a socket pair; and the notes that make a record.
#include "loadgen/engine/recorded_requests.hpp"

#include "loadgen/engine/notes.hpp"
#include "loadgen/engine/requests.hpp"
#include "loadgen/schedule/recording_builder.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kUnknown = RecordedRequest::kUnknown;

struct Entry {
    Resource resource;
    std::uint32_t bytes;
};

RunOptions replaying(const char* url, const std::vector<Entry>& entries) {
    RecordingBuilder builder;
    std::int64_t at = 0;
    for (const Entry& e : entries) EXPECT_TRUE(builder.add(at++, e.resource, e.bytes).ok());
    RunOptions options;
    options.target = *parse_target(url);
    options.replay.emplace();
    options.replay->recording = std::make_shared<const Recording>(std::move(builder).build(false));
    return options;
}

std::string text_of(const RecordedRequests& requests, const RecordedRequest& recorded,
                    bool last = false) {
    const RecordedRequest what = requests.settled(recorded);
    std::string text = "already there ";
    const std::size_t before = text.size();
    requests.append_head(text, what, last);
    EXPECT_EQ(text.size() - before, requests.head_size(what, last));
    return text.substr(before) + std::string(requests.body(what, 0));
}

TEST(RecordedRequests, AsTheyAreSent) {
    RunOptions options = replaying("http://h:81/own?q", {{{"GET", "/a"}, 900},
                                                         {{"POST", "/b"}, 3},
                                                         {{"POST", "/c"}, kUnknown},
                                                         {{"HEAD", "/d"}, kUnknown},
                                                         {{"", ""}, kUnknown},
                                                         {{"", ""}, 2},
                                                         {{"DELETE", "/e"}, kUnknown}});
    options.headers = {"X: y", "Content-Length: 9"};
    const RecordedRequests requests(options);
    const Recording& recording = *options.replay->recording;
    const auto sent = [&](std::size_t i, bool last = false) {
        return text_of(requests, recording[i].request, last);
    };
    const std::string fields = " HTTP/1.1\r\nHost: h:81\r\nX: y\r\n";
    EXPECT_EQ(sent(0), "GET /a" + fields + "\r\n") << "the bytes of a GET are its reply's";
    EXPECT_EQ(sent(1), "POST /b" + fields + "Content-Length: 3\r\n\r\nabc");
    EXPECT_EQ(sent(2), "POST /c" + fields + "Content-Length: 0\r\n\r\n");
    EXPECT_EQ(sent(3, true), "HEAD /d" + fields + "Connection: close\r\n\r\n");
    EXPECT_TRUE(requests.is_head(recording[3].request));
    EXPECT_EQ(sent(4), "GET /own?q" + fields + "\r\n");
    EXPECT_EQ(sent(5), "POST /own?q" + fields + "Content-Length: 2\r\n\r\nab");
    EXPECT_EQ(sent(6), "DELETE /e" + fields + "Content-Length: 0\r\n\r\n");
}

TEST(RecordedRequests, WhatTheRecordDoesNotSayTheFlagsDo) {
    RunOptions options = replaying(
        "http://h/", {{{"POST", "/a"}, kUnknown}, {{"", ""}, kUnknown}, {{"PUT", "/b"}, 7}});
    options.body = "hello";
    options.headers = {"Connection: keep-alive"};
    const RecordedRequests requests(options);
    const Recording& recording = *options.replay->recording;
    EXPECT_EQ(text_of(requests, recording[0].request, true),
              "POST /a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: "
              "5\r\n\r\nhello");
    EXPECT_TRUE(text_of(requests, recording[1].request).starts_with("POST / "));
    EXPECT_TRUE(text_of(requests, recording[2].request).ends_with("7\r\n\r\nhellofg"));
    options.method = "PATCH";
    EXPECT_TRUE(text_of(RecordedRequests(options), recording[1].request).starts_with("PATCH / "));
}

TEST(RecordedRequests, RawMessagesHaveTheirBytesAndAtLeastThoseOfSize) {
    RunOptions options = replaying("tcp://h:1", {{{}, 5}, {{}, 0}, {{}, kUnknown}});
    options.size = 64;
    const RecordedRequests requests(options);
    const Recording& recording = *options.replay->recording;
    EXPECT_EQ(requests.settled(recording[0].request).bytes, 5);
    EXPECT_EQ(requests.settled(recording[1].request).bytes, 64);
    EXPECT_EQ(requests.settled(recording[2].request).bytes, 64);
}

// One connection whose other end is ours.
struct Wire {
    RunOptions options;
    Prepared prepared;
    Requests requests;
    Ledger ledger{LedgerRules{2, true, TimePoint(), TimePoint::max()}};
    Notes notes{100};
    Exchange exchange;
    net::Fd ours, theirs;
    TimePoint time = now();

    explicit Wire(RunOptions asked)
        : options(std::move(asked)),
          prepared(*prepare_load(options)),
          requests(prepared, 0, 1),
          exchange(requests.exchange(0)) {
        std::array<int, 2> pair{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()),
                  0);
        ours.reset(pair[0]);
        theirs.reset(pair[1]);
        requests.open_books(ledger);
        requests.note_in(notes);
    }
    // Begins the whole record and writes it; what arrives.
    std::string send_all() {
        const Recording& recording = *options.replay->recording;
        std::string got, piece(1 << 16, '\0');
        for (std::size_t i = 0; i < recording.size(); ++i) {
            ledger.due(time, 0ns);
            requests.begin_recorded(exchange, recording[i].request, time, time);
        }
        while (true) {
            EXPECT_EQ(requests.write(ours.get(), exchange, time), Requests::After::nothing);
            const Io io = net::read_some(theirs.get(), piece);
            if (io.kind != Io::Kind::bytes) return got;
            got += io.bytes;
        }
    }
    void answer(std::string_view text) {
        EXPECT_EQ(net::write_some(theirs.get(), text).bytes.size(), text.size());
        EXPECT_EQ(requests.receive(ours.get(), exchange, false, time).after, Requests::After::room);
    }
};

TEST(RecordedRequests, AreWrittenWholeHoweverLittleTheSocketTakes) {
    std::vector<Entry> entries;
    const std::vector<std::uint32_t> sizes{0,      1,       100,     60'000, 65'536, 3,
                                           70'000, 900'000, 131'072, 0,      5,      200'000};
    for (const std::uint32_t size : sizes) entries.push_back({{"PUT", "/p"}, size});
    RunOptions options = replaying("http://127.0.0.1:1/", entries);
    options.pipeline = entries.size();
    Wire wire(options);
    std::string expected;
    const RecordedRequests requests(wire.options);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        expected += text_of(requests, (*wire.options.replay->recording)[i].request);
    }
    const std::string got = wire.send_all();
    EXPECT_EQ(got.size(), expected.size());
    EXPECT_TRUE(got == expected);
    EXPECT_EQ(wire.exchange.ring.unwritten(), 0);
}

// The same head means a body after GET and none after HEAD, in any order.
TEST(RecordedRequests, RepliesToHeadHaveNoBody) {
    const Resource head{"HEAD", "/a"}, get{"GET", "/a"};
    RunOptions options = replaying(
        "http://127.0.0.1:1/",
        {{head, kUnknown}, {get, kUnknown}, {get, kUnknown}, {head, kUnknown}, {get, kUnknown}});
    options.pipeline = 5;
    Wire wire(options);
    wire.send_all();
    const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    wire.answer(reply + reply + "hi" + reply + "ho" + reply + reply + "hi");
    EXPECT_EQ(wire.ledger.within().completed, 5);
    EXPECT_TRUE(wire.exchange.ring.empty());
}

TEST(RecordedRequests, RawMessagesOfAnySizeComeBackChecked) {
    RunOptions options = replaying("tcp://127.0.0.1:1", {{{}, 5}, {{}, 4000}, {{}, kUnknown}});
    options.pipeline = 3;
    Wire wire(options);
    const std::string sent = wire.send_all();
    EXPECT_EQ(sent.size(), 5 + 4000 + 64);
    wire.answer(sent);
    EXPECT_EQ(wire.ledger.within().completed, 3);
    Wire wrong(options);
    std::string back = wrong.send_all();
    back[4000] ^= 1;
    EXPECT_EQ(net::write_some(wrong.theirs.get(), back).bytes.size(), back.size());
    EXPECT_EQ(wrong.requests.receive(wrong.ours.get(), wrong.exchange, false, wrong.time).after,
              Requests::After::broken);
    EXPECT_EQ(wrong.ledger.errors().mismatch, 1);
}

TEST(Notes, MakeARecordOfTheWindow) {
    RunOptions options = replaying("http://127.0.0.1:1/", {{{"GET", "/a"}, 0}, {{"PUT", "/b"}, 9}});
    const Prepared prepared = *prepare_load(options);
    const TimePoint begin(10s);
    Notes one(10), two(10);
    one.add(begin - 1ns, {0, 0});
    one.add(begin + 5ns, {0, 0});
    two.add(begin, {1, 9});
    const RunRecord record = join_notes(prepared, {&one, &two}, begin, 1'000s);
    EXPECT_TRUE(record.whole);
    ASSERT_TRUE(record.recording);
    const Recording& recording = *record.recording;
    ASSERT_EQ(recording.size(), 2);
    EXPECT_EQ(recording.origin(), Nanos(1010s).count());
    EXPECT_EQ(recording.resource(recording[0].request), (Resource{"PUT", "/b"}));
    EXPECT_EQ(recording[0].request.bytes, 9);
    EXPECT_EQ(recording[1].at, 5);
    EXPECT_FALSE(join_notes(prepared, {}, begin, 0s).recording);
}

TEST(Notes, WhereOneThreadsEndAllEnd) {
    RunOptions options = replaying("http://127.0.0.1:1/", {{{"GET", "/a"}, 0}});
    const Prepared prepared = *prepare_load(options);
    Notes full(2), longer(10);
    for (int i = 0; i < 4; ++i) full.add(TimePoint(Nanos(10 + i)), {0, 0});
    for (int i = 0; i < 8; ++i) longer.add(TimePoint(Nanos(9 + i)), {0, 0});
    const RunRecord record = join_notes(prepared, {&full, &longer}, TimePoint(), 0s);
    EXPECT_FALSE(record.whole);
    EXPECT_EQ(record.recording->size(), 2 + 3) << "until 12 ns";
}

}  // namespace
}  // namespace echotrio::loadgen
