// A scoreboard whose workers count nothing of their own.
#pragma once

#include "common/supervise/scoreboard.hpp"

namespace echotrio::supervise {

class Board final : public ScoreboardOf<Slot> {
  public:
    explicit Board(std::size_t slots)
        : ScoreboardOf(SlotMemory::shared(bytes_for(slots)).value(), slots) {}
};

}  // namespace echotrio::supervise
