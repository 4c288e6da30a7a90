// Drives a Session from memory as a server would, with the input cut into pieces at will and each
// piece ending at an unreadable page, so that reading a byte too far is a crash.
#pragma once

#include "common/protocol/session.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::test {

class FixedStats : public protocol::StatsSource {
  public:
    protocol::Stats collect() override { return stats; }
    protocol::Stats stats{.model = "test", .pids = {1}, .uptime_s = 1.5, .totals = {}, .own = {}};
};

// What the sessions' clock always says: the example of RFC 9110 5.6.7.
inline constexpr std::int64_t kTestTime = 784'111'777;
#define TEST_DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

// What a conversation came to.
struct Outcome {
    std::string output;
    std::optional<protocol::CloseReason> closed;  // empty: the session waits for more input
    bool shut_down = false;
    std::vector<Nanos> computes;
    std::vector<protocol::Work> works;  // of each of them
    std::vector<Nanos> waits;

    bool operator==(const Outcome&) const = default;
};

// Memory whose last byte is the last readable one.
class GuardedBuffer {
  public:
    explicit GuardedBuffer(std::size_t capacity);
    ~GuardedBuffer();
    GuardedBuffer(const GuardedBuffer&) = delete;
    GuardedBuffer& operator=(const GuardedBuffer&) = delete;

    // The copy of `bytes` that ends at the unreadable page.
    std::string_view place(std::string_view bytes) noexcept;
    // Makes every byte of it unlike what was there: a session must not look at it any more.
    void scribble() noexcept;

  private:
    std::size_t capacity_;
    std::size_t mapped_;
    char* base_;
};

// One server-side loop over a Session.
// What a read that brought these, or a write that took them, came to.
inline Io moved(std::string_view bytes) {
    return {Io::Kind::bytes, 0, bytes};
}

class SessionDriver {
  public:
    explicit SessionDriver(protocol::Settings settings = {.model = "test"});

    // How the socket behaves.
    bool hold_at_every_step = false;  // as a coroutine server that always has to wait
    std::size_t write_at_most = 1 << 30;

    // A new connection.
    void connect();
    // Gives the pieces one after the other, each when the session reads; then runs on until it
    // reads again or closes. Pieces after the close are dropped.
    void send(std::string_view bytes, std::size_t piece = 1 << 30);
    void send_pieces(const std::vector<std::string_view>& pieces);
    void end();
    // Runs until the session reads or closes.
    void run();

    protocol::Session& session() { return *session_; }
    const Outcome& outcome() const { return outcome_; }
    protocol::Context& context() { return context_; }

    protocol::Settings settings;
    protocol::Counters counters;
    FixedStats stats;
    std::atomic<bool> draining{false};

  private:
    protocol::Context context_;
    std::optional<protocol::Session> session_;
    Outcome outcome_;
    GuardedBuffer buffer_;
    bool ended_ = false;
};

// The whole conversation on a connection of its own: `input` in pieces of at most `piece` bytes,
// then, with `end`, the peer's end of stream.
Outcome converse(std::string_view input, std::size_t piece = 1 << 30, bool end = true,
                 const protocol::Settings& settings = {.model = "test"});

}  // namespace echotrio::test
