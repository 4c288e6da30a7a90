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

void Worker::readable(std::uint32_t index, std::uint32_t events) {
    Connection& c = connections_[index];
    const bool ending = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    while (true) {
        ++syscalls_;
        const net::Io io = net::read_some(c.fd.get(), buffer_);
        now_ = now();
        if (io.kind == net::Io::Kind::would_block) return;
        if (io.kind == net::Io::Kind::end) {
            stream_ended(index);
            return;
        }
        if (io.kind == net::Io::Kind::failed) {
            lost(index, Failure::reset);
            return;
        }
        const std::string_view bytes(buffer_.data(), io.count);
        if (!(prepared_.raw ? consume_raw(index, bytes) : consume_http(index, bytes))) return;
        // A short read has emptied the socket; only an end may still be behind it.
        if (io.count < buffer_.size() && !ending) return;
    }
}

// Both consume functions return false when the socket that the bytes came from is gone.
bool Worker::consume_raw(std::uint32_t index, std::string_view bytes) {
    Connection& c = connections_[index];
    while (!bytes.empty()) {
        if (c.in_flight == 0) {  // bytes that nobody asked for
            unasked(index, Failure::mismatch);
            return false;
        }
        const std::string_view want = prepared_.message(oldest(index).offset).substr(c.received);
        const std::size_t n = std::min(want.size(), bytes.size());
        if (std::memcmp(want.data(), bytes.data(), n) != 0) {
            lost(index, Failure::mismatch);
            return false;
        }
        bytes.remove_prefix(n);
        c.received += n;
        if (n < want.size()) return true;
        c.received = 0;
        if (!complete_oldest(index)) return false;
    }
    return replied(index);
}

bool Worker::consume_http(std::uint32_t index, std::string_view bytes) {
    Connection& c = connections_[index];
    while (!bytes.empty()) {
        if (c.in_flight == 0) {
            unasked(index, Failure::protocol);
            return false;
        }
        const Request& r = oldest(index);
        const auto [outcome, taken] = c.reader.feed(bytes, expected(r), learned_[r.request_class]);
        bytes.remove_prefix(taken);
        switch (outcome) {
            case ReplyReader::Outcome::more:
                return true;
            case ReplyReader::Outcome::mismatch:
                lost(index, Failure::mismatch);
                return false;
            case ReplyReader::Outcome::broken:
                lost(index, Failure::protocol);
                return false;
            case ReplyReader::Outcome::done:
                break;
        }
        if (!complete_oldest(index)) return false;
    }
    return replied(index);
}

// The oldest request has its whole reply. False: it came after the timeout, and the socket is gone.
bool Worker::complete_oldest(std::uint32_t index) {
    Connection& c = connections_[index];
    const Request r = oldest(index);
    if (now_ - r.sent > options_.timeout) {
        time_out(index);
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
bool Worker::replied(std::uint32_t index) {
    Connection& c = connections_[index];
    const std::uint64_t share = options_.requests_per_connection;
    if (c.in_flight == 0 && (c.closing || (share > 0 && c.begun >= share))) {
        drop_socket(c);
        available(index);
        return false;
    }
    const std::uint64_t sockets = report_.opened;
    available(index);
    return c.state == Connection::State::open && report_.opened == sockets;
}

void Worker::stream_ended(std::uint32_t index) {
    Connection& c = connections_[index];
    if (!prepared_.raw && c.in_flight > 0 && c.reader.finish_at_end(expected(oldest(index)))) {
        if (!complete_oldest(index)) return;
    }
    lost(index, Failure::closed);
}

ExpectedReply Worker::expected(const Request& r) const {
    const PreparedRequest& prepared = prepared_.http[r.request_class];
    return {prepared.head, prepared.check, prepared.reply};
}

bool Worker::may_begin(const Connection& c) const {
    const std::uint64_t share = options_.requests_per_connection;
    return c.in_flight < pipeline_ && !c.closing && c.state != Connection::State::resting &&
           (share == 0 || c.begun < share);
}

// The connection has room: it queues for the schedule, thinks, or goes on at once.
void Worker::available(std::uint32_t index) {
    Connection& c = connections_[index];
    if (!started_) return;
    if (open_loop_) {
        if (!c.queued && may_begin(c)) ready_.push(index);
        return;
    }
    if (thinks_) {
        if (c.queued || c.in_flight > 0) return;
        c.due = now_ + options_.think;
        ready_.push(index);
        return;
    }
    if (window_is_over() || quota_ == 0 || !may_begin(c)) return;
    while (may_begin(c) && quota_ > 0) begin(index, now_);
    pump(index);
}

void Worker::begin(std::uint32_t index, TimePoint intended) {
    Connection& c = connections_[index];
    const std::uint32_t place = c.first + c.in_flight;
    ++c.begun;
    request(index, place < pipeline_ ? place : place - pipeline_) = {
        intended, now_, next_offset_, draw_class(), c.begun == options_.requests_per_connection};
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

std::uint16_t Worker::draw_class() {
    const auto& limits = prepared_.class_limits;
    if (limits.size() == 1) return 0;
    const double drawn = rng_.uniform();
    std::uint16_t chosen = 0;
    while (drawn >= limits[chosen]) ++chosen;
    return chosen;
}

// What was begun goes out, if need be through a new socket.
void Worker::pump(std::uint32_t index) {
    const Connection& c = connections_[index];
    if (c.state == Connection::State::open) {
        flush(index);
    } else if (c.state == Connection::State::closed) {
        open_socket(index);
    }
}

void Worker::flush(std::uint32_t index) {
    Connection& c = connections_[index];
    while (c.unwritten > 0) {
        const std::string_view bytes = unwritten_bytes(index);
        ++syscalls_;
        const net::Io io = net::write_some(c.fd.get(), bytes);
        if (io.kind == net::Io::Kind::would_block) return;
        if (io.kind != net::Io::Kind::bytes) {
            lost(index, Failure::reset);
            return;
        }
        c.written += io.count;
        while (c.unwritten > 0) {
            const std::size_t size = bytes_of(first_unwritten(index)).size();
            if (c.written < size) break;
            c.written -= size;
            --c.unwritten;
        }
        if (io.count < bytes.size()) return;  // the socket is full; an event says when it is not
    }
}

std::string_view Worker::bytes_of(const Request& r) const {
    if (prepared_.raw) return prepared_.message(r.offset);
    const PreparedRequest& prepared = prepared_.http[r.request_class];
    return r.last ? prepared.close : prepared.keep;
}

// One request's bytes where they are; several small ones together, copied.
std::string_view Worker::unwritten_bytes(std::uint32_t index) {
    const Connection& c = connections_[index];
    const std::string_view first = bytes_of(first_unwritten(index)).substr(c.written);
    if (c.unwritten == 1 || first.size() >= kGather) return first;
    gathered_.assign(first);
    for (std::uint32_t k = c.in_flight - c.unwritten + 1; k < c.in_flight; ++k) {
        const std::string_view next = bytes_of(request(index, (c.first + k) % pipeline_));
        if (gathered_.size() + next.size() > kGather) break;
        gathered_ += next;
    }
    return gathered_;
}

// The socket broke: the oldest request failed because of `kind`, those behind it with it.
void Worker::lost(std::uint32_t index, Failure kind) {
    const bool suspicious = connections_[index].in_flight > 0;
    fail_all(index, kind);
    replace_socket(index, suspicious);
}

// Bytes came on a connection without a request: nothing that it says can be trusted.
void Worker::unasked(std::uint32_t index, Failure kind) {
    if (started_) ledger_->unasked(kind, now_);
    replace_socket(index, true);
}

void Worker::time_out(std::uint32_t index) {
    const Request r = oldest(index);
    remove_oldest(connections_[index]);
    last_end_ = now_;
    ledger_->timed_out(r.request_class, r.intended, r.sent, r.sent + options_.timeout);
    fail_all(index, Failure::closed);
    replace_socket(index, true);
}

void Worker::fail_all(std::uint32_t index, Failure kind) {
    Connection& c = connections_[index];
    for (; c.in_flight > 0; kind = Failure::closed) {
        ledger_->failed(kind, oldest(index).intended, now_);
        last_end_ = now_;
        remove_oldest(c);
    }
}

}  // namespace echotrio::loadgen
