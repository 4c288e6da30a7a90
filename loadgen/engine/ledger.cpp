#include "loadgen/engine/ledger.hpp"

namespace echotrio::loadgen {

void Durations::add(const Durations& other) {
    for (std::size_t i = 0; i < latency.size(); ++i) latency[i].add(other.latency[i]);
    service_time.add(other.service_time);
    lateness.add(other.lateness);
    send_delay.add(other.send_delay);
}

void Durations::reserve() {
    constexpr std::size_t kMinute = Histogram::slot_of(60'000'000'000);
    for (Histogram& one : latency) one.add_to_slot(kMinute, 0);
    for (Histogram* one : {&service_time, &lateness, &send_delay}) one->add_to_slot(kMinute, 0);
}

void Durations::clear() {
    for (Histogram& one : latency) one.clear();
    for (Histogram* one : {&service_time, &lateness, &send_delay}) one->clear();
}

Ledger::Ledger(const LedgerRules& rules)
    : rules_(rules),
      completed_by_class_(rules.classes),
      sets_{{{{}, Durations(rules.classes)}, {{}, Durations(rules.classes)}}} {
    for (Handed& set : sets_) set.durations.reserve();
    errors_.stray = 0;
}

void Ledger::failed(Failure kind, TimePoint intended, TimePoint at) {
    ++account(intended).failed;
    area_ += clamped(at);
    if (in_window(intended)) count(kind);
}

void Ledger::unasked(TimePoint at) {
    ++unasked_;
    if (in_window(at)) errors_.stray = errors_.stray.value_or(0) + 1;
}

void Ledger::count(Failure kind) {
    switch (kind) {
        case Failure::connect:
            ++errors_.connect;
            break;
        case Failure::reset:
            ++errors_.reset;
            break;
        case Failure::closed:
            ++errors_.closed;
            break;
        case Failure::mismatch:
            ++errors_.mismatch;
            break;
        case Failure::status:
            ++errors_.status;
            break;
        case Failure::protocol:
            ++errors_.protocol;
            break;
    }
}

void Ledger::timed_out(std::size_t request_class, TimePoint intended, TimePoint sent,
                       TimePoint at) {
    ++account(intended).timed_out;
    area_ += clamped(at);
    if (!in_window(intended)) return;
    ++errors_.timeout;
    record(request_class, intended, sent, at);
}

void Ledger::left_in_flight(std::size_t request_class, TimePoint intended, TimePoint at) {
    ++account(intended).in_flight;
    area_ += clamped(at);
    if (in_window(intended)) active().latency[request_class].record((at - intended).count());
}

void Ledger::left_unsent(std::size_t request_class, TimePoint intended, TimePoint at) {
    ++account(intended).unsent;
    area_ += clamped(at);
    if (in_window(intended)) active().latency[request_class].record((at - intended).count());
}

Progress Ledger::progress() const {
    Progress sum;
    sum.completed = in_time_;
    sum.errors = unasked_;
    for (const Accounting& one : accounts_) {
        const std::uint64_t wrong = one.failed + one.timed_out;
        sum.due += one.scheduled;
        sum.ended += one.completed + wrong;
        sum.errors += wrong;
    }
    return sum;
}

bool Ledger::flip() {
    if (has_flipped()) return false;
    sets_[active_].progress = progress();
    active_ = 1 - active_;
    flipped_.store(true, std::memory_order_release);
    return true;
}

void Ledger::give_back() {
    sets_[1 - active_].durations.clear();
    flipped_.store(false, std::memory_order_release);
}

}  // namespace echotrio::loadgen
