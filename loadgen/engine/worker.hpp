// A generator thread: its share of the connections and of the schedule, one epoll set, one receive
// buffer, its own books. Threads share nothing that a request touches.
//
// A request costs two system calls, a read and the write of the next one from inside the read's
// handler, and its part of an epoll_pwait2. Sockets are registered once, edge-triggered, for
// reading and writing together; a read that comes back short has emptied the socket.
#pragma once

#include "common/base/rng.hpp"
#include "common/net/fd.hpp"
#include "loadgen/engine/connection.hpp"
#include "loadgen/engine/ledger.hpp"
#include "loadgen/engine/prepared.hpp"
#include "loadgen/schedule/schedule.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// What the controlling thread tells the workers, who only read it.
struct Signals {
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
    std::atomic<std::int64_t> start{kNever};  // when the run begins, ns of the monotonic clock
    std::atomic<std::int64_t> stop{kNever};   // when the window ends, if earlier than planned
};

class Worker {
  public:
    enum class Phase : int { connecting, connected, running, done, failed };

    // The index-th of options.threads. `profile` is empty in a closed loop. All must outlive it.
    Worker(const Prepared& prepared, const Profile* profile, Share share, const Signals& signals);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void run();  // the thread's whole life

    // For the controlling thread, any time.
    Phase phase() const { return phase_.load(std::memory_order_acquire); }

    // Precondition: phase() is running or done. The ledger's handed() is for the reader.
    Ledger& ledger() { return *ledger_; }

    // After done or failed; plain data, filled in at the end.
    struct Report {
        std::string error;                                       // failed: why
        double cpu_s = 0, run_queue_wait_s = 0, measured_s = 0;  // over the window
        std::uint64_t syscalls = 0;                              // in the window
        std::uint64_t in_flight_at_end = 0, backlog_at_end = 0;
        std::uint64_t opened = 0, served = 0, idle = 0, idle_lost = 0, out_of_ports = 0,
                      out_of_descriptors = 0, connect_errors = 0;
        double replies = 0, replies_squared = 0;  // over the slots, for Jain's index
        std::vector<double> unit_gaps;            // sampled
    };
    const Report& report() const { return report_; }

  private:
    struct IdleConnection {
        net::Fd fd;
        bool open = false;
    };
    // What the thread had used by a moment between `before` and `after`: a share of the time from
    // one's `before` to another's `after` can't come out above 1, however close they are.
    struct Usage {
        double cpu_s = 0, wait_s = 0;
        TimePoint before, after;
    };

    // worker.cpp: the life of the thread
    bool connect_all();
    bool wait_for_start();
    void open_books(TimePoint start);
    void close_books();
    void turn();
    void wait(TimePoint until, bool exactly);
    TimePoint next_due() const;
    void sample_gap();
    void tick();
    void mark_window();
    void look_after(Connection& c);
    bool finished() const;
    bool window_is_over() const { return now_ >= ledger_->window_end(); }
    // After the window what is due is still sent for so long.
    Nanos longest_drain_sending() const {
        return std::min<Nanos>(options_.timeout, std::chrono::seconds(1));
    }
    bool counts_requests() const { return options_.requests > 0; }
    static Usage usage_now();

    // worker_connect.cpp: sockets
    void open_socket(Connection& c);
    void open_idle(std::size_t index);
    void connect_decided(Connection& c);
    void idle_event(IdleConnection& idle, std::uint32_t events);
    void connect_failed(Connection& c, int error);
    void count_connect_error(int error);
    void rest(Connection& c);
    void drop_socket(Connection& c);
    net::Connecting connect(std::uint32_t id);

    // worker_io.cpp: requests and replies
    void handle(const epoll_event& event);
    void dispatch_due();
    void dispatch_thinkers();
    void readable(Connection& c, std::uint32_t events);
    bool consume_raw(Connection& c, std::string_view bytes);
    bool consume_http(Connection& c, std::string_view bytes);
    bool complete_oldest(Connection& c);
    void stream_ended(Connection& c);
    bool replied(Connection& c);
    bool may_begin(const Connection& c) const {
        const std::uint64_t share = options_.requests_per_connection;
        return c.in_flight < pipeline_ && !c.closing && c.state != Connection::State::resting &&
               (share == 0 || c.begun < share);
    }
    void begin(Connection& c, TimePoint intended);
    void pump(Connection& c);
    // For the other files; here go_on() and write_out() are inlined.
    void available(Connection& c);
    void flush(Connection& c);
    void go_on(Connection& c);
    void write_out(Connection& c);
    std::string_view unwritten_bytes(Connection& c);
    std::string_view bytes_of(const Request& r) const {
        if (prepared_.raw) return prepared_.message(r.offset);
        const PreparedRequest& prepared = prepared_.http[r.request_class];
        return r.last ? prepared.close : prepared.keep;
    }
    void lost(Connection& c, Failure kind);
    void unasked(Connection& c, Failure kind);
    void time_out(Connection& c);
    void fail_all(Connection& c, Failure kind);
    void replace_socket(Connection& c, bool suspicious);
    static Request& oldest(const Connection& c) { return c.ring[c.first]; }
    // The k-th request in flight, 0 = the oldest.
    Request& in_flight(const Connection& c, std::uint32_t k) const {
        const std::uint32_t place = c.first + k;
        return c.ring[place < pipeline_ ? place : place - pipeline_];
    }
    const Request& first_unwritten(const Connection& c) const {
        return in_flight(c, c.in_flight - c.unwritten);
    }
    void remove_oldest(Connection& c) {
        c.first = c.first + 1 == pipeline_ ? 0 : c.first + 1;
        --c.in_flight;
        --in_flight_;
    }
    ExpectedReply expected(const Request& r) const {
        const PreparedRequest& prepared = prepared_.http[r.request_class];
        return {prepared.head, prepared.check, prepared.reply};
    }
    std::uint16_t draw_class() {
        std::uint16_t chosen = 0;
        if (learned_.size() == 1) return chosen;
        for (const double drawn = rng_.uniform(); drawn >= prepared_.class_limits[chosen];) {
            ++chosen;
        }
        return chosen;
    }

    const Prepared& prepared_;
    const RunOptions& options_;
    const Signals& signals_;
    const Share share_;
    const bool open_loop_;
    const bool thinks_;
    const std::uint32_t pipeline_;
    std::uint64_t quota_;  // requests of the window still to begin (-n), else practically endless

    net::Fd epoll_;
    std::vector<epoll_event> events_;
    std::vector<char> buffer_;  // what a read brings
    std::string gathered_;      // several small requests for one write
    std::vector<Connection> connections_;
    std::vector<Request> requests_;  // `pipeline` places for each connection
    std::vector<IdleConnection> idle_;
    std::vector<LearnedReply> learned_;  // by class
    ReadyQueue ready_;
    std::optional<Arrivals> arrivals_;
    std::optional<Ledger> ledger_;
    Rng rng_;

    TimePoint now_;        // the last reading of the clock
    TimePoint start_;      // of the schedule
    Nanos oversleep_{0};   // how late a sleep usually ends
    Nanos spin_limit_{0};  // the longest wait that may be spent polling, by the rate
    Nanos slack_{0};       // how late an arrival may be, by the rate
    TimePoint next_tick_;
    TimePoint next_second_;
    TimePoint last_end_;
    Nanos tick_length_{0};
    std::uint32_t sweep_at_ = 0;
    std::uint64_t in_flight_ = 0;
    std::uint64_t connecting_ = 0;  // idle ones too
    std::uint64_t resting_ = 0;
    std::uint64_t next_source_ = 0;
    std::uint64_t syscalls_ = 0;
    std::uint32_t next_offset_ = 0;
    std::uint64_t gap_stride_ = 1, gap_countdown_ = 1;
    int last_connect_error_ = 0;
    bool started_ = false;
    bool measuring_ = false, measured_ = false;
    Usage usage_at_begin_;
    std::uint64_t syscalls_at_begin_ = 0;
    Report report_;
    std::atomic<Phase> phase_{Phase::connecting};
};

}  // namespace echotrio::loadgen
