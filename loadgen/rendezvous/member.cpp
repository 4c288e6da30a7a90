#include "loadgen/rendezvous/member.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace echotrio::loadgen::rendezvous {
namespace {

using Kind = Message::Kind;

constexpr Link kLeader = 0;
constexpr std::uint64_t kLargestStatus = 255;

}  // namespace

Member::Member(Terms terms, const Moment& began) : Party(std::move(terms)), heard_(began.steady) {
    say(kLeader, {.kind = Kind::hello, .hello = terms_.hello});
}

void Member::lost(const std::string& why) {
    if (over()) return;
    failure_ = fmt::format("{}, the leader, was lost: {}", terms_.name(1), why);
    if (!stopped_.empty()) failure_ = stopped_;
    must_stop_ = true;
}

void Member::received(Link, std::string_view line, const Moment& at) {
    heard_ = at.steady;
    const auto message = message_from(line);
    if (!message) {
        lost(fmt::format("what it says can't be read: {}", message.error().message));
        return;
    }
    switch (message->kind) {
        case Kind::refused:
            failure_ =
                fmt::format("{}, the leader, refuses this one: {}", terms_.name(1), message->why);
            must_stop_ = turned_away_ = true;
            break;
        case Kind::ping:
            let_in_ = true;
            say(kLeader, {.kind = Kind::pong, .number = message->number, .time = at.unix});
            break;
        case Kind::prepare:
            prepared_ = true;
            break;
        case Kind::start:
            start_ = message->time;
            break;
        case Kind::stop:
            must_stop_ = turned_away_ = true;
            stopped_ = message->why;
            if (!start_) failure_ = message->why;
            break;
        case Kind::verdict:
            verdict_ = static_cast<int>(std::min(message->number, kLargestStatus));
            break;
        default:
            break;
    }
}

void Member::ended(Link, const std::string& why, const Moment&) {
    lost(why);
}

void Member::tick(const Moment& at) {
    if (at.steady - heard_ > limits::kSilence) {
        lost(fmt::format("no sign of it for {}", format_duration(limits::kSilence)));
    }
    if (finished_) wait_for_verdict(at.steady - *finished_);
    if (let_in_ && beats(at)) say(kLeader, {.kind = Kind::beat});
}

// Whoever has been interrupted wants to be gone, and has given what there is.
void Member::wait_for_verdict(Nanos waited) {
    const Nanos most = interrupted_ ? limits::kSilence : limits::kVerdict + terms_.drain;
    if (over() || waited <= most) return;
    failure_ =
        fmt::format("{}no verdict of {}, the leader, within {} of this one's result",
                    interrupted_ ? "interrupted; " : "", terms_.name(1), format_duration(most));
    turned_away_ = true;
}

void Member::connected(const Moment&) {
    say(kLeader, {.kind = Kind::connected});
}

void Member::finished(nlohmann::ordered_json result, const Moment& at) {
    finished_ = at.steady;
    say(kLeader, {.kind = Kind::result, .result = std::move(result)});
}

void Member::failed(const std::string& why) {
    if (!failure_.empty()) return;
    say(kLeader, {.kind = Kind::failed, .why = why});
    failure_ = why;
    turned_away_ = true;
}

void Member::interrupted() {
    must_stop_ = interrupted_ = true;
    if (!start_) failed("interrupted");
}

}  // namespace echotrio::loadgen::rendezvous
