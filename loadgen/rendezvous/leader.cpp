#include "loadgen/rendezvous/leader.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace echotrio::loadgen::rendezvous {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Message::Kind;

constexpr std::size_t kNamed = 8;  // of those that are missing
constexpr std::size_t kWhyBytes = 1000;

}  // namespace

Leader::Leader(Terms terms, const Moment& began)
    : Party(std::move(terms)), patience_ends_(began.steady + terms_.patience) {
    for (std::size_t i = 1; i < terms_.addresses.size(); ++i) {
        members_.emplace_back().address = terms_.addresses[i];
    }
}

Leader::Member* Leader::member_at(Link link) {
    const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
        return member.link == link && here(member);
    });
    return found == members_.end() ? nullptr : &*found;
}

std::uint64_t Leader::rank_of(const Member& member) const {
    return static_cast<std::uint64_t>(&member - members_.data()) + 2;
}

bool Leader::here(const Member& member) const {
    return member.state != State::absent && member.state != State::lost;
}

bool Leader::all(State state) const {
    return std::all_of(members_.begin(), members_.end(),
                       [&](const Member& member) { return member.state == state; });
}

bool Leader::admits(Link link, const std::string& address, const Moment& at) {
    if (prepared_ || !failure_.empty()) return false;
    const bool expected = std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
        return member.address == address && member.state == State::absent;
    });
    const auto others = std::count_if(callers_.begin(), callers_.end(), [&](const auto& caller) {
        return caller.second.address == address;
    });
    if (!expected || static_cast<std::size_t>(others) >= limits::kCallers) return false;
    callers_[link] = {address, at.steady};
    return true;
}

std::size_t Leader::longest_line(Link link) const {
    const bool known = std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
        return member.link == link && here(member);
    });
    return known ? limits::kMessageBytes : limits::kGreetingBytes;
}

// Why this caller is none of ours; "": it is. Where it surely is one, but told something else than
// we were, nobody runs.
std::string Leader::objection(const Hello& hello, const Caller& caller) {
    const Hello& ours = terms_.hello;
    if (hello.token != ours.token) return "its token is not the leader's";
    std::string why;
    if (hello.version != ours.version) {
        why = fmt::format("it is loadgen {}, the leader is {}: use one version", hello.version,
                          ours.version);
    } else if (hello.of != ours.of) {
        why = fmt::format("it counts {} generators, the leader {}: give all the same --generators",
                          hello.of, ours.of);
    } else if (hello.load != ours.load) {
        why = "its load is not the leader's: give all the same flags";
    }
    if (!why.empty()) {
        give_up(fmt::format("a generator at {}: {}", caller.address, why));
        return why;
    }
    if (hello.rank < 2 || hello.rank > ours.of) return "there is no such rank";
    const Member& member = members_[hello.rank - 2];
    if (member.address != caller.address) {
        return fmt::format("the address of generator {} is {}", hello.rank, member.address);
    }
    return here(member) ? fmt::format("generator {} is here already", hello.rank) : "";
}

void Leader::refuse(Link link, const std::string& why) {
    sends_.push_back({link, to_line({.kind = Kind::refused, .why = why}), true});
}

void Leader::greet(Link link, const Caller& caller, std::string_view line, const Moment& at) {
    const auto message = message_from(line);
    if (!message || message->kind != Kind::hello) {  // a stranger; it gets no answer
        sends_.push_back({link, "", true});
        return;
    }
    if (const std::string why = objection(message->hello, caller); !why.empty()) {
        for (Member& member : members_) {
            if (member.address == caller.address) member.refused = why;
        }
        refuse(link, why);
        return;
    }
    Member& member = members_[message->hello.rank - 2];
    member.state = State::comparing;
    member.link = link;
    member.heard = at.steady;
    compare_clocks(member, at);
}

void Leader::received(Link link, std::string_view line, const Moment& at) {
    if (const auto caller = callers_.extract(link)) {
        greet(link, caller.mapped(), line, at);
        return;
    }
    Member* const member = member_at(link);
    if (member == nullptr) return;
    member->heard = at.steady;
    auto message = message_from(line);
    if (message) {
        heard(*member, std::move(*message), at);
    } else {
        lose(*member, fmt::format("what it says can't be read: {}", message.error().message));
    }
}

void Leader::came(Link link, const Moment& at) {
    if (Member* const member = member_at(link)) member->heard = at.steady;
}

void Leader::compare_clocks(Member& member, const Moment& at) {
    member.asked = at.steady;
    say(member.link, {.kind = Kind::ping, .number = member.clock.exchanges()});
}

void Leader::heard(Member& member, Message message, const Moment& at) {
    const State state = member.state;
    if (message.kind == Kind::beat) return;
    if (message.kind == Kind::failed) {
        message.why.resize(std::min(message.why.size(), kWhyBytes));
        lose(member, fmt::format("it could not run: {}", message.why));
    } else if (message.kind == Kind::pong && state == State::comparing &&
               message.number == member.clock.exchanges()) {
        // how long it took by the clock that nobody sets
        member.clock.exchanged(at.unix - (at.steady - member.asked), message.time, at.unix);
        if (member.clock.exchanges() < limits::kExchanges) {
            compare_clocks(member, at);
            return;
        }
        member.outcome.clock = member.clock.best();
        member.state = State::ready;
        if (!all(State::ready)) return;
        prepared_ = true;
        patience_ends_ = at.steady + terms_.patience;
        tell_all({.kind = Kind::prepare});
    } else if (message.kind == Kind::connected && prepared_ && state == State::ready) {
        member.state = State::connected;
        start_when_connected(at);
    } else if (message.kind == Kind::result && start_ && state == State::connected) {
        member.state = State::finished;
        member.outcome.result = std::move(message.result);
        const auto& result = member.outcome.result;
        const bool early = result.is_object() && result.value("interrupted", Json(false)) == true;
        if (early && !must_stop_) {
            member.outcome.lost = "it was interrupted";
            stop_all(fmt::format("{} was interrupted", terms_.name(rank_of(member))));
        }
    } else {
        lose(member, "it says what is not its turn to say");
    }
}

void Leader::start_when_connected(const Moment& at) {
    if (start_ || !own_connected_ || !all(State::connected)) return;
    start_ = at.unix + limits::kAhead;
    for (const Member& member : members_) {
        const Nanos ahead = member.outcome.clock.value_or(ClockOffset{}).ahead;
        say(member.link, {.kind = Kind::start, .time = *start_ + ahead});
    }
}

void Leader::lose(Member& member, const std::string& why) {
    if (!here(member) || member.state == State::finished) return;
    member.state = State::lost;
    member.outcome.lost = why;
    sends_.push_back({member.link, "", true});
    const std::string name = terms_.name(rank_of(member));
    if (!start_) {
        give_up(fmt::format("{} was lost before the start: {}", name, why));
    } else {
        stop_all(fmt::format("{} was lost: {}", name, why));
    }
}

void Leader::stop_all(const std::string& why) {
    must_stop_ = true;
    tell_all({.kind = Kind::stop, .why = why});
}

void Leader::give_up(const std::string& why) {
    if (!failure_.empty()) return;
    failure_ = why;
    stop_all(why);
}

void Leader::tell_all(const Message& message) {
    for (const Member& member : members_) {
        if (here(member)) say(member.link, message);
    }
}

void Leader::ended(Link link, const std::string& why, const Moment&) {
    callers_.erase(link);
    if (Member* const member = member_at(link)) lose(*member, why);
}

void Leader::tick(const Moment& at) {
    for (auto caller = callers_.begin(); caller != callers_.end();) {
        const bool silent = at.steady - caller->second.since > limits::kGreeting;
        if (silent) sends_.push_back({caller->first, "", true});
        caller = silent ? callers_.erase(caller) : std::next(caller);
    }
    for (Member& member : members_) {
        if (here(member) && at.steady - member.heard > limits::kSilence) {
            lose(member, fmt::format("no sign of it for {}", format_duration(limits::kSilence)));
        }
    }
    if (beats(at)) tell_all({.kind = Kind::beat});
    if (failure_.empty()) check_patience(at);
}

std::string Leader::missing(State wanted) const {
    std::vector<std::string> names;
    if (wanted == State::connected && !own_connected_) names.push_back(terms_.name(1));
    for (const Member& member : members_) {
        if (member.state >= wanted) continue;
        names.push_back(terms_.name(rank_of(member)));
        if (!member.refused.empty()) names.back() += fmt::format(", refused: {}", member.refused);
    }
    const std::size_t more = names.size() - std::min(names.size(), kNamed);
    names.resize(names.size() - more);
    return fmt::format("{}{}", fmt::join(names, "; "),
                       more > 0 ? fmt::format("; {} more", more) : "");
}

void Leader::check_patience(const Moment& at) {
    if (!start_ && at.steady > patience_ends_) {
        const std::string time = format_duration(terms_.patience);
        give_up(prepared_ ? fmt::format("not connected to the target within {}: {}", time,
                                        missing(State::connected))
                          : fmt::format("did not come within {}: {}", time, missing(State::ready)));
    }
    const Nanos most = limits::kResults + terms_.drain;
    if (!finished_ || at.steady - *finished_ <= most) return;
    for (Member& member : members_) {
        lose(member,
             fmt::format("no result of it within {} of the leader's", format_duration(most)));
    }
}

void Leader::connected(const Moment& at) {
    own_connected_ = true;
    start_when_connected(at);
}

void Leader::finished(nlohmann::ordered_json result, const Moment& at) {
    finished_ = at.steady;
    own_.result = std::move(result);
    own_.clock = ClockOffset{};
}

void Leader::failed(const std::string& why) {
    give_up(fmt::format("{}, the leader, could not run: {}", terms_.name(1), why));
}

void Leader::interrupted() {
    if (must_stop_) return;
    const std::string why = fmt::format("{}, the leader, was interrupted", terms_.name(1));
    if (start_) {
        own_.lost = "it was interrupted";  // as a member's that was
        stop_all(why);
    } else {
        give_up(why);
    }
}

void Leader::judged(int status) {
    tell_all({.kind = Kind::verdict, .number = static_cast<std::uint64_t>(status)});
}

bool Leader::over() const {
    if (!failure_.empty()) return true;
    return finished_ && std::all_of(members_.begin(), members_.end(), [](const Member& member) {
               return member.state == State::finished || member.state == State::lost;
           });
}

std::vector<Outcome> Leader::take_outcomes() {
    std::vector<Outcome> outcomes{std::move(own_)};
    for (Member& member : members_) outcomes.push_back(std::move(member.outcome));
    return outcomes;
}

}  // namespace echotrio::loadgen::rendezvous
