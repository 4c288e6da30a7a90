// One connection's protocol, without I/O: bytes in, steps out. It decides by the first bytes
// between raw echo (RFC 862) and HTTP/1.x, and never reads a socket, a clock or a lock. The server
// performs the steps; where it puts the system call is its concurrency model.
//
//     Session session(context);
//     for (;;) {
//         Step step = session.next();
//         switch (step.kind) {
//             case Step::Kind::read:     session.took(what a read came to)
//             case Step::Kind::write:    session.sent(what a write of step.bytes came to)
//             case Step::Kind::compute:  burn step.duration of CPU work, as step.work says
//             case Step::Kind::wait:     let step.duration pass
//             case Step::Kind::shut_down: shutdown(SHUT_WR); the reads that follow only discard
//             case Step::Kind::close:    close the connection, step.reason says why
//         }
//     }
//
// Memory: received bytes stay where the server read them (normally context.input) and replies are
// made in context.output; both are shared by all sessions of a worker, thread or loop. A session
// looks at them only until the next read step; before the server lets another session run in
// between (a coroutine that waits), it calls hold(), which copies what is not finished. An idle
// session holds nothing. What one session holds of its peer's bytes and replies, room that its
// buffers have to spare included, is bounded:
//
//     held <= (max_request + one read) + kOutputSize            (both parts asserted)
//
// Beside it there are, while a request is in progress, the parser (about 1 KiB) and, when it asked
// for it, the page of /stats or /metrics; and while a buffer grows, for that moment, the old one.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/io.hpp"
#include "common/protocol/counters.hpp"
#include "common/protocol/date.hpp"
#include "common/protocol/deadline.hpp"
#include "common/protocol/input.hpp"
#include "common/protocol/stats.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace echotrio::protocol {

inline constexpr std::size_t kInputSize = 16 * 1024;
inline constexpr std::size_t kOutputSize = 8 * 1024;
// The most CPU work or waiting that a request may ask for; more is a 400.
inline constexpr Nanos kLongestWork = std::chrono::seconds(10);

enum class Mode : std::uint8_t { automatic, echo, http };

// The same for every connection of a server.
struct Settings {
    std::string model;  // "prefork", "threads", "coroutine"
    Mode mode = Mode::automatic;
    std::uint64_t max_request = 1024 * 1024;  // HTTP head + body, bytes
    Nanos cpu{0};                             // CPU work of a request that does not say otherwise
    Nanos wait{0};
    // CPU work of every request beside its own, whatever page it asks for: what an interpreter, or
    // a framework, costs beside the model. A request that is refused costs none.
    Nanos base_cost{0};
};

class Http;  // the HTTP half of a session: a request in progress
struct HttpDeleter {
    void operator()(Http* http) const noexcept;
};
using HttpPointer = std::unique_ptr<Http, HttpDeleter>;

// Where bytes are read and replies are made. Left uninitialised: untouched pages cost nothing.
struct Buffers {
    std::array<char, kInputSize> input;
    std::array<char, kOutputSize> output;
};

// Seconds since 1970, UTC: what the Date of a reply says. Called for each.
using UnixClock = std::int64_t (*)();

// What a worker, thread or loop owns once and lends to each session it serves.
struct Context {
    // With buffers of its own, or with buffers that outlive it.
    Context(const Settings& s, Counters& c, StatsSource& source, const std::atomic<bool>& drain,
            UnixClock clock)
        : settings(s),
          counters(c),
          stats(source),
          draining(drain),
          unix_time(clock),
          own(std::make_unique_for_overwrite<Buffers>()),
          input(own->input),
          output(own->output) {}
    Context(const Settings& s, Counters& c, StatsSource& source, const std::atomic<bool>& drain,
            UnixClock clock, Buffers& lent)
        : settings(s),
          counters(c),
          stats(source),
          draining(drain),
          unix_time(clock),
          input(lent.input),
          output(lent.output) {}
    const Settings& settings;
    const Nanos raw_work = settings.cpu + settings.base_cost;  // CPU work of a piece of raw echo
    Counters& counters;
    StatsSource& stats;
    const std::atomic<bool>& draining;  // replies say "Connection: close", idle sessions close
    const UnixClock unix_time;
    const std::unique_ptr<Buffers> own{};
    std::array<char, kInputSize>& input;
    std::array<char, kOutputSize>& output;
    DateLine date{};
    HttpPointer spare_http{};  // taken by a session while a request is in progress
    // HTTP replies until one says "Connection: close" and is the last of its connection. For who
    // serves one connection at a time, and sets it anew for each; nobody else comes to the end.
    std::uint64_t replies_left = std::numeric_limits<std::uint64_t>::max();
};

enum class CloseReason : std::uint8_t {
    finished,  // the peer closed its side, or HTTP said that this was the last request
    protocol,  // the peer broke the protocol or a limit (HTTP: the error reply went before)
    timeout,   // the peer was too slow
    reset,     // a read or a write failed
    draining,  // the server is stopping
    refused,   // made by refuse(): 503 or nothing was sent
};

// How CPU work stands to a global lock, where a model has one. Where it has none, all is the same
// but that a loop which yields can do so in interpreted work alone.
enum class Work : std::uint8_t {
    interpreted,  // under the lock; others may get it between two of many small steps
    native,       // one call of code that needs nothing of the interpreter: without the lock
    hold,         // one call that keeps the lock to its end
};

struct Step {
    // shut_down comes after the last reply: closing at once would reset the connection under the
    // reply while the peer is still sending (RFC 9112 9.6), so the session first reads to the
    // peer's end; how long, the server's clock says.
    enum class Kind : std::uint8_t { read, write, compute, wait, shut_down, close };
    Kind kind;
    CloseReason reason = CloseReason::finished;  // close
    Work work = Work::interpreted;               // compute
    std::string_view bytes{};                    // write: a view, valid until the next call
    Nanos duration{0};                           // compute, wait
};

class Session {
  public:
    // Counts the connection as opened; the destructor counts it as closed.
    explicit Session(Context& context);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // The next thing to do. Repeats write until all of it is written().
    Step next();

    // After a read step. The bytes must stay valid until the next read step or hold(). At the end
    // of the stream what is due is still written. False: nothing came, nothing has changed.
    bool took(const Io& read) {
        if (read.kind != Io::Kind::bytes) [[unlikely]]
            return took_none(read.kind);
        receive(read.bytes);
        return true;
    }

    // After a write step. bytes: the part of it that the socket took.
    void sent(const Io& write) {
        if (write.kind != Io::Kind::bytes) [[unlikely]]
            return sent_none(write.kind);
        written(write.bytes.size());
    }

    // Before another session may use context.input and context.output: copies what is unfinished.
    void hold();

    // The peer was too slow, which is also what a read or a write that was late says. An HTTP
    // request that was on its way gets a 408 first; then the session closes.
    void timed_out();

    // What a read step waits for, and which request that is about, which tells one from the next in
    // a pipeline: for the Deadline.
    Waiting waits() const noexcept;
    std::uint8_t request() const noexcept;

    // Turns this connection away before it is served; call it before the first next(), then go on
    // with the steps. HTTP gets a 503, raw echo is closed. To tell them apart the session wants a
    // read step first; a server that can't wait for it says timed_out() (and nothing is sent).
    void refuse();

    // The first bytes were those of HTTP (false also while that is open).
    bool http() const noexcept { return protocol_ == Protocol::http; }

  private:
    enum class Protocol : std::uint8_t { undecided, raw, http };
    // lingering: the last reply is out, the peer has not ended yet
    enum class Ending : std::uint8_t { no, lingering, now };

    void receive(std::string_view bytes);
    bool took_none(Io::Kind why);
    void written(std::size_t n);
    void sent_none(Io::Kind why);
    bool decide();
    void begin_echo() noexcept;
    Step next_raw();
    Step next_http();
    [[gnu::noinline]] Step next_at_the_end();
    void linger(CloseReason reason);
    void give_http_back() noexcept;
    // Nothing received is unanswered and nothing is unsent: safe to close at a drain.
    bool at_rest() const noexcept;
    Step read();
    void broken() noexcept;
    void close_now(CloseReason reason) noexcept;

    Context& context_;
    Input input_;
    HttpPointer http_;
    Protocol protocol_ = Protocol::undecided;
    CloseReason reason_ = CloseReason::finished;
    Ending ending_ = Ending::no;
    bool ended_ = false;
    bool refused_ = false;
    bool compute_due_ = false;  // raw echo: the work of the bytes just received
    bool wait_due_ = false;
};

}  // namespace echotrio::protocol
