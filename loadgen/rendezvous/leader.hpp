// The first of the generators: waits for the others, compares clocks, gives the start, and gathers
// the results. Pure.
#pragma once

#include "loadgen/rendezvous/party.hpp"

#include <map>

namespace echotrio::loadgen::rendezvous {

class Leader : public Party {
  public:
    Leader(Terms terms, const Moment& began);

    bool admits(Link link, const std::string& address, const Moment& at) override;
    std::size_t longest_line(Link link) const override;
    void received(Link link, std::string_view line, const Moment& at) override;
    void came(Link link, const Moment& at) override;
    void ended(Link link, const std::string& why, const Moment& at) override;
    void tick(const Moment& at) override;

    void connected(const Moment& at) override;
    void finished(nlohmann::ordered_json result, const Moment& at) override;
    void failed(const std::string& why) override;
    void interrupted() override;
    void judged(int status) override;

    // All results are in, or known to be lost.
    bool over() const override;
    // By rank, its own first; once, when it is over.
    std::vector<Outcome> take_outcomes();

  private:
    enum class State : std::uint8_t { absent, comparing, ready, connected, finished, lost };
    struct Member {
        std::string address;
        State state = State::absent;
        Link link = 0;
        TimePoint heard;
        ClockEstimate clock;
        TimePoint asked;
        std::string refused;  // why the last caller from there was
        Outcome outcome;
    };
    struct Caller {
        std::string address;
        TimePoint since;
    };

    Member* member_at(Link link);
    std::uint64_t rank_of(const Member& member) const;
    bool here(const Member& member) const;
    bool all(State state) const;
    void greet(Link link, const Caller& caller, std::string_view line, const Moment& at);
    std::string objection(const Hello& hello, const Caller& caller);
    void refuse(Link link, const std::string& why);
    void compare_clocks(Member& member, const Moment& at);
    void heard(Member& member, Message message, const Moment& at);
    void lose(Member& member, const std::string& why);
    void stop_all(const std::string& why);
    void give_up(const std::string& why);
    void tell_all(const Message& message);
    void start_when_connected(const Moment& at);
    std::string missing(State wanted) const;
    void check_patience(const Moment& at);

    std::vector<Member> members_;  // by rank, from 2
    std::map<Link, Caller> callers_;
    TimePoint patience_ends_;
    bool own_connected_ = false;
    std::optional<TimePoint> finished_;
    Outcome own_;
};

}  // namespace echotrio::loadgen::rendezvous
