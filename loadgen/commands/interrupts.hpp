// Ctrl-C and its like, counted: with the first a command ends in order, with the second at once.
#pragma once

#include "common/net/signals.hpp"

#include <functional>
#include <initializer_list>
#include <utility>

namespace echotrio::loadgen {

class Interrupts {
  public:
    // As SignalFd::block.
    static Result<Interrupts> block(std::initializer_list<int> signals) {
        auto blocked = net::SignalFd::block(signals);
        if (!blocked) return blocked.error();
        return Interrupts(std::move(*blocked));
    }
    // Whether there was one, and whether more; to be asked while this is where it is.
    std::function<bool()> stop() {
        return [this] { return count() >= 1; };
    }
    std::function<bool()> hurry() {
        return [this] { return count() >= 2; };
    }

  private:
    explicit Interrupts(net::SignalFd signals) : signals_(std::move(signals)) {}
    int count() {
        while (signals_.take()) ++seen_;
        return seen_;
    }
    net::SignalFd signals_;
    int seen_ = 0;
};

}  // namespace echotrio::loadgen
