// What a leader and a member have in common: a state machine that is told what comes over which
// connection and what time it is, and says what to send. Pure; session.cpp does the rest.
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/rendezvous/clock_offset.hpp"
#include "loadgen/rendezvous/message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace echotrio::loadgen::rendezvous {

// A time by both clocks: the one to wait by, and the one to tell.
struct Moment {
    TimePoint steady;
    Nanos unix{0};  // since 1970
};

using Link = std::uint64_t;  // a connection, as its owner numbers them

// What all generators of a load were told, each for itself.
struct Terms {
    Hello hello;                                // its own rank in it; the leader's is 1
    std::vector<std::string> addresses;         // by rank
    Nanos patience = std::chrono::seconds(60);  // for all to come, and then for all to connect
    Nanos drain{0};  // by how much longer than the leader's another's run may take to its end

    std::string name(std::uint64_t rank) const;  // "generator 2 of 3 (10.0.1.4)"
};

namespace limits {
inline constexpr Nanos kBeat = std::chrono::seconds(1);      // each says so often that it lives
inline constexpr Nanos kSilence = std::chrono::seconds(5);   // who says nothing for so long is lost
inline constexpr Nanos kGreeting = std::chrono::seconds(5);  // until a caller has said who it is
inline constexpr Nanos kAhead = std::chrono::milliseconds(500);  // from the word to the start
inline constexpr Nanos kResults = std::chrono::seconds(30);      // for results, after run and drain
inline constexpr Nanos kVerdict = 2 * kResults;      // for the leader's, after one's own and drain
inline constexpr std::size_t kGreetingBytes = 1024;  // of whoever may be a stranger
inline constexpr std::size_t kLeaderBytes = std::size_t{64} << 10U;   // of the leader's
inline constexpr std::size_t kMessageBytes = std::size_t{64} << 20U;  // of a member, its result
inline constexpr std::size_t kCallers = 4;      // of one address that have not said who they are
inline constexpr std::uint64_t kExchanges = 8;  // when clocks are compared
}  // namespace limits

// What became of one generator.
struct Outcome {
    std::optional<ClockOffset> clock{};  // against the leader's; empty: they were not compared
    std::string lost{};                  // why it did not run to the end, "" = it did
    nlohmann::ordered_json result{};     // null: there is none
};

class Party {
  public:
    struct Send {
        Link link = 0;
        std::string line;         // "" = nothing, close it
        bool then_close = false;  // once the line is out
    };

    explicit Party(Terms terms) : terms_(std::move(terms)) {}
    virtual ~Party() = default;
    Party(const Party&) = delete;
    Party& operator=(const Party&) = delete;

    // Whether a connection from that address is let in.
    virtual bool admits(Link link, const std::string& address, const Moment& at) = 0;
    // How long a line may be on it.
    virtual std::size_t longest_line(Link link) const = 0;
    virtual void received(Link link, std::string_view line, const Moment& at) = 0;
    // Bytes of a line that is not whole yet came: a sign of life, as a long result takes its time.
    virtual void came(Link link, const Moment& at) = 0;
    virtual void ended(Link link, const std::string& why, const Moment& at) = 0;
    virtual void tick(const Moment& at) = 0;

    // What one's own run came to.
    virtual void connected(const Moment& at) = 0;
    virtual void finished(nlohmann::ordered_json result, const Moment& at) = 0;
    virtual void failed(const std::string& why) = 0;
    // The operator wants an end: before the start there is no run, afterwards it ends in order.
    virtual void interrupted() = 0;
    // The leader's word on the whole, to all who still hear it.
    virtual void judged(int status) = 0;

    // All have met and their clocks are known: time to connect.
    bool prepared() const { return prepared_; }
    // When to begin, by the own clock, since 1970.
    const std::optional<Nanos>& start() const { return start_; }
    // The run is to end in order.
    bool must_stop() const { return must_stop_; }
    // Why there is no run, or no result of the whole; "" = nothing went wrong so far.
    const std::string& failure() const { return failure_; }
    // Nothing more is to come.
    virtual bool over() const = 0;

    std::vector<Send> take_sends() { return std::exchange(sends_, {}); }

  protected:
    void say(Link link, const Message& message) { sends_.push_back({link, to_line(message)}); }
    // Whether it is time for the next sign of life.
    bool beats(const Moment& at) {
        if (at.steady - beat_ < limits::kBeat) return false;
        beat_ = at.steady;
        return true;
    }

    Terms terms_;
    bool prepared_ = false, must_stop_ = false;
    std::optional<Nanos> start_;
    std::string failure_;
    std::vector<Send> sends_;

  private:
    TimePoint beat_{};
};

}  // namespace echotrio::loadgen::rendezvous
