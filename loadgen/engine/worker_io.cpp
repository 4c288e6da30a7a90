// Requests and replies of a generator thread: the hot path.
#include "loadgen/engine/worker.hpp"

#include <algorithm>
#include <cstring>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kGather = 64 * 1024;
constexpr std::uint16_t kFirstErrorStatus = 400;
constexpr std::uint32_t kOffsetStep = 1021;  // coprime to Prepared::kOffsets: all are used

}  // namespace

// Each event brings a new reading of the clock, so that the turn needs none of its own.
void Worker::handle(const epoll_event& event) {
    const std::uint32_t id = event.data.u32;
    if (id >= connections_.size()) {
        now_ = now();
        idle_event(idle_[id - connections_.size()], event.events);
        return;
    }
    Connection& c = connections_[id];
    if (c.state == Connection::State::connecting) {
        now_ = now();
        connect_decided(c);
        return;
    }
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
        readable(c, event.events);
    } else {
        now_ = now();
    }
    if (c.unwritten > 0 && c.state == Connection::State::open) flush(c);
}

void Worker::dispatch_due() {
    const TimePoint sending_ends = ledger_->window_end() + longest_drain_sending();
    for (;; now_ = now()) {
        for (TimePoint due = next_due(); due <= now_; due = next_due()) {
            ledger_->due(due, now_ - due);
            if (ledger_->in_window(due)) {
                if (--gap_countdown_ == 0) sample_gap();
                --quota_;
            }
            arrivals_->falls_due();
        }
        if (arrivals_->backlog() == 0 || ready_.empty() || now_ >= sending_ends) return;
        Connection& c = ready_.pop();
        begin(c, start_ + arrivals_->take());
        pump(c);
        if (!c.queued && may_begin(c)) ready_.push(c);
    }
}

void Worker::dispatch_thinkers() {
    while (!ready_.empty() && ready_.front().due <= now_) {
        Connection& c = ready_.pop();
        if (window_is_over() || quota_ == 0) continue;
        begin(c, c.due);
        pump(c);
        now_ = now();
    }
}

inline void Worker::readable(Connection& c, std::uint32_t events) {
    const bool ending = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    while (true) {
        ++syscalls_;
        const net::Io io = net::read_some(c.fd.get(), buffer_);
        now_ = now();
        if (io.kind != net::Io::Kind::bytes) [[unlikely]] {
            if (io.kind == net::Io::Kind::end) stream_ended(c);
            if (io.kind == net::Io::Kind::failed) lost(c, Failure::reset);
            return;
        }
        const std::string_view bytes(buffer_.data(), io.count);
        if (!(prepared_.raw ? consume_raw(c, bytes) : consume_http(c, bytes))) return;
        // A short read has emptied the socket; only an end may still be behind it.
        if (io.count < buffer_.size() && !ending) return;
    }
}

// Both consume functions return false when the socket that the bytes came from is gone.
inline bool Worker::consume_raw(Connection& c, std::string_view bytes) {
    while (!bytes.empty()) {
        if (c.in_flight == 0) {  // bytes that nobody asked for
            unasked(c, Failure::mismatch);
            return false;
        }
        const std::string_view want = prepared_.message(oldest(c).offset).substr(c.received);
        const std::size_t n = std::min(want.size(), bytes.size());
        if (std::memcmp(want.data(), bytes.data(), n) != 0) {
            lost(c, Failure::mismatch);
            return false;
        }
        bytes.remove_prefix(n);
        c.received += n;
        if (n < want.size()) return true;
        c.received = 0;
        if (!complete_oldest(c)) return false;
    }
    return replied(c);
}

inline bool Worker::consume_http(Connection& c, std::string_view bytes) {
    while (!bytes.empty()) {
        if (c.in_flight == 0) {
            unasked(c, Failure::protocol);
            return false;
        }
        const Request& r = oldest(c);
        const auto [outcome, taken] = c.reader.feed(bytes, expected(r), learned_[r.request_class]);
        bytes.remove_prefix(taken);
        switch (outcome) {
            case ReplyReader::Outcome::more:
                return true;
            case ReplyReader::Outcome::mismatch:
                lost(c, Failure::mismatch);
                return false;
            case ReplyReader::Outcome::broken:
                lost(c, Failure::protocol);
                return false;
            case ReplyReader::Outcome::done:
                break;
        }
        if (!complete_oldest(c)) return false;
    }
    return replied(c);
}

// The oldest request has its whole reply. False: it came after the timeout, and the socket is gone.
inline bool Worker::complete_oldest(Connection& c) {
    const Request r = oldest(c);
    if (now_ - r.sent > options_.timeout) {
        time_out(c);
        return false;
    }
    c.failures = 0;
    ++c.replies;
    remove_oldest(c);
    last_end_ = now_;
    if (!prepared_.raw) {
        const bool good = c.reader.status() < kFirstErrorStatus;
        c.closing |= c.reader.close();
        c.reader.reset();
        if (!good) {
            ledger_->failed(Failure::status, r.intended, now_);
            return true;
        }
    }
    ledger_->completed(r.request_class, r.intended, r.sent, now_);
    return true;
}

// Every byte that came is used: the connection may take the next request, or has had its share.
// False when its socket is gone.
inline bool Worker::replied(Connection& c) {
    const std::uint64_t share = options_.requests_per_connection;
    if (c.in_flight == 0 && (c.closing || (share > 0 && c.begun >= share))) {
        drop_socket(c);
        available(c);
        return false;
    }
    const std::uint64_t sockets = report_.opened;
    go_on(c);
    return c.state == Connection::State::open && report_.opened == sockets;
}

void Worker::stream_ended(Connection& c) {
    if (!prepared_.raw && c.in_flight > 0 && c.reader.finish_at_end(expected(oldest(c)))) {
        if (!complete_oldest(c)) return;
    }
    lost(c, Failure::closed);
}

// The connection has room: it queues for the schedule, thinks, or goes on at once.
inline void Worker::go_on(Connection& c) {
    if (!started_) return;
    if (open_loop_) {
        if (!c.queued && may_begin(c)) ready_.push(c);
    } else if (thinks_) {
        if (c.queued || c.in_flight > 0) return;
        c.due = now_ + options_.think;
        ready_.push(c);
    } else if (!window_is_over()) {
        const std::uint32_t before = c.in_flight;
        while (quota_ > 0 && may_begin(c)) begin(c, now_);
        if (c.in_flight > before) pump(c);
    }
}

void Worker::available(Connection& c) {
    go_on(c);
}

inline void Worker::begin(Connection& c, TimePoint intended) {
    ++c.begun;
    in_flight(c, c.in_flight) = {intended, now_, next_offset_, draw_class(),
                                 c.begun == options_.requests_per_connection};
    next_offset_ = (next_offset_ + kOffsetStep) % Prepared::kOffsets;
    ++c.in_flight;
    ++c.unwritten;
    ++in_flight_;
    if (!open_loop_) {
        ledger_->due(intended, now_ - intended);
        if (ledger_->in_window(intended)) --quota_;
    }
    ledger_->sent(intended, now_);
}

// What was begun goes out, if need be through a new socket.
inline void Worker::pump(Connection& c) {
    if (c.state == Connection::State::open) {
        write_out(c);
    } else if (c.state == Connection::State::closed) {
        open_socket(c);
    }
}

inline void Worker::write_out(Connection& c) {
    while (c.unwritten > 0) {
        const std::string_view bytes = unwritten_bytes(c);
        ++syscalls_;
        const net::Io io = net::write_some(c.fd.get(), bytes);
        if (io.kind != net::Io::Kind::bytes) [[unlikely]] {
            if (io.kind == net::Io::Kind::failed) lost(c, Failure::reset);
            return;
        }
        if (c.unwritten == 1 && io.count == bytes.size()) [[likely]] {
            c.unwritten = 0;
            c.written = 0;
            return;
        }
        c.written += io.count;
        while (c.unwritten > 0) {
            const std::size_t size = bytes_of(first_unwritten(c)).size();
            if (c.written < size) break;
            c.written -= size;
            --c.unwritten;
        }
        if (io.count < bytes.size()) return;  // the socket is full; an event says when it is not
    }
}

void Worker::flush(Connection& c) {
    write_out(c);
}

// One request's bytes where they are; several small ones together, copied.
inline std::string_view Worker::unwritten_bytes(Connection& c) {
    const std::string_view first = bytes_of(first_unwritten(c)).substr(c.written);
    if (c.unwritten == 1 || first.size() >= kGather) return first;
    gathered_.assign(first);
    for (std::uint32_t k = c.in_flight - c.unwritten + 1; k < c.in_flight; ++k) {
        const std::string_view next = bytes_of(in_flight(c, k));
        if (gathered_.size() + next.size() > kGather) break;
        gathered_ += next;
    }
    return gathered_;
}

// The socket broke: the oldest request failed because of `kind`, those behind it with it.
void Worker::lost(Connection& c, Failure kind) {
    const bool suspicious = c.in_flight > 0;
    fail_all(c, kind);
    replace_socket(c, suspicious);
}

// Bytes came on a connection without a request: nothing that it says can be trusted.
void Worker::unasked(Connection& c, Failure kind) {
    if (started_) ledger_->unasked(kind, now_);
    replace_socket(c, true);
}

void Worker::time_out(Connection& c) {
    const Request r = oldest(c);
    remove_oldest(c);
    last_end_ = now_;
    ledger_->timed_out(r.request_class, r.intended, r.sent, r.sent + options_.timeout);
    fail_all(c, Failure::closed);
    replace_socket(c, true);
}

void Worker::fail_all(Connection& c, Failure kind) {
    for (; c.in_flight > 0; kind = Failure::closed) {
        ledger_->failed(kind, oldest(c).intended, now_);
        last_end_ = now_;
        remove_oldest(c);
    }
}

}  // namespace echotrio::loadgen
