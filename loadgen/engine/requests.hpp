// Requests and replies of a generator thread: the hot path. It writes and reads on sockets that
// others open and close, and enters in the books what becomes of each request.
#pragma once

#include "loadgen/engine/exchange.hpp"
#include "loadgen/engine/ledger.hpp"
#include "loadgen/engine/notes.hpp"
#include "loadgen/engine/prepared.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

class Requests {
  public:
    // What a connection needs after its socket was used.
    enum class After : std::uint8_t {
        nothing,  // an event says when it can go on
        room,     // it may take the next request
        used_up,  // a new socket: this one has had its share, or the server is done with it; what
                  // is in flight goes with it
        broken,   // a new socket: this one took requests with it, or can't be trusted
    };

    struct Chosen {
        RecordedRequest what;
        std::uint16_t request_class;
    };

    // For so many connections of part `index` of the load. `prepared` must outlive it.
    Requests(const Prepared& prepared, std::uint64_t index, std::uint64_t connections);

    // The run begins. Before this no request may begin, and nothing is entered. The ledger must
    // outlive it.
    void open_books(Ledger& ledger) { ledger_ = &ledger; }
    // What is asked for is noted there, too. The notes must outlive this.
    void note_in(Notes& notes) { notes_ = &notes; }

    // Nothing in flight, with the places of connection i.
    Exchange exchange(std::size_t i);

    bool may_begin(const Exchange& e) const {
        const std::uint64_t share = options_.requests_per_connection;
        return !e.ring.full() && !e.closing && (share == 0 || e.begun < share);
    }
    // Precondition: may_begin(e), and the request is in the ledger as due.
    void begin(Exchange& e, TimePoint intended, TimePoint now) { begin(e, drawn(), intended, now); }
    // The same of a replay.
    void begin_recorded(Exchange& e, const RecordedRequest& recorded, TimePoint intended,
                        TimePoint now) {
        begin(e, settled(recorded), intended, now);
    }

    // One that was due and will not be sent.
    void never_sent(const Chosen& chosen, TimePoint intended, TimePoint now) {
        if (notes_ != nullptr) notes_->add(intended, chosen.what);
        ledger_->left_unsent(chosen.request_class, intended, now);
    }

    // What is sent next, and for which class of the books.
    Chosen drawn() {
        const std::uint16_t request_class = draw_class();
        return {{request_class, prepared_.bytes}, request_class};
    }
    Chosen settled(const RecordedRequest& recorded) const {
        const RecordedRequest what = prepared_.recorded->settled(recorded);
        const bool head = !prepared_.raw && prepared_.recorded->is_head(what);
        return {what, static_cast<std::uint16_t>(head ? 1 : 0)};
    }

    // As much of what was begun as the socket takes.
    After write(int fd, Exchange& e, TimePoint now);

    // One read, and what its bytes mean; `now` becomes the time of the read. `again`: the socket
    // may hold more, if it is still this one. `ending`: an event said that the stream ends.
    struct Received {
        After after;
        bool again;
    };
    Received receive(int fd, Exchange& e, bool ending, TimePoint& now);

    // The oldest request has waited longer than the timeout: give_up() is due, and a new socket.
    bool overdue(const Exchange& e, TimePoint now) const {
        return !e.ring.empty() && now - e.ring.oldest().sent > options_.timeout;
    }
    void give_up(Exchange& e, TimePoint now);
    // The oldest fails because of `kind`, those behind it because their connection is gone.
    void fail_all(Exchange& e, Failure kind, TimePoint now);
    // The run is over: what is still in flight has waited until `now`.
    void leave(const Exchange& e, TimePoint now);

    std::size_t classes() const { return learned_.size(); }
    std::uint64_t in_flight() const { return in_flight_; }  // on all connections
    TimePoint last_end() const { return last_end_; }        // of a request, however it ended
    std::uint64_t syscalls() const { return syscalls_; }
    // What was wrong with the first reply that was not HTTP; null: there was none.
    const char* fault() const { return fault_; }

  private:
    static constexpr std::uint32_t kOffsetStep = 1021;  // coprime to kOffsets: all are used

    void begin(Exchange& e, const Chosen& chosen, TimePoint intended, TimePoint now) {
        ++e.begun;
        e.ring.push({intended, now, chosen.what, next_offset_, chosen.request_class,
                     e.begun == options_.requests_per_connection});
        next_offset_ = (next_offset_ + kOffsetStep) % Prepared::kOffsets;
        ++in_flight_;
        if (notes_ != nullptr) [[unlikely]]
            notes_->add(intended, chosen.what);
        ledger_->sent(intended, now);
    }
    // The class of the next request, at random by weight.
    std::uint16_t draw_class() {
        std::uint16_t chosen = 0;
        if (learned_.size() == 1) return chosen;
        for (const double drawn = rng_.uniform(); drawn >= prepared_.class_limits[chosen];) {
            ++chosen;
        }
        return chosen;
    }
    After consume_raw(Exchange& e, std::string_view bytes, TimePoint now);
    After consume_http(Exchange& e, std::string_view bytes, TimePoint now);
    After complete_oldest(Exchange& e, TimePoint now);
    After all_taken(const Exchange& e) const;
    After stream_ended(Exchange& e, TimePoint now);
    After lost(Exchange& e, Failure kind, TimePoint now);
    After unasked(TimePoint now);
    void remove_oldest(Exchange& e, TimePoint now);
    std::string_view unwritten_bytes(const RequestRing& ring);
    std::string_view unwritten_record(const RequestRing& ring);
    std::size_t size_of(const Request& r) const {
        const bool composed = prepared_.recorded && !prepared_.raw;
        return composed ? prepared_.recorded->head_size(r.what, r.last) + r.what.bytes
                        : bytes_of(r).size();
    }
    std::string_view bytes_of(const Request& r) const {
        if (prepared_.raw) return prepared_.message(r.offset, r.what.bytes);
        const PreparedRequest& prepared = prepared_.http[r.request_class];
        return r.last ? prepared.close : prepared.keep;
    }
    ExpectedReply expected(const Request& r) const {
        const PreparedRequest& prepared = prepared_.http[r.request_class];
        return {prepared.head, prepared.check, prepared.reply};
    }

    const Prepared& prepared_;
    const RunOptions& options_;
    Ledger* ledger_ = nullptr;
    Notes* notes_ = nullptr;
    std::vector<Request> places_;        // `pipeline` for each connection
    std::vector<LearnedReply> learned_;  // by class
    std::vector<char> buffer_;           // what a read brings
    std::string gathered_;               // several small requests for one write
    Rng rng_;
    std::uint32_t next_offset_;
    std::uint64_t in_flight_ = 0;
    std::uint64_t syscalls_ = 0;
    const char* fault_ = nullptr;
    TimePoint last_end_;
};

}  // namespace echotrio::loadgen
