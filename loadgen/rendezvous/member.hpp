// One of the generators that follow the first: says hello, tells its time, begins when it is told,
// and hands over what it found. Pure. It has one connection, number 0.
#pragma once

#include "loadgen/rendezvous/party.hpp"

namespace echotrio::loadgen::rendezvous {

class Member : public Party {
  public:
    // Just connected to the leader.
    Member(Terms terms, const Moment& began);

    bool admits(Link, const std::string&, const Moment&) override { return false; }
    std::size_t longest_line(Link) const override { return limits::kLeaderBytes; }
    void received(Link link, std::string_view line, const Moment& at) override;
    void came(Link, const Moment& at) override { heard_ = at.steady; }
    void ended(Link link, const std::string& why, const Moment& at) override;
    void tick(const Moment& at) override;

    void connected(const Moment& at) override;
    void finished(nlohmann::ordered_json result, const Moment& at) override;
    void failed(const std::string& why) override;
    void interrupted() override;
    void judged(int) override {}

    bool over() const override { return verdict_ || !failure_.empty(); }
    // Whether another connection may be tried where this one came to nothing: what was there may
    // not have been the leader.
    bool may_try_again() const { return !let_in_ && !turned_away_; }
    // The exit status that the leader gave.
    const std::optional<int>& verdict() const { return verdict_; }

  private:
    void lost(const std::string& why);
    void wait_for_verdict(Nanos waited);

    TimePoint heard_;
    std::optional<TimePoint> finished_;
    bool let_in_ = false, turned_away_ = false, interrupted_ = false;
    std::string stopped_;  // why the leader wanted an end
    std::optional<int> verdict_;
};

}  // namespace echotrio::loadgen::rendezvous
