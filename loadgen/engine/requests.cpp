#include "loadgen/engine/requests.hpp"

#include <algorithm>
#include <cstring>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;
constexpr std::size_t kGather = 64 * 1024;
constexpr std::uint16_t kFirstErrorStatus = 400;

}  // namespace

Requests::Requests(const Prepared& prepared, std::uint64_t index, std::uint64_t connections)
    : prepared_(prepared),
      options_(*prepared.options),
      places_(connections * options_.pipeline),
      learned_(prepared.class_limits.size()),
      buffer_(kBufferSize),
      rng_(Rng(options_.seed ^ 0x636c6173736573ULL).split(index)),
      next_offset_(static_cast<std::uint32_t>(rng_.below(Prepared::kOffsets))) {}

Exchange Requests::exchange(std::size_t i) {
    Exchange e;
    e.ring = RequestRing(std::span(places_).subspan(i * options_.pipeline, options_.pipeline));
    return e;
}

Requests::After Requests::write(int fd, Exchange& e, TimePoint now) {
    while (e.ring.unwritten() > 0) {
        const bool composed = prepared_.recorded && !prepared_.raw;
        const std::string_view bytes =
            composed ? unwritten_record(e.ring) : unwritten_bytes(e.ring);
        ++syscalls_;
        const Io io = net::write_some(fd, bytes);
        if (io.kind != Io::Kind::bytes) [[unlikely]] {
            return io.kind == Io::Kind::failed ? lost(e, Failure::reset, now) : After::nothing;
        }
        e.ring.wrote(io.bytes.size(), [&](const Request& r) { return size_of(r); });
        if (io.bytes.size() < bytes.size()) break;  // the socket is full
    }
    return After::nothing;
}

// One request's bytes where they are; several small ones together, copied.
inline std::string_view Requests::unwritten_bytes(const RequestRing& ring) {
    const std::uint32_t begin = ring.first_unwritten();
    const std::string_view first = bytes_of(ring[begin]).substr(ring.written());
    if (ring.unwritten() == 1 || first.size() >= kGather) return first;
    gathered_.assign(first);
    for (std::uint32_t k = begin + 1; k < ring.size(); ++k) {
        const std::string_view next = bytes_of(ring[k]);
        if (gathered_.size() + next.size() > kGather) break;
        gathered_ += next;
    }
    return gathered_;
}

// The same of a replay: heads are put together, and large bodies are not copied.
std::string_view Requests::unwritten_record(const RequestRing& ring) {
    const RecordedRequests& recorded = *prepared_.recorded;
    gathered_.clear();
    for (std::uint32_t k = ring.first_unwritten(); k < ring.size(); ++k) {
        const Request& r = ring[k];
        const std::size_t before = gathered_.size();
        recorded.append_head(gathered_, r.what, r.last);
        const std::size_t head = gathered_.size() - before;
        if (before == 0 && ring.written() >= head) {
            return recorded.body(r.what, ring.written() - head);
        }
        const std::string_view body = recorded.body(r.what, 0).substr(0, kGather);
        gathered_ += body;
        if (body.size() < r.what.bytes || gathered_.size() >= kGather) break;
    }
    return std::string_view(gathered_).substr(ring.written());
}

// The clock is read after each read, so that a turn of the thread needs no reading of its own.
Requests::Received Requests::receive(int fd, Exchange& e, bool ending, TimePoint& now) {
    ++syscalls_;
    const Io io = net::read_some(fd, buffer_);
    now = echotrio::now();
    if (io.kind != Io::Kind::bytes) [[unlikely]] {
        if (io.kind == Io::Kind::end) return {stream_ended(e, now), false};
        if (io.kind == Io::Kind::failed) return {lost(e, Failure::reset, now), false};
        return {After::nothing, false};
    }
    const After after =
        prepared_.raw ? consume_raw(e, io.bytes, now) : consume_http(e, io.bytes, now);
    // A short read has emptied the socket; only an end may still be behind it.
    return {after, ending || io.bytes.size() == buffer_.size()};
}

inline Requests::After Requests::consume_raw(Exchange& e, std::string_view bytes, TimePoint now) {
    while (!bytes.empty()) {
        if (e.ring.empty()) return unasked(now);
        const std::string_view want = bytes_of(e.ring.oldest()).substr(e.received);
        const std::size_t n = std::min(want.size(), bytes.size());
        if (std::memcmp(want.data(), bytes.data(), n) != 0) {
            return lost(e, Failure::mismatch, now);
        }
        bytes.remove_prefix(n);
        e.received += n;
        if (n < want.size()) return After::nothing;
        e.received = 0;
        if (const After after = complete_oldest(e, now); after != After::room) return after;
    }
    return all_taken(e);
}

inline Requests::After Requests::consume_http(Exchange& e, std::string_view bytes, TimePoint now) {
    while (!bytes.empty()) {
        if (e.ring.empty()) return unasked(now);
        const Request& r = e.ring.oldest();
        const auto [outcome, taken] = e.reader.feed(bytes, expected(r), learned_[r.request_class]);
        bytes.remove_prefix(taken);
        switch (outcome) {
            case ReplyReader::Outcome::more:
                return After::nothing;
            case ReplyReader::Outcome::mismatch:
                return lost(e, Failure::mismatch, now);
            case ReplyReader::Outcome::broken:
                if (fault_ == nullptr) fault_ = e.reader.fault();
                return lost(e, Failure::protocol, now);
            case ReplyReader::Outcome::done:
                break;
        }
        if (const After after = complete_oldest(e, now); after != After::room) return after;
        if (e.closing) break;  // nothing behind this reply counts (RFC 9112, 9.6)
    }
    return all_taken(e);
}

// The oldest request has its whole reply. Not `room`: the socket is of no use any more.
inline Requests::After Requests::complete_oldest(Exchange& e, TimePoint now) {
    const Request r = e.ring.oldest();
    if (now - r.sent > options_.timeout) {
        give_up(e, now);
        return After::broken;
    }
    const bool early = e.ring.unwritten() == e.ring.size();  // before all of the request was sent
    e.answered = true;
    ++e.replies;
    remove_oldest(e, now);
    bool good = true;
    if (!prepared_.raw) {
        good = options_.expect_status == 0 ? e.reader.status() < kFirstErrorStatus
                                           : e.reader.status() == options_.expect_status;
        e.closing |= e.reader.close();
        ledger_->status(e.reader.status(), r.intended);
        e.reader.reset();
    }
    if (good) {
        ledger_->completed(r.request_class, r.intended, r.sent, now);
    } else {
        ledger_->failed(Failure::status, r.intended, now);
    }
    if (!early) [[likely]]
        return After::room;
    // The rest of its bytes would have to go out before the next request's.
    fail_all(e, Failure::closed, now);
    return After::used_up;
}

// Every byte that came is used: the connection may take the next request, or has had its share.
inline Requests::After Requests::all_taken(const Exchange& e) const {
    const std::uint64_t share = options_.requests_per_connection;
    const bool over = e.closing || (e.ring.empty() && share > 0 && e.begun >= share);
    return over ? After::used_up : After::room;
}

Requests::After Requests::stream_ended(Exchange& e, TimePoint now) {
    if (!prepared_.raw && !e.ring.empty() && e.reader.finish_at_end(expected(e.ring.oldest()))) {
        const After after = complete_oldest(e, now);
        return after == After::room ? After::used_up : after;
    }
    return lost(e, Failure::closed, now);
}

Requests::After Requests::lost(Exchange& e, Failure kind, TimePoint now) {
    const After after = e.ring.empty() ? After::used_up : After::broken;
    fail_all(e, kind, now);
    return after;
}

// Bytes came on a connection without a request: nothing that it says can be trusted.
Requests::After Requests::unasked(TimePoint now) {
    if (ledger_ != nullptr) ledger_->unasked(now);
    return After::broken;
}

inline void Requests::remove_oldest(Exchange& e, TimePoint now) {
    e.ring.pop();
    --in_flight_;
    last_end_ = now;
}

void Requests::give_up(Exchange& e, TimePoint now) {
    const Request r = e.ring.oldest();
    remove_oldest(e, now);
    ledger_->timed_out(r.request_class, r.intended, r.sent, r.sent + options_.timeout);
    fail_all(e, Failure::closed, now);
}

void Requests::fail_all(Exchange& e, Failure kind, TimePoint now) {
    for (; !e.ring.empty(); kind = Failure::closed) {
        ledger_->failed(kind, e.ring.oldest().intended, now);
        remove_oldest(e, now);
    }
}

void Requests::leave(const Exchange& e, TimePoint now) {
    for (std::uint32_t k = 0; k < e.ring.size(); ++k) {
        ledger_->left_in_flight(e.ring[k].request_class, e.ring[k].intended, now);
    }
}

}  // namespace echotrio::loadgen
